"""Free slots and credits of Flow Music accounts, counted from our rows and the newest GET /jobs.

free = maxJobs − started elsewhere (at the last list) − ours that may be out there now. DESIGN section 3 subtracts
from the number running at the last list; of these, ours are known better from our own rows: a job that has ended
since frees its slot at once, and one that was just sent is counted once.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone

from apps.accounts.models import FlowAccount
from apps.generation.models import Job, State
from apps.generation.models.jobs import OUT_THERE
from apps.generation.operations import OPERATIONS

Block = FlowAccount.Block


@dataclass(frozen=True)
class Slots:
    """One account's slots: ours now, started elsewhere, and free."""

    account: FlowAccount
    ours: int
    elsewhere: int
    free: int


def of_subscriptions(subscription_ids: Collection[int], now: datetime | None = None) -> list[Slots]:
    """All their accounts, two queries whatever their number."""
    now = now or timezone.now()
    # Read before the jobs are counted: a slot that is taken in between then shows in `slot_version`.
    accounts = list(
        FlowAccount.objects.filter(subscription__in=subscription_ids).select_related("subscription")
    )
    ours = _ours(subscription_ids, now)
    return [_slots(account, ours.get(account.pk, 0)) for account in accounts]


def _ours(subscription_ids: Collection[int], now: datetime) -> dict[int | None, int]:
    """Per account: how many of our jobs may hold a slot."""
    frees_its_slot = Q(state=State.UNKNOWN, unknown_since__lt=now - Job.UNKNOWN_HOLDS_SLOT)
    in_slots = Job.objects.in_lane(blocking=False).filter(subscription__in=subscription_ids)
    out_there = in_slots.filter(state__in=OUT_THERE).exclude(frees_its_slot)
    return dict(out_there.order_by().values_list("ran_on").annotate(Count("pk")))


def _slots(account: FlowAccount, ours: int) -> Slots:
    free = max(0, account.max_jobs - ours - account.elsewhere)
    return Slots(account=account, ours=ours, elsewhere=account.elsewhere, free=free)


def has_room(slots: Slots, now: datetime, name: str = "music") -> bool:
    """Whether that operation can be sent to the account now. One that blocks takes no slot, a free one no credits."""
    account, operation = slots.account, OPERATIONS[name]
    if account.block == Block.CREDITS and operation.free:
        return True
    if account.block and (account.block_until is None or account.block_until > now):
        return False
    if account.block in {Block.ERROR, Block.GONE, Block.CREDITS}:
        return False  # due for another look, not yet known to be mended
    if not operation.free and account.credits is not None and account.credits < account.price:
        return False
    return operation.blocks or slots.free > 0
