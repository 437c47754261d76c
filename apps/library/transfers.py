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
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, field

logger = logging.getLogger(__name__)

THREADS = 8  # of a process (flowweb/gunicorn.py)
AT_ONCE = 3  # of a kind: with as many of the other one, two threads are left for everything else
SLOWEST = 16 * 1024  # bytes a second
SLOWEST_WHILE_OTHERS_WAIT = 64 * 1024
MEASURED_OVER_S = 30.0
LONGEST_S, LONGEST_OF_ALL_S = 600.0, 7200.0
EXPECTED = 128 * 1024  # bytes a second, by which a large file has longer
ASKED_AGAIN_S = 15.0  # who has not asked for so long doesn't wait any more
LOOKED_AT_EVERY_S = 1.0
# A large buffer would swallow megabytes at once and then seem to stand still.
BUFFER = 256 * 1024


class Busy(Exception):
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

    def __init__(self, most: int = AT_ONCE) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._under_way: list[Transfer] = []
        self._queue: dict[Hashable, float] = {}
        self._watch: threading.Thread | None = None

    def begin(self, who: Hashable, length: int, connection: socket.socket | None = None) -> Transfer:
        """Raises Busy, and keeps a place in the queue then."""
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
        """Raises Busy. Else one may begin within the next seconds: nobody else is let in before."""
        with self._lock:
            self._ask(who)

    def end(self, transfer: Transfer) -> None:
        with self._lock, suppress(ValueError):
            self._under_way.remove(transfer)

    def _ask(self, who: Hashable) -> None:
        now = time.monotonic()
        self._queue = {each: at for each, at in self._queue.items() if now - at < ASKED_AGAIN_S}
        self._queue[who] = now
        busy = {transfer.who for transfer in self._under_way}
        if who in busy:
            raise Busy(None)
        waiting = [each for each in self._queue if each not in busy]
        before = waiting.index(who)
        if before >= self.most - len(self._under_way):
            raise Busy(before)

    def _look_after_them(self) -> None:
        while True:
            time.sleep(LOOKED_AT_EVERY_S)
            with self._lock:
                under_way = list(self._under_way)
                if not under_way:
                    self._watch = None
                    return
                now, busy = time.monotonic(), {transfer.who for transfer in under_way}
                others = any(
                    who not in busy and now - at < ASKED_AGAIN_S for who, at in self._queue.items()
                )
            slowest = SLOWEST_WHILE_OTHERS_WAIT if others else SLOWEST
            for transfer in under_way:
                if not transfer.is_cut and transfer.is_too_slow(now, slowest):
                    transfer.cut()


def words_for(busy: Busy, what: str) -> str:
    """`what`: download or upload."""
    if busy.before is None:
        return f"A {what} of yours is on its way. The next one can begin when it is done."
    if not busy.before:
        return f"Other {what}s are on their way. Yours is the next one."
    people = "1 person waits" if busy.before == 1 else f"{busy.before} people wait"
    return f"Other {what}s are on their way, and {people} before you."
