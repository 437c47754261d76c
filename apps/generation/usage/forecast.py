"""Estimates how long the credits last, and for how many songs they are enough: as "about", or not at all."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet

from apps.accounts.models import FlowAccount, UsageRow
from apps.accounts.models.usage import UsageRowQuerySet
from apps.accounts.usage_sync import credits
from apps.generation.jobs import pricing
from apps.generation.jobs.pricing import Price
from apps.prepared import prepared

LOOK_BACK = 30  # days
FEWEST_DAYS = 3  # with something spent on them: fewer say nothing of a habit
SHORTEST = 7  # days: who began yesterday doesn't spend like that for ever
FARTHEST = 365

Block = FlowAccount.Block
Charge = tuple[date | None, int]  # a day, what was booked


@dataclass(frozen=True)
class Forecast:
    """`left`, `songs`: None when no balance is known. `until`: None when it can't be said, or is far away."""

    left: int | None
    songs: int | None
    price: Price
    a_day: float | None
    until: date | None
    is_far: bool = False


def of(accounts: Collection[FlowAccount], today: date) -> Forecast:
    """Of all these accounts together. One query."""
    usable = [each for each in accounts if each.block != Block.GONE]
    known = [each for each in usable if each.credits is not None]
    left = sum(max(0, each.credits or 0) for each in known) if known else None
    songs = sum(max(0, each.credits or 0) // each.price for each in known) if known else None
    a_day = _a_day(accounts, today)
    days = left / a_day if left is not None and a_day else None
    return Forecast(
        left=left,
        songs=songs,
        price=pricing.of_any(usable),
        a_day=a_day,
        until=today + timedelta(days=int(days)) if days is not None and days <= FARTHEST else None,
        is_far=days is not None and days > FARTHEST,
    )


def _a_day(accounts: Collection[FlowAccount], today: date) -> float | None:
    """Credits charged on an average day of late."""
    since = today - timedelta(days=LOOK_BACK - 1)
    charged = [(day, tokens) for day, tokens in _charged(accounts, since) if day and tokens]
    days = {day for day, _ in charged}
    if len(days) < FEWEST_DAYS:
        return None
    lasted = max(SHORTEST, (today - min(days)).days + 1)
    return credits(abs(sum(tokens for _, tokens in charged))) / lasted


def _charged(accounts: Collection[FlowAccount], since: date) -> list[Charge]:
    if all(each.as_of is None for each in accounts):
        return _charged_since(since, *accounts)
    return list(_charges(UsageRow.objects.of(accounts).since(since)))


@prepared
def _charged_since(since: date, *accounts: FlowAccount) -> QuerySet[UsageRow, Charge]:
    return _charges(UsageRow.objects.filter(account__in=accounts).since(since))


def _charges(rows: UsageRowQuerySet) -> QuerySet[UsageRow, Charge]:
    return rows.charged().order_by().values_list("day", "tokens")
