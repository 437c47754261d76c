"""The list of songs by keyset, newest or oldest first: the thousandth page costs as much as the first."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.accounts.models import Team
from apps.library.filters import Filters
from apps.library.models import Clip, Song
from apps.library.models.clips import SongQuerySet

SONGS_PER_PAGE = 20
MOST_COUNTED = (
    1_000  # more than these are "more than 1,000", and too many to be listed before the page is read
)


@dataclass(frozen=True)
class Cursor:
    """A place in a list of rows with `created_at`: after the row of that time and id."""

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
        """The rows that come after this place, newest first; those of the same time by their id.

        The first condition says nothing new: it is the one from which both databases know where in the index to begin.
        """
        after = Q(created_at__lt=self.created_at) | Q(pk__lt=self.pk)
        return Q(created_at__lte=self.created_at) & after

    @property
    def newer(self) -> Q:
        """The rows that come after this place, oldest first."""
        after = Q(created_at__gt=self.created_at) | Q(pk__gt=self.pk)
        return Q(created_at__gte=self.created_at) & after


@dataclass(frozen=True)
class Row:
    """A song with those of its takes that fit."""

    song: Song
    takes: list[Clip]

    @property
    def left_out(self) -> int:
        return len(self.song.takes.all()) - len(self.takes)


@dataclass(frozen=True)
class Page:
    """`count` is of all pages, known on the first one where it is cheap: at most one more than MOST_COUNTED."""

    rows: list[Row]
    is_first: bool
    following: Cursor | None  # where the next page starts
    count: int | None

    def days(self) -> Iterator[tuple[str, list[Row]]]:
        """The songs by the day on which they were asked for, with the day's name."""
        for day, rows in groupby(self.rows, key=lambda row: timezone.localdate(row.song.created_at)):
            yield _name(day), list(rows)

    @property
    def counted(self) -> str:
        if self.count is None:
            return ""
        if self.count > MOST_COUNTED:
            return f"more than {MOST_COUNTED:,} songs"
        return f"{self.count:,} song{'' if self.count == 1 else 's'}"


def page_of(team: Team, filters: Filters, place: Cursor | None) -> Page:
    """A fixed number of queries, however many songs there are."""
    songs, countable = _fitting(team, filters)
    order = ("created_at", "id") if filters.oldest_first else ("-created_at", "-id")
    rest = songs.filter(place.newer if filters.oldest_first else place.older) if place else songs
    rest = rest.with_takes().prefetch_related("takes__collections").order_by(*order)
    found = list(rest[: SONGS_PER_PAGE + 1])
    shown, more = found[:SONGS_PER_PAGE], len(found) > SONGS_PER_PAGE
    following = Cursor(shown[-1].created_at, shown[-1].pk) if more else None
    count = None
    if not place:
        count = _count(songs) if countable else None if more else len(shown)
    return Page(_rows(shown, filters), place is None, following, count)


def _count(songs: SongQuerySet) -> int:
    return len(songs.order_by().values_list("pk")[: MOST_COUNTED + 1])


def _fitting(team: Team, filters: Filters) -> tuple[SongQuerySet, bool]:
    """The songs of the team that have a take that fits, and whether counting them up to a limit is cheap.

    Where an index knows the takes and they are few, their songs come first and the page is made of those; else the
    list is walked by date until a page is full. A planner that walks by date for three hits reads everything. No
    condition on the takes' team: it says nothing new beside the song's, and SQLite would go by that index.
    """
    songs: SongQuerySet = Song.objects.for_team(team).filter(filters.of_songs)
    takes = Clip.objects.live().filter(filters.of_takes).order_by()
    if filters.few_takes:
        ids = list(takes.values_list("song", flat=True).distinct()[: MOST_COUNTED + 1])
        if len(ids) <= MOST_COUNTED:
            return songs.filter(pk__in=ids), True
    return songs.filter(Exists(takes.filter(song=OuterRef("pk")))), not filters.of_takes


def _rows(songs: list[Song], filters: Filters) -> list[Row]:
    """Takes that don't fit are left out, so that choosing all of the list chooses what was looked for."""
    takes = {song.pk: list(song.takes.all()) for song in songs}
    if filters.of_takes:
        rows = Clip.objects.live().filter(filters.of_takes, song__in=takes)
        fitting = set(rows.order_by().values_list("pk", flat=True))
        takes = {pk: [take for take in those if take.pk in fitting] for pk, those in takes.items()}
    return [Row(song, takes[song.pk]) for song in songs]


def _name(day: date) -> str:
    today = timezone.localdate()
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return f"{day:%A} {day.day} {day:%B}" + ("" if day.year == today.year else f" {day.year}")
