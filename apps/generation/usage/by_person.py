"""What each person's requests cost, and what each person's tokens paid: of this team's own jobs.

A job counts with what Flow Music charged for it, once that is known, until then with what it was expected to cost.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from apps.accounts.models import FlowAccount, Team, User
from apps.accounts.models.subscriptions import CREDITS_PER_SONG
from apps.generation.models import Job, State
from apps.generation.operations import FREE
from apps.generation.usage.spending import paid, start
from apps.prepared import prepared

VIEWS = {"asked": "Requested", "paid": "Paid"}
USUAL_VIEW = "asked"
GONE = "A former member"


@dataclass
class Share:
    """What one person requested with another one's token, seen from either."""

    name: str
    credits: int


@dataclass
class PersonCost:
    """What a person requested, or paid: `shares` is the part of it in which another one had the other role."""

    name: str
    initials: str
    jobs: int = 0
    credits: int = 0
    shares: list[Share] = field(default_factory=list)


def of(accounts: Collection[FlowAccount], team: Team, *, since: date | None, view: str) -> list[PersonCost]:
    """By one of VIEWS, the dearest first. Two queries."""
    found = _pairs(team, start(since), *accounts)
    people = {each.pk: each for each in _people(*{pk for pair in found for pk in pair[:2] if pk})}
    costs: defaultdict[int | None, PersonCost] = defaultdict(lambda: PersonCost(GONE, "?"))
    for asked_by, paid_by, jobs, credits in found:
        one, other = (asked_by, paid_by) if view == "asked" else (paid_by, asked_by)
        if one not in costs and one in people:
            costs[one] = PersonCost(people[one].short_name, people[one].initials)
        costs[one].jobs += jobs
        costs[one].credits += credits
        if other != one:
            costs[one].shares.append(Share(people[other].short_name if other in people else GONE, credits))
    return _sorted(costs.values())


def _sorted(costs: Iterable[PersonCost]) -> list[PersonCost]:
    found = sorted(costs, key=lambda each: (-each.credits, each.name))
    for each in found:
        each.shares.sort(key=lambda share: (-share.credits, share.name))
    return found


def costing(team: Team, since: datetime, *accounts: FlowAccount) -> "QuerySet[Job]":
    """The jobs that cost something, each with its `cost`. Of those that failed the ones that are known to."""
    sent = Job.objects.filter(team=team, ran_on__in=accounts, sent_at__gte=since, charge_known=True)
    failed = sent.filter(state=State.FAILED, counted_credits__gt=0)
    found = Job.objects.filter(
        Q(pk__in=paid(team, since, *accounts).values("pk")) | Q(pk__in=failed.values("pk"))
    )
    charged = When(charge_known=True, then=F("counted_credits"))
    cost = Case(charged, default=Coalesce("price", CREDITS_PER_SONG), output_field=IntegerField())
    return found.exclude(operation__in=FREE).annotate(cost=cost).order_by()


@prepared
def _pairs(team: Team, since: datetime, *accounts: FlowAccount) -> QuerySet[Job, Any]:
    """Who asked, whose token paid, how many jobs, their credits."""
    jobs = costing(team, since, *accounts).values_list("asked_by", "paid_by")
    return jobs.annotate(jobs=Count("pk"), spent=Sum("cost"))


@prepared
def _people(*ids: int) -> QuerySet[User]:
    return User.objects.filter(pk__in=ids)
