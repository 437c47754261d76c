"""Copies the files of imported takes: thousands of them, behind what was just made.

A lane is a thread that does so for some seconds and then has itself woken again, behind all messages that wait. Before
each file it looks for one of a song that was just made, and copies that first: a new song waits for no more than the
file under way.
"""

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing

from django.conf import settings
from django.utils import timezone

from apps import shutdown
from apps.library.archiving import archiver, round_robin
from apps.library.models import ClipFile
from apps.wake import wake

LANES = max(1, settings.SLOW_THREADS - 1)  # one of its threads is left for whatever comes in
SLICE_S = 5.0

_lock = threading.Lock()
_open = 0  # lanes of this process
_teams = round_robin.RoundRobin()


def wake_up() -> None:
    """A message for each lane that this process has free, if there is something for it."""
    if any(round_robin.due(wav=wav).exists() for wav in (False, True)):
        for _ in range(LANES - _open):
            wake("library.background")


def run(*, for_s: float = SLICE_S) -> int:
    """The slice of a lane, unless all are open. Gives how many files it stored."""
    global _open
    with _lock:
        if _open >= LANES:
            return 0
        _open += 1
    try:
        return _run(time.monotonic() + for_s)
    finally:
        with _lock:
            _open -= 1


def _run(until: float) -> int:
    stored = 0
    with closing(_in_order()) as files:
        for file_id in files:
            if shutdown.has_begun():
                break
            if time.monotonic() > until:
                wake("library.background")
                break
            stored += archiver.archive(file_id)
    return stored


def _in_order() -> Generator[int]:
    """Each once: what isn't stored by then is in somebody's hands, waits for its cover, or is tried again later."""
    tried: set[int] = set()
    while True:
        with _teams.take(tried) as files:
            if not files:
                return
            for file_id in files:
                yield from _just_made(tried)
                tried.add(file_id)
                yield file_id


def _just_made(tried: set[int]) -> Iterator[int]:
    """What a player needs of songs that were just made, as it is when the one before is done."""
    while True:
        due = ClipFile.objects.due(timezone.now()).filter(background=False, kind__in=ClipFile.FIRST)
        file_id = due.exclude(pk__in=tried).values_list("pk", flat=True).first()
        if file_id is None:
            return
        tried.add(file_id)
        yield file_id
