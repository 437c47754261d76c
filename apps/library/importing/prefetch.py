"""Reads an account's list ahead of the writer, in a thread of its own and without the database.

Where the remote side is slow, each page is written as it comes; where it is fast, several together: half of what
writing takes is the same for one page and for four.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Self

from apps import shutdown
from apps.upstream.flowmusic import LARGEST_PAGE, FlowMusic
from apps.upstream.records import ClipRecord

# The last clips of a page are asked for once more with the next: if they aren't there, the list has moved.
OVERLAP = 3
TOGETHER = 4  # pages that are written at once
AHEAD = 2 * TOGETHER  # pages that wait to be written; more would only take memory
PATIENCE_S = 0.1  # for the next page of a stretch


@dataclass(frozen=True)
class Stretch:
    """A page, or several. `following`: the offset to go on from, None at the end of the list."""

    clips: tuple[ClipRecord, ...]
    following: int | None
    pages: int = 1

    @property
    def ends(self) -> list[str]:
        return [clip.clip_id for clip in self.clips[-OVERLAP:]]

    def goes_on_with(self, other: "Stretch") -> bool:
        return not set(self.ends).isdisjoint(clip.clip_id for clip in other.clips)

    def __add__(self, other: "Stretch") -> "Stretch":
        return Stretch(self.clips + other.clips, other.following, self.pages + other.pages)


@dataclass(frozen=True)
class _Page:
    stretch: Stretch
    after: "Coming | None"


Coming = Future[_Page | None]


class Reader:
    """The stretches of an account's list from an offset on; the first one always, none is asked for after `until`
    (monotonic). Iterating raises what the client raises, when all that came before was handed out."""

    def __init__(self, client: FlowMusic, email: str, *, offset: int, until: float) -> None:
        self._ask = partial(client.music_list, email, limit=LARGEST_PAGE)
        self._until = until
        self._room, self._stopped = threading.Semaphore(AHEAD), threading.Event()
        self._thread = ThreadPoolExecutor(1)
        self._first = self._thread.submit(self._read, offset)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        self._room.release()  # should it wait for some
        self._thread.shutdown()

    def __iter__(self) -> Iterator[Stretch]:
        coming: Coming | None = self._first
        while coming is not None and (page := coming.result()) is not None:
            self._room.release()
            stretch, coming = page.stretch, page.after
            # A page that doesn't begin with the end of the one before is a stretch of its own (runner.py).
            while stretch.pages < TOGETHER and (more := _soon(coming)) and stretch.goes_on_with(more.stretch):
                self._room.release()
                stretch, coming = stretch + more.stretch, more.after
            yield stretch

    def _read(self, offset: int) -> _Page | None:
        self._room.acquire()
        if self._stopped.is_set():
            return None
        page = self._ask(offset=offset)
        following = None if page.next is None else max(offset + 1, page.next - OVERLAP)
        return _Page(Stretch(page.clips, following), self._read_ahead(following))

    def _read_ahead(self, offset: int | None) -> "Coming | None":
        if offset is None or self._stopped.is_set() or shutdown.has_begun() or time.monotonic() > self._until:
            return None
        return self._thread.submit(self._read, offset)


def _soon(coming: Coming | None) -> _Page | None:
    """The page, if it comes in a moment and can be read."""
    if coming is None:
        return None
    wait([coming], PATIENCE_S)
    return coming.result() if coming.done() and coming.exception() is None else None
