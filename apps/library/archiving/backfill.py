"""Copies the files of imported takes: thousands of them, one after the other, behind what was just created."""

import time
from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone

from apps import shutdown
from apps.library.archiving import archiver
from apps.library.models import ClipFile
from apps.wake import wake

AT_ONCE = max(1, settings.SLOW_THREADS // 4)  # of its threads: what was just made goes first
SLICE_S = 45.0
LOOK_AT = 20


def wake_up() -> None:
    """A message for each worker, if there is something for them."""
    if next(_due(), None):
        for _ in range(AT_ONCE):
            wake("library.background")


def run(*, for_s: float = SLICE_S) -> int:
    """Works on what is due until the time is over, then has itself woken again. Gives how many files it stored."""
    until, stored = time.monotonic() + for_s, 0
    while due := list(_due()):
        done = 0
        for file_id in due:
            if shutdown.has_begun():
                return stored
            if time.monotonic() > until:
                wake("library.background")
                return stored
            done += archiver.archive(file_id)
        stored += done
        if not done:  # each is in somebody's hands, waits for its cover, or is tried again later
            return stored
    return stored


def _due() -> Iterator[int]:
    """The next ones, WAV when there is nothing else. Sorted as the index is: there may be very many."""
    due = ClipFile.objects.due(timezone.now()).filter(background=True).order_by("next_try_at", "pk")
    for some in (due.exclude(kind=ClipFile.Kind.WAV), due.filter(kind=ClipFile.Kind.WAV)):
        found = list(some.values_list("pk", flat=True)[:LOOK_AT])
        yield from found
        if found:
            return
