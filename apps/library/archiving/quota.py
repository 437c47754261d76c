"""Counts how much a team stores, and how much it may. The figure changes with the file rows, in their transaction.

From 90 % on there is a warning. At 100 % WAV waits; m4a, mp3 and covers are always kept: a song that was paid for is
not lost over a limit.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, QuerySet, Sum

from apps.accounts.models import Team
from apps.library.models import Clip, ClipFile, ReferenceFile, TeamStorage
from apps.prepared import prepared

Kind = ClipFile.Kind

NEAR = 0.9
NAMES = {Kind.MP3: "MP3", Kind.M4A: "M4A", Kind.WAV: "WAV", Kind.COVER: "Covers"}


@dataclass(frozen=True)
class Usage:
    """Bytes kept and allowed; `limit` is None where there is none."""

    used: int = 0
    limit: int | None = None

    @property
    def is_full(self) -> bool:
        return self.limit is not None and self.used >= self.limit

    @property
    def is_near(self) -> bool:
        return self.limit is not None and self.used >= self.limit * NEAR

    @property
    def warns_at(self) -> int:
        return int((self.limit or 0) * NEAR)

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means full."""
        return self.used * 100 // self.limit if self.limit else 0


def usage(team: Team | UUID) -> Usage:
    rows = _stored(team.pk if isinstance(team, Team) else team)
    return Usage(*rows[0]) if rows else Usage()


@prepared
def _stored(team_id: UUID) -> QuerySet[TeamStorage, Any]:
    return TeamStorage.objects.filter(team=team_id).values_list("used_bytes", "limit_bytes")


def added(team_id: UUID, size: int) -> None:
    """Inside the transaction in which a row says that so many bytes are stored (or, below 0, are not any more)."""
    rows = TeamStorage.objects.filter(team_id=team_id)
    if not rows.update(used_bytes=F("used_bytes") + size):
        TeamStorage.objects.bulk_create([TeamStorage(team_id=team_id)], ignore_conflicts=True)
        rows.update(used_bytes=F("used_bytes") + size)


def freed(team_id: UUID, size: int) -> None:
    """As `added`, for bytes that go."""
    added(team_id, -size)


def set_limit(team: Team, limit: int | None) -> None:
    TeamStorage.objects.update_or_create(team=team, defaults={"limit_bytes": limit})


@dataclass(frozen=True)
class FormatUsage:
    """What one format takes up: `name` as people call it, how many files, how many bytes."""

    name: str
    files: int
    size: int


def parts(team: Team) -> list[FormatUsage]:
    """By format; the small pictures of the covers count as covers."""
    stored = ClipFile.objects.for_team(team).stored().order_by()
    found = {
        kind: (files, size)
        for kind, files, size in stored.values_list("kind").annotate(Count("pk"), Sum("size"))
    }
    thumbs = found.pop(Kind.THUMB, (0, 0))[1]
    if thumbs and Kind.COVER in found:
        files, size = found[Kind.COVER]
        found[Kind.COVER] = (files, size + thumbs)
    parts = [FormatUsage(name, *found[kind]) for kind, name in NAMES.items() if kind in found]
    rows = ReferenceFile.objects.for_team(team).exclude(file="").order_by()
    sizes = dict(rows.values_list("file", "size"))  # by name: what is on several accounts is kept once
    return (
        [*parts, FormatUsage("References", len(sizes), sum(size or 0 for size in sizes.values()))]
        if sizes
        else parts
    )


def in_trash(team: Team) -> int:
    """Bytes of takes that can be restored, and are erased otherwise."""
    deleted = (
        ClipFile.objects.for_team(team).stored().filter(clip__in=Clip.objects.in_trash().filter(team=team))
    )
    return deleted.aggregate(all=Sum("size"))["all"] or 0


def waiting(team: Team) -> int:
    """WAV files that are not there."""
    wavs = ClipFile.objects.for_team(team).filter(kind=Kind.WAV, state=ClipFile.State.WANTED)
    return wavs.filter(clip__deleted_at=None).count()
