"""The trash: what was deleted stays there for 30 days, then it is erased.

Erasing is in two steps, so that it may die anywhere: the row says "erased" and forgets its lyrics, from then on no page
shows it; then the files go, one by one, each first from the storage and then from the database. The row of the take
stays, so that it is never imported again.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from apps import shutdown
from apps.accounts.models import AuditEntry, Team, User
from apps.library import songs
from apps.library.archiving import quota, storage_writer
from apps.library.curation import tags
from apps.library.models import Clip, ClipFile, ClipSearchText, CollectionItem, Rating
from apps.library.models.clips import ClipQuerySet
from apps.library.search.song_list import Cursor
from apps.wake import wake

logger = logging.getLogger(__name__)

RESTORABLE_FOR = timedelta(days=30)
AT_ONCE = 200
PER_PAGE = 50


@dataclass(frozen=True)
class TrashPage:
    takes: list[Clip]
    older: Cursor | None  # where the next page starts


def page_of(team: Team, place: str) -> TrashPage:
    """What is in the trash, deleted last first. A few queries, however much it is."""
    before = Cursor.parse(place)
    others = Clip.objects.live().select_related("song").prefetch_related("files")
    takes = Clip.objects.for_team(team).in_trash().for_pages().select_related("song", "deleted_by")
    takes = takes.prefetch_related(Prefetch("song__takes", others)).order_by("-deleted_at", "-pk")
    if before:
        at = before.created_at
        takes = takes.filter(Q(deleted_at__lte=at) & (Q(deleted_at__lt=at) | Q(pk__lt=before.pk)))
    found = list(takes[: PER_PAGE + 1])
    shown, last = found[:PER_PAGE], found[PER_PAGE - 1 : PER_PAGE]
    more = len(found) > PER_PAGE and last[0].deleted_at
    return TrashPage(shown, Cursor(more, last[0].pk) if more else None)


def days_left(clip: Clip) -> int:
    """Until it is erased; the last one has begun at 1."""
    if clip.deleted_at is None:
        return RESTORABLE_FOR.days
    return max(0, ceil((clip.deleted_at + RESTORABLE_FOR - timezone.now()) / timedelta(days=1)))


def delete(team: Team, clips: ClipQuerySet, *, by: User) -> list[str]:
    """Into the trash. Gives the ids of those that were not in it before."""
    with transaction.atomic():
        ids = list(clips.live().order_by("pk").select_for_update().values_list("pk", flat=True))
        Clip.objects.filter(pk__in=ids).update(deleted_at=timezone.now(), deleted_by=by)
        if ids:
            _note(team, by, "takes deleted", ids)
    return [str(pk) for pk in ids]


def restore(team: Team, clips: ClipQuerySet, *, by: User) -> int:
    """Back where they were; files that were not fetched yet are fetched now."""
    with transaction.atomic():
        ids = list(clips.in_trash().order_by("pk").select_for_update().values_list("pk", flat=True))
        Clip.objects.filter(pk__in=ids).update(deleted_at=None, deleted_by=None)
        if ids:
            _note(team, by, "takes restored", ids)
            due = ClipFile.objects.due(timezone.now()).filter(clip__in=ids)
            songs.wake_files(list(due.values_list("pk", flat=True)))
    return len(ids)


def erase(team: Team, clips: ClipQuerySet, *, by: User | None = None) -> int:
    """For good, what is in the trash: forgets the lyrics at once, and has the files removed."""
    with transaction.atomic():
        songs.lock_team(
            team
        )  # before the takes, as who saves a song or tags it: or each would wait for the other
        ids = list(clips.in_trash().order_by("pk").select_for_update().values_list("pk", flat=True))
        if not ids:
            return 0
        _forget(team, ids)
        _note(team, by, "takes erased", ids)
        wake("library.bin")
    return len(ids)


def newest(team: Team) -> Cursor | None:
    """What went into the trash of the team last; None when it is empty."""
    last = Clip.objects.for_team(team).in_trash().order_by("-deleted_at").first()
    return Cursor(last.deleted_at, last.pk) if last and last.deleted_at else None


def empty(team: Team, *, until: datetime, by: User) -> int:
    """Erases what is in the trash of the team since then or longer, some at a time. Gives how many takes."""
    count, there = 0, Clip.objects.for_team(team).in_trash().filter(deleted_at__lte=until)
    while done := erase(team, _first(there), by=by):
        count += done
    return count


def purge_expired() -> int:
    """Erases what was in the trash for long enough, and removes files of what is erased. Gives how many files."""
    old = Clip.objects.in_trash().filter(deleted_at__lte=timezone.now() - RESTORABLE_FOR)
    for team in Team.objects.filter(pk__in=old.values("team")):
        erase(team, _first(old.filter(team=team)))
    due = _to_remove(timezone.now())[:AT_ONCE]
    return sum(_try_to_remove(file) for file in due if not shutdown.has_begun())


def _first(clips: ClipQuerySet) -> ClipQuerySet:
    ids = clips.order_by("deleted_at").values_list("pk", flat=True)[:AT_ONCE]
    found: ClipQuerySet = Clip.objects.filter(pk__in=list(ids))
    return found


def _forget(team: Team, ids: Sequence[UUID]) -> None:
    nothing = {
        "title": "",
        "lyrics": "",
        "peaks": None,
        "rms": None,
        "lyrics_timing": None,
        "loudness_db": None,
    }
    Clip.objects.filter(pk__in=ids).update(erased_at=timezone.now(), **nothing)
    for rows in (ClipSearchText, Rating, CollectionItem):
        rows.objects.filter(clip__in=ids).delete()
    Clip.tags.through.objects.filter(clip__in=ids).delete()
    tags.purge_unused(team)


def _to_remove(now: datetime) -> QuerySet[ClipFile]:
    """Not while a worker is at it: what it stores would be left behind."""
    files = ClipFile.objects.filter(clip__erased_at__isnull=False).exclude(claim_until__gt=now)
    return files.select_related("clip").order_by("pk")


def _try_to_remove(file: ClipFile) -> bool:
    """One that can't go is left to the next purge, and holds up no other."""
    try:
        return _remove(file)
    except Exception:  # whatever the store of today raises
        logger.exception("%s could not be removed from the storage", file)
        return False


def _remove(file: ClipFile) -> bool:
    """From the storage first: a file that no row knows would stay for ever. Removing it twice is harmless."""
    storage_writer.clear_away(file)
    for name in filter(None, (file.file.name, file.former)):
        file.file.storage.delete(name)
    with transaction.atomic():
        # Who puts another small picture in its place counts from the size of this one: one after the other.
        list(Clip.objects.select_for_update(no_key=True).filter(pk=file.clip_id).values("pk"))
        same = ClipFile.objects.filter(pk=file.pk, claim=file.claim, file=file.file.name, former=file.former)
        if not same.delete()[0]:
            return False  # changed meanwhile: the next purge looks again
        if file.is_stored:
            quota.freed(file.clip.team_id, file.size or 0)
    return True


def _note(team: Team, by: User | None, action: str, ids: Sequence[UUID]) -> None:
    takes = [str(each) for each in Clip.objects.filter(pk__in=ids[:2]).select_related("song")]
    subject = ", ".join(takes) + (f" and {len(ids) - 2} more" if len(ids) > 2 else "")
    AuditEntry.objects.create(team=team, by=by, action=action, subject=subject[:200])
