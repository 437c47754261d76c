"""The list of songs, newest first, by keyset: the thousandth page costs as much as the first."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from django.db.models import Q
from django.utils import timezone

from apps.library.models import Song
from apps.library.models.clips import SongQuerySet

SONGS_PER_PAGE = 20


@dataclass(frozen=True)
class Cursor:
    """A place in a list of rows with `created_at`, newest first: after the row of that time and id."""

    created_at: datetime
    pk: uuid.UUID

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """From `str(cursor)`; None, which means the first page, for anything else."""
        at, _, pk = text.partition(",")
        try:
            moment = datetime.fromisoformat(at)
            return None if timezone.is_naive(moment) else cls(moment.astimezone(UTC), uuid.UUID(pk))
        except (ValueError, OverflowError):  # also a time that is in no year of UTC
            return None

    def __str__(self) -> str:
        return f"{self.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ},{self.pk}"

    @property
    def older(self) -> Q:
        """The rows that come after this place; those of the same time by their id."""
        return Q(created_at__lt=self.created_at) | Q(created_at=self.created_at, pk__lt=self.pk)


@dataclass(frozen=True)
class Page:
    songs: list[Song]
    is_first: bool
    older: Cursor | None  # where the next page starts

    def days(self) -> Iterator[tuple[str, list[Song]]]:
        """The songs by the day on which they were asked for, with the day's name."""
        for day, songs in groupby(self.songs, key=lambda song: timezone.localdate(song.created_at)):
            yield _name(day), list(songs)


def page_of(songs: SongQuerySet, before: Cursor | None) -> Page:
    """Four queries, however many songs there are."""
    if before:
        songs = songs.filter(before.older)
    found = list(songs.with_takes().order_by("-created_at", "-id")[: SONGS_PER_PAGE + 1])
    shown, more = found[:SONGS_PER_PAGE], len(found) > SONGS_PER_PAGE
    older = Cursor(shown[-1].created_at, shown[-1].pk) if more else None
    return Page(shown, before is None, older)


def _name(day: date) -> str:
    today = timezone.localdate()
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return f"{day:%A} {day.day} {day:%B}" + ("" if day.year == today.year else f" {day.year}")
