"""Long answers: a download goes on for as long as the other side is slow, and holds a thread for that long.

So that a few of them never hold all the threads of a process, only some at once are let in.
"""

from collections.abc import Iterator
from threading import BoundedSemaphore

AT_ONCE = 2  # of a process; the smallest site has four threads
_places = BoundedSemaphore(AT_ONCE)


class Busy(Exception):
    """As many long answers are being sent as may be."""


class Sent(Iterator[bytes]):
    """The pieces, with a place that is given back when they are read or nobody wants them any more."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        if not _places.acquire(blocking=False):
            raise Busy
        self._pieces, self._held = pieces, True

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        if self._held:
            self._held = False
            _places.release()
            close = getattr(self._pieces, "close", None)
            if close:
                close()
