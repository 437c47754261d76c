"""Whose job is next, and on which account (DESIGN section 3).

Next is the member with the fewest active jobs on the subscription, then the oldest wish: one person's batch of
fifty does not hold up the others.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from django.utils import timezone

from apps.accounts.models import FlowAccount, Subscription
from apps.generation import slots, transitions
from apps.generation.models import Job, Lease
from apps.generation.models.jobs import OUT_THERE

# A line may be long; whoever is due stands at the front of some member's part of it.
LOOK_AT = 200


def claim_next(subscription: Subscription) -> tuple[Job, FlowAccount, uuid.UUID] | None:
    """Claims the next job and a slot for it; None when nothing can be sent now.

    When another dispatcher was faster, counts anew and tries again.
    """
    for _ in range(20):
        now = timezone.now()
        if is_paused() or (subscription.blocked_until and subscription.blocked_until > now):
            return None
        room = [
            found for found in slots.of_subscriptions([subscription.pk], now) if slots.has_room(found, now)
        ]
        choice = next(_choices(subscription, room), None) if room else None
        if choice is None:
            return None
        job, account = choice
        mine = transitions.claim(job, account, slot_version=account.slot_version)
        if mine:
            return job, account, mine
        subscription.refresh_from_db()
    return None


def _choices(subscription: Subscription, room: list[slots.Slots]) -> Iterator[tuple[Job, FlowAccount]]:
    by_account = {found.account.pk: found.account for found in room}
    # The emptiest account first, by what it has free and then by credits, so that none is worn out alone.
    emptiest = max(room, key=lambda found: (found.free, found.account.credits or 0)).account
    for job in in_turn(subscription):
        if not job.account_is_fixed:
            yield job, emptiest
        elif job.account_id in by_account:
            yield job, by_account[job.account_id]


def in_turn(subscription: Subscription) -> list[Job]:
    """The jobs that may be sent, in the order in which they will be."""
    ready = list(subscription.jobs.ready(timezone.now()).select_related("token")[:LOOK_AT])
    active = Counter(subscription.jobs.filter(state__in=OUT_THERE).values_list("asked_by", flat=True))
    return _order(ready, active)


def positions(subscription_ids: Collection[int]) -> dict[uuid.UUID, int]:
    """The place in line of each job that may be sent, per subscription from 1; two queries."""
    ready = Job.objects.ready(timezone.now()).filter(subscription__in=subscription_ids)
    lines: dict[int, list[Job]] = {}
    for job in ready.only("pk", "subscription", "asked_by", "position", "created_at", "batch_index")[
        : 5 * LOOK_AT
    ]:
        lines.setdefault(job.subscription_id, []).append(job)
    active: dict[int, Counter[Any]] = {}
    out = Job.objects.filter(state__in=OUT_THERE, subscription__in=subscription_ids)
    for subscription_id, asker in out.values_list("subscription", "asked_by"):
        active.setdefault(subscription_id, Counter())[asker] += 1
    return {
        job.pk: place
        for subscription_id, line in lines.items()
        for place, job in enumerate(_order(line, active.get(subscription_id, Counter())), start=1)
    }


def _order(ready: list[Job], active: Counter[Any]) -> list[Job]:
    order = []
    while ready:
        job = min(
            ready,
            key=lambda each: (active[each.asked_by_id], each.position, each.created_at, each.batch_index),
        )
        ready.remove(job)
        active[job.asked_by_id] += 1
        order.append(job)
    return order


def is_paused() -> bool:
    """After a restored backup nothing is sent until a person has decided (manage.py restored)."""
    return Lease.objects.filter(name=Lease.PAUSE, until__gt=timezone.now()).exists()
