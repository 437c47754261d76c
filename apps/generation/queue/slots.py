"""Counts free slots and credits of Flow Music accounts, from our rows and the newest GET /jobs.

free = maxJobs − started elsewhere (at the last list) − ours that may be out there now. docs/design.md, section 3,
subtracts from the number running at the last list; of these, ours are known better from our own rows: a job that has
ended since frees its slot at once, and one that was just sent is counted once.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import FlowAccount
from apps.generation.models import Job, State
from apps.generation.models.jobs import OUT_THERE
from apps.generation.operations import OPERATIONS
from apps.prepared import prepared

Block = FlowAccount.Block


@dataclass(frozen=True)
class Slots:
    """One account's slots: ours now, started elsewhere, and free.

    `lost` of ours are kept for jobs whose outcome is not known; the first of them until `lost_until` at the latest.
    """

    account: FlowAccount
    ours: int
    elsewhere: int
    free: int
    lost: int = 0
    lost_until: datetime | None = None


def of_subscriptions(subscription_ids: Collection[int], now: datetime | None = None) -> list[Slots]:
    """All their accounts, two queries whatever their number."""
    now = now or timezone.now()
    # Read before the jobs are counted: a slot that is taken in between then shows in `slot_version`.
    accounts = _accounts(*subscription_ids)
    ours = _ours(subscription_ids, now)
    return [_slots(account, ours.get(account.pk, NONE)) for account in accounts]


@dataclass(frozen=True)
class Ours:
    """Jobs of ours that may hold a slot of one account; `lost` of them are not known since then, the oldest first."""

    count: int = 0
    lost: int = 0
    lost_since: datetime | None = None


NONE = Ours()


def _ours(subscription_ids: Collection[int], now: datetime) -> dict[int | None, Ours]:
    grouped = _grouped(now - Job.UNKNOWN_HOLDS_SLOT, *subscription_ids)
    return {account: Ours(*counts) for account, *counts in grouped}


@prepared
def _accounts(*subscription_ids: int) -> QuerySet[FlowAccount]:
    return FlowAccount.objects.filter(subscription__in=subscription_ids).select_related("subscription")


@prepared
def _grouped(old: datetime, *subscription_ids: int) -> QuerySet[Job, tuple[Any, ...]]:
    in_slots = Job.objects.in_lane(synchronous=False).filter(subscription__in=subscription_ids)
    out_there = in_slots.filter(state__in=OUT_THERE).exclude(pk__in=_slotless(in_slots, old).values("pk"))
    lost = Q(state=State.UNKNOWN)
    counts = Count("pk"), Count("pk", filter=lost), Min("unknown_since", filter=lost)
    grouped = out_there.order_by().values_list("ran_on")
    return grouped.annotate(count=counts[0], lost=counts[1], since=counts[2])


def _slotless(jobs: QuerySet[Job], old: datetime) -> QuerySet[Job]:
    """Of unknown outcome, and in no slot by now: it was sent long ago, or the remote side has answered with an error
    and a list has been read since. What runs is in that list, counted as started elsewhere until it is known as ours.
    """
    is_old = Q(unknown_since__lt=old)
    was_answered = Q(evidence__status__gte=300, evidence__fault__isnull=True, times_checked__gt=0)
    return jobs.filter(is_old | was_answered, state=State.UNKNOWN)


def _slots(account: FlowAccount, ours: Ours) -> Slots:
    free = max(0, account.max_jobs - ours.count - account.elsewhere)
    until = ours.lost_since + Job.UNKNOWN_HOLDS_SLOT if ours.lost_since else None
    return Slots(account, ours.count, account.elsewhere, free, ours.lost, until)


def has_room(slots: Slots, now: datetime, name: str = "music") -> bool:
    """Whether that operation can be sent to the account now. A synchronous one takes no slot, a free one no credits."""
    account, operation = slots.account, OPERATIONS[name]
    if account.block == Block.CREDITS and operation.free:
        return True
    if account.block and (account.block_until is None or account.block_until > now):
        return False
    if account.block in {Block.ERROR, Block.GONE, Block.CREDITS}:
        return False  # due for another check, not yet known to be fixed
    if not operation.free and account.credits is not None and account.credits < account.price:
        return False
    return operation.is_synchronous or slots.free > 0


def room(slots: Slots, now: datetime) -> int:
    """How many songs can start on the account now, as far as that can be known."""
    until = slots.account.subscription.blocked_until
    if (until and until > now) or not has_room(slots, now):
        return 0
    left = slots.account.credits
    return slots.free if left is None else min(slots.free, left // slots.account.price)


def starts(songs: int, free: int, before: int) -> str:
    """When so many songs start that are asked for now. song-form.js says the same while their number changes."""
    if before:
        queued = "1 is" if before == 1 else f"{before} are"
        return f"{queued} queued before {'it' if songs == 1 else 'them'}."
    now, later = min(songs, free), max(0, songs - free)
    if not now:
        return "Starts when a slot is free." if songs == 1 else "They start when slots are free."
    if not later:
        return "Starts right away." if songs == 1 else f"All {songs} start right away."
    begin = "1 starts" if now == 1 else f"{now} start"
    return f"{begin} right away, {'1 waits' if later == 1 else f'{later} wait'} for a free slot."
