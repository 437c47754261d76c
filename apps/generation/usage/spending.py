"""What was spent on Flow Music accounts: what Flow Music booked by UTC day, beside what the team's own jobs counted.

Flow Music's figures are what counts. Ours say which of it were songs and edits of the team; the rest was spent
elsewhere, or was dearer than we thought.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import F, Max, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate

from apps.accounts.models import FlowAccount, Team, UsageRow
from apps.accounts.models.subscriptions import CREDITS_PER_SONG
from apps.accounts.models.usage import UsageRowQuerySet
from apps.accounts.usage_sync import RECEIVED, credits
from apps.generation.models import Job, State
from apps.prepared import prepared
from apps.upstream.usage import CHARGED

# By what stands in the address: how many days, and the words for it.
RANGES: dict[str, tuple[int | None, str]] = {
    "7": (7, "7 days"),
    "30": (30, "30 days"),
    "90": (90, "90 days"),
    "all": (None, "All"),
}
USUAL_RANGE = "30"
Booked = tuple[date | None, str, int]  # a day, a kind of booking, what was booked
# Requests that were taken at Flow Music and so are paid for. A failed one may have cost nothing.
PAID = [State.RUNNING, State.COLLECTING, State.COMPLETED, State.CANCELLED]
OLDEST = timedelta(days=3650)
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)  # before there was anything to pay
MOST_DAYS, MOST_WEEKS = 100, 110


@dataclass
class Period:
    """One column: a UTC day, or in a long range a week or a month. All in credits."""

    first: date
    last: date
    charged: float = 0
    received: float = 0
    other: float = 0  # of kinds that are neither
    counted_songs: float = 0
    counted_edits: float = 0

    @property
    def counted(self) -> float:
        return self.counted_songs + self.counted_edits

    @property
    def songs(self) -> float:
        """Of what was charged: never more than that."""
        return min(self.counted_songs, self.charged)

    @property
    def edits(self) -> float:
        return min(self.counted_edits, self.charged - self.songs)

    @property
    def elsewhere(self) -> float:
        return round(self.charged - self.songs - self.edits, 2)

    @property
    def difference(self) -> float:
        """By how much Flow Music charged more than was counted here."""
        return round(self.charged - self.counted, 2)


@dataclass(frozen=True)
class BookingKind:
    """Flow Music's own kinds of bookings, with what they are to the account."""

    type: str
    credits: float
    sense: str  # charged, received, other


@dataclass(frozen=True)
class Spending:
    """`since`: the first day of the range, None for all of it."""

    spans: list[Period]
    kinds: list[BookingKind]
    since: date | None
    undated: float  # charged without a day

    @property
    def largest_kind(self) -> float:
        return max((each.credits for each in self.kinds), default=0) or 1

    @property
    def charged(self) -> float:
        return round(sum(each.credits for each in self.kinds if each.sense == "charged"), 2)

    @property
    def received(self) -> float:
        return round(sum(each.credits for each in self.kinds if each.sense == "received"), 2)

    def total(self, name: str) -> float:
        return round(sum(getattr(span, name) for span in self.spans), 2)

    @property
    def songs(self) -> float:
        return self.total("songs")

    @property
    def edits(self) -> float:
        return self.total("edits")

    @property
    def elsewhere(self) -> float:
        return round(self.charged - self.songs - self.edits, 2)


def of(accounts: Collection[FlowAccount], team: Team, *, days: int | None, today: date) -> Spending:
    """Of all these accounts together; a few queries whatever their number."""
    since = first_day(days, today)
    sums = booked(accounts, since)
    by_day = _booked(sums)
    _count(by_day, accounts, team, since)
    first = since or max(min(by_day, default=today), today - OLDEST)
    spans = _fold([by_day.get(day) or Period(day, day) for day in _each_day(first, today)])
    undated = abs(sum(tokens for day, type_, tokens in sums if day is None and type_ in CHARGED))
    return Spending(spans, _kinds(sums), since, credits(undated))


def booked(accounts: Collection[FlowAccount], since: date | None) -> list[Booked]:
    """By day and kind."""
    if since and all(each.as_of is None for each in accounts):
        return _booked_since(since, *accounts)
    return list(_sums(UsageRow.objects.of(accounts).since(since)))


