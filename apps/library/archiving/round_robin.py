"""Which imported take is next: teams take turns, so that whoever imports ten thousand songs holds up nobody else."""

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Min
from django.utils import timezone

from apps.library.models import ClipFile
from apps.library.models.files import ClipFileQuerySet

KNOWN_FOR_S = 15.0  # whose files wait: to ask for it takes the longer, the more there are
FILES_EACH = len(ClipFile.Kind)
LOOK_AT = FILES_EACH * (
    settings.SLOW_THREADS + 4
)  # with room for takes that other lanes have, or that must wait


def due(*, wav: bool) -> ClipFileQuerySet:
    files = ClipFile.objects.due(timezone.now()).filter(background=True).order_by("next_try_at", "pk")
    kind = ClipFile.Kind.WAV
    found: ClipFileQuerySet = files.filter(kind=kind) if wav else files.exclude(kind=kind)
    return found


class RoundRobin:
    """Of the lanes of one process: no two of them get the same take."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # In the order of their turns, with the time at which the first of their files was due: the index is read from
        # there on, and not through all that others have before it.
        self._teams: dict[UUID, datetime] = {}
        self._wav = False  # when nobody has anything else
        self._read_at = float("-inf")
        self._in_hand: set[UUID] = set()

    @contextmanager
    def take(self, but: Collection[int]) -> Iterator[list[int]]:
        """The files of the next take, by their ids, without those that were tried already. None: there is no more."""
        with self._lock:
            clip, files = self._next(but)
            self._in_hand |= {clip} if clip else set()
        try:
            yield files
        finally:
            with self._lock:
                self._in_hand -= {clip} if clip else set()

    def _next(self, but: Collection[int]) -> tuple[UUID | None, list[int]]:
        self._look()
        for team in list(self._teams):
            rows = due(wav=self._wav).filter(clip__team=team, next_try_at__gte=self._teams[team])
            since = self._teams.pop(team)
            for clip, files in _by_clip(rows.exclude(pk__in=but)).items():
                if clip not in self._in_hand:
                    self._teams[team] = since  # behind the others
                    return clip, files
        return None, []

    def _look(self) -> None:
        if self._teams and time.monotonic() - self._read_at < KNOWN_FOR_S:
            return
        last = {team: place for place, team in enumerate(self._teams)}
        for self._wav in (False, True):
            teams = due(wav=self._wav).order_by().values_list("clip__team").annotate(Min("next_try_at"))
            if known := dict(teams):
                break
        # Those that had no turn yet come first.
        self._teams = {team: known[team] for team in sorted(known, key=lambda team: last.get(team, -1))}
        self._read_at = time.monotonic()


def _by_clip(rows: ClipFileQuerySet) -> dict[UUID, list[int]]:
    found: dict[UUID, list[int]] = {}
    for clip, file_id in rows.values_list("clip_id", "pk")[:LOOK_AT]:
        found.setdefault(clip, []).append(file_id)
    return found
