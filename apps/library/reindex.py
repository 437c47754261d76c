"""Indexes again, in the background, takes whose search text was written by an older version.

Nothing waits for it: a row of before is found by its old words until then. Each portion is a short transaction in the
turn of its team, so that it never writes over a name that is given meanwhile; between two of them others write.
"""

import time
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import Team
from apps.library import songs
from apps.library.models import ClipSearchText
from apps.library.search import search_index
from apps.wake import wake

AT_ONCE = 50  # rows of a transaction
SLICE_S = 20.0
PAUSE = 0.5  # of the time that a portion took: SQLite lets one write at a time


def wake_up() -> None:
    if _stale().exists():
        wake("library.reindex")


def run(*, for_s: float = SLICE_S) -> int:
    """A slice of it, then it has itself woken again. Gives how many rows it has written anew."""
    until, count = time.monotonic() + for_s, 0
    while done := _portion():
        count += done
        if time.monotonic() > until:
            wake("library.reindex")
            break
    return count


def _portion() -> int:
    started = time.monotonic()
    due = list(_stale().order_by("pk").values_list("clip_id", "clip__team_id")[:AT_ONCE])
    by_team: dict[UUID, list[UUID]] = {}
    for clip, team in due:
        by_team.setdefault(team, []).append(clip)
    for team_id, clips in by_team.items():
        _write(team_id, clips)
    time.sleep((time.monotonic() - started) * PAUSE)
    return len(due)


def _write(team_id: UUID, clips: list[UUID]) -> None:
    with transaction.atomic():
        songs.lock_team(Team(pk=team_id))
        search_index.index_again(clips)
        # What is left belongs to erased takes, which nothing finds.
        _stale().filter(clip__in=clips).delete()


def _stale() -> QuerySet[ClipSearchText]:
    return ClipSearchText.objects.filter(way=None)
