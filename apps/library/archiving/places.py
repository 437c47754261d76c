"""Places for so many at a time, of which those that nobody waits for get one when nobody else wants it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Places:
    def __init__(self, count: int) -> None:
        self._change = threading.Condition()
        self._free = count
        self._ahead = 0  # how many wait that go before the background

    @contextmanager
    def taken(self, *, in_background: bool = False) -> Iterator[None]:
        """Waits for one."""
        with self._change:
            self._ahead += not in_background
            try:
                self._change.wait_for(lambda: self._free and not (in_background and self._ahead))
            finally:
                self._ahead -= not in_background
                self._change.notify_all()
            self._free -= 1
        try:
            yield
        finally:
            with self._change:
                self._free += 1
                self._change.notify_all()
