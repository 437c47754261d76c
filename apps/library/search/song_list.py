"""The list of songs by keyset, newest or oldest first: the thousandth page costs as much as the first.

What a search has found is in ranks: songs with the words in their title, then those with them in tags, in the prompt,
in the lyrics; each rank newest first.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.accounts.models import Team
from apps.accounts.templatetags.formatting import local_time
from apps.library.models import Clip, Song
from apps.library.models.clips import SongQuerySet
from apps.library.search.filters import Filters
from apps.prepared import prepared

SONGS_PER_PAGE = 20
MOST_COUNTED = (
    1_000  # more than these are "more than 1,000", and too many to be listed before the page is read
)
MOST_IN_FIGURE = 999
RANKS = ("", "tags", "prompt", "lyrics")  # as an address says them
RANK_WORDS = ("In the title", "In tags", "In the prompt", "In the lyrics")


@dataclass(frozen=True)
class Cursor:
    """A place in a list of rows with `created_at`: after the row of that time and id, in that rank of a search."""

    created_at: datetime
    pk: uuid.UUID
    rank: int = 0

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """From `str(cursor)`; None, which means the first page, for anything else."""
        at, pk, rank, *_ = [*text.split(","), "", ""]
        try:
            moment = datetime.fromisoformat(at)
            if timezone.is_naive(moment):
                return None
            return cls(moment.astimezone(UTC), uuid.UUID(pk), RANKS.index(rank))
        except (ValueError, OverflowError):  # also a time that is in no year of UTC
            return None

    def __str__(self) -> str:
        place = f"{self.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ},{self.pk}"
        return f"{place},{RANKS[self.rank]}" if self.rank else place

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


@dataclass
class SongRow:
    """A song's place in the list, and those of its takes that fit; None means all. song_rows.py makes its `html`."""

    pk: uuid.UUID
    created_at: datetime
    rank: int | None = None
    takes: frozenset[uuid.UUID] | None = None
    html: SafeString | None = None


@dataclass
class SongPage:
    """`count` is of all pages, known on the first one where it is cheap: at most one more than MOST_COUNTED."""

    rows: list[SongRow]
    is_first: bool
    following: Cursor | None  # where the next page starts
    count: int | None

    def days(self) -> Iterator[tuple[str, list[SongRow]]]:
        """The songs by the day on which they were asked for, with the day's name; those of a search by their rank."""
        for head, rows in groupby(self.rows, key=_head):
            yield head, list(rows)

    @property
    def counted(self) -> str:
        if self.count is None:
            return ""
        if self.count > MOST_COUNTED:
            return f"more than {MOST_COUNTED:,} songs"
        return f"{self.count:,} song{'' if self.count == 1 else 's'}"


def page_of(team: Team, filters: Filters, place: Cursor | None) -> SongPage:
    """A fixed number of queries, however many songs there are."""
    if not (place or filters.values):
        return _newest(team)
    songs: SongQuerySet = Song.objects.for_team(team).filter(filters.of_songs)
    fits, is_listed = _having(filters.of_takes, filters.few_takes)
    fitting = songs.filter(fits)
    found = _ranked(songs, filters, place) if filters.ranks else _dated(fitting, filters, place)
    more, found = len(found) > SONGS_PER_PAGE, found[:SONGS_PER_PAGE]
    count = None
    if not place:
        is_cheap = is_listed or not filters.of_takes
        count = _count(fitting) if is_cheap else None if more else len(found)
    return SongPage(_rows(found, filters), place is None, found[-1] if more else None, count)


def _newest(team: Team) -> SongPage:
    """What people come to: the first page of all songs, newest first."""
    found = [Cursor(at, pk) for at, pk in _first(team.pk)]
    more, found = len(found) > SONGS_PER_PAGE, found[:SONGS_PER_PAGE]
    rows = [SongRow(place.pk, place.created_at) for place in found]
    return SongPage(rows, True, found[-1] if more else None, len(_counted(team.pk)))


def _count(songs: SongQuerySet) -> int:
    return len(songs.order_by().values_list("pk")[: MOST_COUNTED + 1])


