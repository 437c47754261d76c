"""Long downloads and uploads: each holds a thread of its process for as long as the other side is slow.

So a process lets a few go on at once, one for each person. None may be slower than a lowest speed, or last longer than
a longest time: its connection is cut then. Nobody waits in a thread: who comes too early is told so in words, keeps the
place in the queue by asking again, and whoever has waited longest is let in first.
"""

import errno
import logging
import socket
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

logger = logging.getLogger(__name__)

SLOWEST = 16 * 1024  # bytes a second
SLOWEST_WHILE_OTHERS_WAIT = 64 * 1024
MEASURED_OVER_S = 30.0
LONGEST_S, LONGEST_OF_ALL_S = 600.0, 7200.0
EXPECTED = 128 * 1024  # bytes a second, by which a large file has longer
ASKED_AGAIN_S = 15.0  # who has not asked for so long doesn't wait any more
LOOKED_AT_EVERY_S = 1.0
# A large buffer would swallow megabytes at once and then seem to stand still.
BUFFER = 256 * 1024
PIECE = 64 * 1024


class TooManyTransfers(Exception):
    """Not yet. `before`: how many others are let in first; None when it is a transfer of the same person."""

    def __init__(self, before: int | None) -> None:
        super().__init__(before)
        self.before = before


class Cut(BrokenPipeError):
    """It was too slow, or took too long. As if the other side had gone, which a server passes over."""

    def __init__(self) -> None:
        super().__init__(errno.EPIPE, "cut")


@dataclass(eq=False)
class Transfer:
    """One that goes on. What counts is the time in which the other side is waited for, and what moved in it."""

    who: Hashable
    length: int
    connection: socket.socket | None
    started: float = field(default_factory=time.monotonic)
    is_cut: bool = False
    _moved: int = 0
    _waited: float = 0.0
    _since: float | None = None
    _mark: tuple[int, float] = (0, 0.0)

    def __post_init__(self) -> None:
        if self.connection:
            with suppress(OSError):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)

    def wait(self) -> None:
        """From now on the other side is waited for."""
        if self.is_cut:
            raise Cut
        self._since = time.monotonic()

    def moved(self, size: int) -> None:
        """So much has come, or gone."""
        if self._since is not None:
            self._waited += time.monotonic() - self._since
        self._since = None
        self._moved += size
        if self.is_cut:
            raise Cut

    @property
    def is_whole(self) -> bool:
        return self._moved >= self.length

    def is_too_slow(self, now: float, slowest: int) -> bool:
        since = self._since
        if since is None:
            return False
        if now - self.started > min(LONGEST_OF_ALL_S, LONGEST_S + self.length / EXPECTED):
            return True
        moved, waited = self._mark
        past = self._waited + now - since - waited
        if past < MEASURED_OVER_S:
            return False
        if self._moved - moved < slowest * past:
            return True
        self._mark = (self._moved, self._waited + now - since)
        return False

    def cut(self) -> None:
        """The thread that sends or reads gets an error at once."""
        self.is_cut = True
        logger.warning("A transfer was cut: it was too slow, or took too long.")
        if self.connection:
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)


class Transfers:
    """Those of one kind in this process, and the people who wait, longest first, with the time when they asked last."""

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._under_way: list[Transfer] = []
        self._queue: dict[Hashable, float] = {}
        self._watch: threading.Thread | None = None

    @property
    def most(self) -> int:
        return self._most()

    def begin(self, who: Hashable, length: int, connection: socket.socket | None = None) -> Transfer:
        """Raises TooManyTransfers, and keeps a place in the queue then."""
        with self._lock:
            self._ask(who)
            self._queue.pop(who, None)
            transfer = Transfer(who, length, connection)
            self._under_way.append(transfer)
            if self._watch is None:
                self._watch = threading.Thread(target=self._look_after_them, daemon=True)
                self._watch.start()
        return transfer

    def ask(self, who: Hashable) -> None:
        """Raises TooManyTransfers. Else one may begin; who has waited goes before all others for some seconds."""
        with self._lock:
            has_waited = who in self._queue
            self._ask(who)
            if not has_waited:
                del self._queue[who]

    def end(self, transfer: Transfer) -> None:
        with self._lock, suppress(ValueError):
            self._under_way.remove(transfer)

    def _ask(self, who: Hashable) -> None:
        now = time.monotonic()
        self._queue = {each: at for each, at in self._queue.items() if now - at < ASKED_AGAIN_S}
        if any(transfer.who == who for transfer in self._under_way):
            self._queue.pop(who, None)
            raise TooManyTransfers(None)
        self._queue[who] = now
        before = list(self._queue).index(who)
        if before >= self.most - len(self._under_way):
            raise TooManyTransfers(before)

    def _look_after_them(self) -> None:
        while True:
            time.sleep(LOOKED_AT_EVERY_S)
            with self._lock:
                under_way = list(self._under_way)
                if not under_way:
                    self._watch = None
                    return
                now = time.monotonic()
                others = any(now - at < ASKED_AGAIN_S for at in self._queue.values())
            slowest = SLOWEST_WHILE_OTHERS_WAIT if others else SLOWEST
            for transfer in under_way:
                if not transfer.is_cut and transfer.is_too_slow(now, slowest):
                    transfer.cut()


