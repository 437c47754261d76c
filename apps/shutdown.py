"""Holds the one flag that says that this process has to end (docs/design.md, section 3, "Stopping").

Every loop that sends or copies looks at it between two steps. What is under way when it is set may still end by itself;
what doesn't in time is given up by the process itself, written down, before it goes. The wiring sets the flag, from the
signal that stops a worker or the web.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

logger = logging.getLogger(__name__)

ENDS_WITHIN_S = 25.0  # of the signal, whatever hangs; hosts wait 30 s before they kill
UNDER_WAY_S = 17.0  # what is left of it is for writing down what has not ended by then
GOES_AFTER_S = 23.0

GiveUp = Callable[[], object]
_begun = threading.Event()
_lock = threading.Lock()
_under_way: dict[object, GiveUp] = {}
_watch: threading.Thread | None = None


def begin() -> None:
    """Nothing new is begun from now on. Takes no lock that the main thread could hold: signal handlers call it."""
    _begun.set()


def has_begun() -> bool:
    return _begun.is_set()


@contextmanager
def under_way(give_up: GiveUp) -> Iterator[None]:
    """Something that this process must not leave without a word.

    `give_up` is called from another thread when it has not ended in time. What it writes down is conditional: the work
    may end in the same moment.
    """
    key = object()
    with _lock:
        _under_way[key] = give_up
    try:
        yield
    finally:
        with _lock:
            _under_way.pop(key, None)


def before(handler: Any) -> Callable[[int, FrameType | None], None]:
    """A signal's handler that sets the flag first, and then does what the former one does."""

    def begins(number: int, frame: FrameType | None) -> None:
        begin()
        if callable(handler):
            handler(number, frame)

    return begins


def watch() -> None:
    """Starts the thread that waits for the flag, gives up what does not end and then ends the process."""
    global _watch
    _watch = threading.Thread(target=_end, name="shutdown", daemon=True)
    _watch.start()


def is_watched() -> bool:
    return _watch is not None


def _end() -> None:
    _begun.wait()
    began = time.monotonic()
    while _under_way and time.monotonic() - began < UNDER_WAY_S:
        time.sleep(0.05)
    if not _under_way:
        # The usual way: the program ends by itself. A thread that hangs elsewhere must not keep it.
        time.sleep(max(0.0, began + GOES_AFTER_S - time.monotonic()))
        _leave()
        return
    writing = threading.Thread(target=give_up_all, name="giving up", daemon=True)
    writing.start()
    writing.join(max(0.0, began + GOES_AFTER_S - time.monotonic()))
    _leave()


def give_up_all() -> None:
    """Writes down what has not ended. One that can't be written must not keep the others from it."""
    with _lock:
        left = list(_under_way.values())
    for give_up in left:
        try:
            give_up()
        except Exception:
            logger.exception("something under way could not be given up in order")


def _leave() -> None:
    """Without waiting for threads: they hang in calls that nobody waits for any more."""
    logging.shutdown()
    os._exit(0)