def _dated(rest: SongQuerySet, filters: Filters, place: Cursor | None) -> list[Cursor]:
    if place:
        rest = rest.filter(place.newer if filters.oldest_first else place.older)
    order = ("created_at", "id") if filters.oldest_first else ("-created_at", "-id")
    return _places(rest.order_by(*order), SONGS_PER_PAGE + 1)


def _ranked(songs: SongQuerySet, filters: Filters, place: Cursor | None) -> list[Cursor]:
    """Rank by rank until there are enough: of each the songs that the rank before it hasn't."""
    found: list[Cursor] = []
    before: Q | Exists | None = None
    for rank, each in filters.ranks:
        fits, _ = _having(filters.in_rank(each), each.few or filters.few_takes)
        if place is None or rank >= place.rank:
            rest = songs.filter(fits) if before is None else songs.filter(fits).filter(~before)
            if place and rank == place.rank:
                rest = rest.filter(place.older)
            found += _places(rest.order_by("-created_at", "-id"), SONGS_PER_PAGE + 1 - len(found), rank)
        if len(found) > SONGS_PER_PAGE:
            break
        before = fits
    return found


def _places(songs: SongQuerySet, most: int, rank: int = 0) -> list[Cursor]:
    return [Cursor(at, pk, rank) for at, pk in songs.values_list("created_at", "pk")[:most]]


def _having(takes_fit: Q, few: bool) -> tuple[Q | Exists, bool]:
    """For songs: the condition that they have a take that fits, and whether it names them.

    Where an index knows the takes and they are few, their songs come first and the page is made of those; else the
    list is walked by date until a page is full. A planner that walks by date for three hits reads everything. No
    condition on the takes' team: it says nothing new beside the song's, and SQLite would go by that index.
    """
    takes = Clip.objects.live().filter(takes_fit).order_by()
    if few:
        ids = list(takes.values_list("song", flat=True).distinct()[: MOST_COUNTED + 1])
        if len(ids) <= MOST_COUNTED:
            return Q(pk__in=ids), True
    return Exists(takes.filter(song=OuterRef("pk"))), False


def _rows(places: list[Cursor], filters: Filters) -> list[SongRow]:
    """Takes that don't fit are left out, so that choosing all of the list chooses what was looked for."""
    rows = [SongRow(place.pk, place.created_at, place.rank if filters.ranks else None) for place in places]
    if filters.of_takes:
        found = Clip.objects.live().filter(filters.of_takes, song__in=[place.pk for place in places])
        fitting: dict[uuid.UUID, list[uuid.UUID]] = {}
        for pk, song_id in found.order_by().values_list("pk", "song_id"):
            fitting.setdefault(song_id, []).append(pk)
        for row in rows:
            row.takes = frozenset(fitting.get(row.pk, ()))
    return rows


def _head(row: SongRow) -> str:
    if row.rank is not None:
        return RANK_WORDS[row.rank]
    return _name(local_time(row.created_at).date())


def _name(day: date) -> str:
    today = timezone.localdate()
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return f"{day:%A} {day.day} {day:%B}" + ("" if day.year == today.year else f" {day.year}")


def figure(team: Team) -> str:
    """How many songs the library lists, as the nav says it: "999+" at most; "" for none."""
    count = len(_in_figure(team.pk))
    return f"{MOST_IN_FIGURE}+" if count > MOST_IN_FIGURE else str(count or "")


def _listed(team_id: uuid.UUID) -> SongQuerySet:
    with_takes = Exists(Clip.objects.live().filter(song=OuterRef("pk")))
    found: SongQuerySet = Song.objects.filter(team=team_id).listed().filter(with_takes)
    return found.order_by("-created_at", "-id")


@prepared
def _first(team_id: uuid.UUID) -> QuerySet[Song, Any]:
    return _listed(team_id).values_list("created_at", "pk")[: SONGS_PER_PAGE + 1]


@prepared
def _counted(team_id: uuid.UUID) -> QuerySet[Song, Any]:
    return _listed(team_id).order_by().values_list(Value(1))[: MOST_COUNTED + 1]


@prepared
def _in_figure(team_id: uuid.UUID) -> QuerySet[Song, Any]:
    return _listed(team_id).values_list(Value(1))[: MOST_IN_FIGURE + 1]