def _room() -> int:
    """Of the threads of a process a quarter is left for everything else, and one at least."""
    threads: int = settings.WEB_THREADS
    return max(2, threads - max(1, threads // 4))


DOWNLOADS, UPLOADS = Transfers(lambda: (_room() + 1) // 2), Transfers(lambda: _room() // 2)


def message_for(busy: TooManyTransfers, what: str) -> str:
    """`what`: download or upload."""
    if busy.before is None:
        article = "An" if what[0] in "aeiou" else "A"
        return f"{article} {what} of yours is on its way. The next one can begin when it is done."
    if not busy.before:
        return f"Other {what}s are on their way. Yours is the next one."
    people = "1 person waits" if busy.before == 1 else f"{busy.before} people wait"
    return f"Other {what}s are on their way, and {people} before you."


class LimitedStream(Iterator[bytes]):
    """The pieces of a long response, `length` bytes in all, to a person. Raises TooManyTransfers: closed then.

    Ends with the last piece that is read, or when nobody wants them any more.
    """

    def __init__(self, request: HttpRequest, pieces: Iterator[bytes], length: int) -> None:
        self._pieces, self._under_way = pieces, 0
        try:
            self._transfer = DOWNLOADS.begin(request.user.pk, length, request.META.get("gunicorn.socket"))
        except BaseException:
            _close(pieces)
            raise

    def answer(self, **values: Any) -> StreamingHttpResponse:
        try:
            return StreamingHttpResponse(self, **values)
        except BaseException:
            self.close()  # else it would be counted until the process ends
            raise

    def __next__(self) -> bytes:
        self._transfer.moved(self._under_way)
        piece = next(self._pieces)
        self._under_way = len(piece)
        self._transfer.wait()
        return piece

    def close(self) -> None:
        DOWNLOADS.end(self._transfer)
        _close(self._pieces)


def _close(pieces: Iterator[bytes]) -> None:
    close = getattr(pieces, "close", None)
    if close:
        close()


WHOLE = 1024 * 1024  # a smaller answer leaves its thread at once


def whole(request: HttpRequest, body: bytes, **answer: Any) -> HttpResponseBase:
    """Bytes that are made already. Raises TooManyTransfers for many of them."""
    if len(body) <= WHOLE:
        return HttpResponse(body, **answer)
    pieces = (body[first : first + PIECE] for first in range(0, len(body), PIECE))
    return LimitedStream(request, pieces, len(body)).answer(**answer)


def receive(request: HttpRequest, length: int) -> Transfer:
    """Before the body of a request is read, `length` bytes long. Raises TooManyTransfers. `until_closed` ends it."""
    transfer = UPLOADS.begin(request.user.pk, length, request.META.get("gunicorn.socket"))
    cast(Any, request)._stream = _Body(cast(Any, request)._stream, transfer)
    return transfer


def until_closed(answer: HttpResponseBase, transfer: Transfer) -> HttpResponseBase:
    """What was refused may be read past once the answer is out: until then it goes on. What has come whole is over now:
    the next one of the same person may be here before the answer is closed."""
    if transfer.is_whole:
        UPLOADS.end(transfer)
        return answer
    cast(Any, answer)._resource_closers.append(partial(UPLOADS.end, transfer))
    return answer


class _Body:
    """As Django reads it. An OSError, which Django makes an UnreadablePostError, when it breaks off."""

    def __init__(self, body: Any, transfer: Transfer) -> None:
        self._body, self._transfer, self._left = body, transfer, transfer.length

    def read(self, *size: int) -> bytes:
        return self._counted(self._body.read, size)

    def readline(self, *size: int) -> bytes:
        return self._counted(self._body.readline, size)

    def _counted(self, read: Callable[..., bytes], size: tuple[int, ...]) -> bytes:
        self._transfer.wait()
        data = read(*size)
        self._transfer.moved(len(data))
        self._left -= len(data)
        if not data and self._left > 0:
            raise Cut
        return data