@prepared
def _booked_since(since: date, *accounts: FlowAccount) -> QuerySet[UsageRow, Booked]:
    return _sums(UsageRow.objects.filter(account__in=accounts).since(since))


def _sums(rows: UsageRowQuerySet) -> QuerySet[UsageRow, Booked]:
    sums: QuerySet[UsageRow, Booked] = rows.order_by().values_list("day", "type").annotate(Sum("tokens"))
    return sums


def first_day(days: int | None, today: date) -> date | None:
    """Of a range that ends today; None is from the beginning."""
    return today - timedelta(days=days - 1) if days else None


def sense(type_: str) -> str:
    return "charged" if type_ in CHARGED else "received" if type_ in RECEIVED else "other"


def last_ends(accounts: Collection[FlowAccount], team: Team) -> dict[int, datetime]:
    """When a job of the team ended last, by the account that it ran on. One query."""
    return dict(_last_ends(team, *accounts))


@prepared
def _last_ends(team: Team, *accounts: FlowAccount) -> QuerySet[Job, tuple[int, datetime]]:
    ended = Job.objects.filter(team=team, ran_on__in=accounts, finished_at__isnull=False)
    return ended.order_by().values_list("ran_on").annotate(Max("finished_at"))


def paid(team: Team, since: datetime, *accounts: FlowAccount) -> "QuerySet[Job]":
    """The team's jobs that Flow Music took there, from that moment on."""
    taken = Q(accepted_at__isnull=False) | Q(state=State.COMPLETED)  # some calls are done with their answer
    sent = Job.objects.filter(taken, team=team, ran_on__in=accounts, state__in=PAID, sent_at__gte=since)
    return sent.order_by()


def start(day: date | None) -> datetime:
    """Of a UTC day; None is from the beginning."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else BEGINNING


def _booked(sums: list[Booked]) -> dict[date, Period]:
    """A charge is a charge, whichever sign it is written with."""
    found: dict[date, Period] = {}
    for day, type_, tokens in sums:
        if day is None:
            continue
        span = found.setdefault(day, Period(day, day))
        name = sense(type_)
        setattr(span, name, round(getattr(span, name) + credits(abs(tokens)), 2))
    return found


def _count(
    by_day: dict[date, Period], accounts: Collection[FlowAccount], team: Team, since: date | None
) -> None:
    """What the team's jobs cost as far as it was known when they were sent, up to when Flow Music was last asked."""
    for day, operation, price in _counted(team, start(since), *accounts):
        span = by_day.setdefault(day, Period(day, day))
        if operation == "music":
            span.counted_songs += price
        else:
            span.counted_edits += price


@prepared
def _counted(team: Team, since: datetime, *accounts: FlowAccount) -> QuerySet[Job, tuple[date, str, int]]:
    sent = paid(team, since, *accounts).filter(sent_at__lte=F("ran_on__usage_read_at"))
    by = sent.annotate(day=TruncDate("sent_at", tzinfo=UTC)).values_list("day", "operation")
    return by.annotate(spent=Sum(Coalesce("price", CREDITS_PER_SONG)))


def _kinds(sums: list[Booked]) -> list[BookingKind]:
    by_type: Counter[str] = Counter()
    for _, type_, tokens in sums:
        by_type[type_] += tokens
    kinds = [BookingKind(type_, credits(abs(tokens)), sense(type_)) for type_, tokens in by_type.items()]
    return sorted(kinds, key=lambda kind: (kind.sense, -kind.credits))


def _each_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range(max(0, (last - first).days) + 1)]


def _fold(days: list[Period]) -> list[Period]:
    """Weeks from Monday, or months, when there are too many days for columns."""
    if len(days) <= MOST_DAYS:
        return days
    weekly = len(days) <= MOST_WEEKS * 7
    groups: defaultdict[date, list[Period]] = defaultdict(list)
    for each in days:
        start = each.first - timedelta(days=each.first.weekday()) if weekly else each.first.replace(day=1)
        groups[start].append(each)
    return [_sum(group) for group in groups.values()]


def _sum(group: list[Period]) -> Period:
    """Of days, which stand in order."""
    names = ("charged", "received", "other", "counted_songs", "counted_edits")
    sums = {name: round(sum(getattr(each, name) for each in group), 2) for name in names}
    return Period(group[0].first, group[-1].last, **sums)
