"""Decides whose job is next, and on which account (docs/design.md, section 3).

Next is the member with the fewest active jobs on the subscription, then the one with the oldest request: one person's
batch of fifty does not hold up the others. In which order a person's own requests go is theirs to say (own_order.py),
and moves nobody else.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from operator import attrgetter
from typing import Any

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from apps.accounts.models import FlowAccount, Subscription
from apps.generation.jobs import transitions
from apps.generation.models import Job
from apps.generation.models.jobs import OUT_THERE, JobQuerySet
from apps.generation.operations import SYNCHRONOUS
from apps.generation.queue import slots
from apps.prepared import prepared

# A queue may be long; whoever is due stands at the front of some member's part of it.
CONSIDERED, MOST_SHOWN = 50, 500
OWN_ORDER = ("position", "created_at", "batch_index")
# A subscription has two: of what runs in slots, and of what is synchronous.
Lane = tuple[int, bool]


def claim_next(
    subscription: Subscription, *, synchronous: bool = False
) -> tuple[Job, FlowAccount, uuid.UUID] | None:
    """Claims the next job and a slot for it; None when nothing can be sent now.

    When another dispatcher was faster, counts anew and tries again.
    """
    for _ in range(20):
        now = timezone.now()
        if subscription.blocked_until and subscription.blocked_until > now:
            return None
        choice = next(_choices(subscription, now, synchronous=synchronous), None)
        if choice is None:
            return None
        job, account = choice
        claim_id = transitions.claim(job, account, slot_version=account.slot_version)
        if claim_id:
            return job, account, claim_id
        subscription.refresh_from_db()
    return None


def _choices(
    subscription: Subscription, now: datetime, *, synchronous: bool
) -> Iterator[tuple[Job, FlowAccount]]:
    found = slots.of_subscriptions([subscription.pk], now)
    for job in in_order(subscription, synchronous=synchronous) if found else []:
        room = [each for each in found if slots.has_room(each, now, job.operation)]
        if job.account_is_fixed:
            room = [each for each in room if each.account.pk == job.account_id]
        if room:
            # The emptiest account first, by what it has free and then by credits, so that none is worn out alone.
            yield job, max(room, key=lambda each: (each.free, each.account.credits or 0)).account


def in_order(subscription: Subscription, *, synchronous: bool = False) -> list[Job]:
    """The jobs that may be sent, in the order in which they will be."""
    lane = subscription.jobs.in_lane(synchronous=synchronous)
    ready = list(_front(lane.ready(timezone.now()), CONSIDERED).select_related("token"))
    active = Counter(lane.filter(state__in=OUT_THERE).values_list("asked_by", flat=True))
    return _order(ready, active)


def positions(subscription_ids: Collection[int]) -> dict[uuid.UUID, int]:
    """The place in its queue of each job that may be sent, per subscription from 1; two queries."""
    queues: dict[Lane, list[Job]] = {}
    for job in _ready(timezone.now(), *subscription_ids):
        queues.setdefault((job.subscription_id, job.is_synchronous), []).append(job)
    active: dict[Lane, Counter[Any]] = {}
    for subscription_id, operation, asker in _out_there(*subscription_ids):
        active.setdefault((subscription_id, operation in SYNCHRONOUS), Counter())[asker] += 1
    return {
        job.pk: place
        for queue, jobs in queues.items()
        for place, job in enumerate(_order(jobs, active.get(queue, Counter())), start=1)
    }


@prepared
def _ready(now: datetime, *subscription_ids: int) -> QuerySet[Job]:
    ready = Job.objects.ready(now).filter(subscription__in=subscription_ids)
    return _front(ready, MOST_SHOWN).only("pk", "subscription", "operation", "asked_by", *OWN_ORDER)


@prepared
def _out_there(*subscription_ids: int) -> QuerySet[Job, tuple[int, str, int | None]]:
    out = Job.objects.filter(state__in=OUT_THERE, subscription__in=subscription_ids)
    return out.values_list("subscription", "operation", "asked_by")


def _front(ready: JobQuerySet, most: int) -> JobQuerySet:
    """Of each person no more than the first ones of their own queue."""
    place = Window(RowNumber(), partition_by=[F("subscription"), F("asked_by")], order_by=OWN_ORDER)
    return ready.annotate(place=place).filter(place__lte=most)


def _order(ready: list[Job], active: Counter[Any]) -> list[Job]:
    queues: dict[Any, _OwnQueue] = {}
    for job in sorted(ready, key=attrgetter(*OWN_ORDER)):
        queues.setdefault(job.asked_by_id, _OwnQueue([])).jobs.append(job)
    for queue in queues.values():
        queue.find_oldest()
    active, order = Counter(active), []
    while queues:
        who, queue = min(queues.items(), key=lambda each: (active[each[0]], each[1].oldest))
        order.append(queue.jobs[queue.sent])
        active[who] += 1
        queue.sent += 1
        if queue.sent == len(queue.jobs):
            del queues[who]
    return order


@dataclass
class _OwnQueue:
    """One person's queue, of which the first `sent` are gone."""

    jobs: list[Job]
    sent: int = 0
    from_here: list[datetime] = field(default_factory=list)

    def find_oldest(self) -> None:
        """For each place when the oldest request from there on was made."""
        asked = (job.created_at for job in reversed(self.jobs))
        self.from_here = list(accumulate(asked, min))[::-1]

    @property
    def oldest(self) -> datetime:
        return self.from_here[self.sent]
