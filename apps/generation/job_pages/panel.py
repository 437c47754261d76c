"""Reads what the live panel and the jobs page show of a team: its jobs, slots, credits and usual times.

The number of queries doesn't grow with jobs, accounts or members (tests/generation/job_pages/test_panel.py).
Nothing here depends on who looks: shared_panel.py renders it once for all of one role, person_panel.py adds what is a
person's own.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, Prefetch, Q, QuerySet, When, prefetch_related_objects
from django.utils import timezone

from apps.accounts import account_sync, lending
from apps.accounts.models import ApiToken, FlowAccount, Membership, Team
from apps.accounts.templatetags.formatting import clock
from apps.generation.job_pages import batch_cards
from apps.generation.job_pages.card_writer import written
from apps.generation.job_pages.cards import RECENT, Card, Surroundings
from apps.generation.jobs import durations, pricing
from apps.generation.models import Hold, Job, State
from apps.generation.models.jobs import ENDED_BY_ANOTHER, LIVE
from apps.generation.operations import OPERATIONS
from apps.generation.queue import fair_order
from apps.generation.queue import slots as slot_counts
from apps.generation.queue.slots import Slots
from apps.library.models import Clip
from apps.prepared import prepared

# What a card of a job shows of other rows.
OF_A_CARD = (
    "asked_by",
    "decided_by",
    "token",
    "paid_by",
    "subscription",
    "account",
    "ran_on",
    "song",
    "source__song",
    "file",
    "lyric_draft",
)
DONE_SHOWN = 6
MOST_CARDS = 80
MOST_DOTS = 6  # slots of an account; beyond it their figure says more than so many marks
NEEDS = {"blocked", "failed", "rejected", "unknown", "given_up"}
RUNS, WAITS = batch_cards.MOVING, batch_cards.WAITING
MOVES = RUNS | {"queued", "next", "unknown"}  # without one of them the page asks less often


@dataclass(frozen=True)
class SlotRow:
    """One Flow Music account's slots: `ours`, `elsewhere`, `free`, one word per slot; no words where they are many."""

    email: str
    short: str
    used: int
    max_jobs: int
    dots: list[str]
    words: str
    elsewhere: str
    problem: str


@dataclass(frozen=True)
class Panel:
    """`cards`: each with all its buttons, in the order in which the groups begin."""

    cards: list[Card]
    unseen: int  # further jobs, the youngest, for which there is no room here
    slots: list[SlotRow]
    credits: dict[str, int | None]
    usual: list[tuple[str, str]]
    room: dict[int, int]  # how many songs can start now, by the account's id
    reserved: int  # credits that those of the cards that wait are going to cost
    creators: Collection[int]  # who may create songs in the team

    @property
    def is_active(self) -> bool:
        return any(each.kind in MOVES for each in self.cards)

    @property
    def running_count(self) -> int:
        return sum(each.kind in RUNS for each in self.cards)


def with_card_relations(jobs: QuerySet[Job]) -> QuerySet[Job]:
    return of_cards(jobs).prefetch_related(_takes())


def of_cards(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """With all that their cards show but the takes."""
    retries = Job.objects.filter(retry_of=OuterRef("pk"))
    found: QuerySet[Any] = jobs.select_related(*OF_A_CARD)
    return found.annotate(is_retried=Exists(retries))


def with_takes(jobs: list[Job]) -> None:
    """For jobs that were read by a prepared query."""
    prefetch_related_objects(jobs, _takes())


def _takes() -> Prefetch:
    return Prefetch("song__takes", Clip.objects.prefetch_related("files").order_by("take"))


def of_page(team: Team, pk: UUID) -> Job | None:
    """One job of the team with all that its card shows."""
    found = _jobs(team, pk)
    with_takes(found)
    return next(iter(found), None)


@prepared
def _jobs(team: Team, pk: UUID) -> QuerySet[Job]:
    return of_cards(Job.objects.for_team(team).filter(pk=pk))


def surroundings(membership: Membership) -> Surroundings:
    subscription_ids = _subscription_ids(membership.team)
    return Surroundings(
        membership=membership,
        slots={each.account.pk: each for each in slot_counts.of_subscriptions(subscription_ids)},
        positions=fair_order.positions(subscription_ids),
        usual=durations.seconds(membership.team),
        creators=set(_creators(membership.team)),
        lent=lending.of_team(membership.team),
        readable=frozenset(_reading_tokens(membership.team)),
        is_paused=is_paused(membership.team),
    )


def is_paused(team: Team) -> bool:
    """Nothing is sent for the team, after a restored backup."""
    return bool(_holds(team))


def _subscription_ids(team: Team) -> list[int]:
    """Those for which a token of the team works: of the others it sees nothing."""
    return sorted(set(_working_tokens(team)))


@prepared
def _working_tokens(team: Team) -> QuerySet[ApiToken, int]:
    return ApiToken.objects.for_team(team).working().values_list("subscription_id", flat=True)


@prepared
def _creators(team: Team) -> QuerySet[Membership, int]:
    return Membership.objects.filter(team=team).creating().values_list("user_id", flat=True)


@prepared
def _holds(team: Team) -> QuerySet[Hold, UUID]:
    return Hold.of(team).values_list("pk", flat=True)


@prepared
def _reading_tokens(team: Team) -> QuerySet[ApiToken, int]:
    """Those where the team hears of its jobs: also by the token of somebody who has just left."""
    return ApiToken.objects.for_team(team).reading_jobs().values_list("subscription_id", flat=True)


def read(membership: Membership) -> Panel:
    """Whoever of the team it is for: the same."""
    around = surroundings(membership)
    shown = _shown(membership.team)
    cards = [written(job, around) for job in with_card_relations(shown)[:MOST_CARDS]]
    unseen = max(0, shown.count() - MOST_CARDS)
    reserved = sum(each.price.credits for each in cards if each.kind in WAITS)
    return Panel(
        cards=cards,
        unseen=unseen,
        slots=[_row(each) for each in around.slots.values() if each.account.block != FlowAccount.Block.GONE],
        credits=_credits(membership.team, reserved + unseen * _highest_price(around).credits),
        usual=[(OPERATIONS[name].label, clock(s)) for name, s in around.usual.items()],
        room={pk: slot_counts.room(each, around.now) for pk, each in around.slots.items()},
        reserved=reserved,
        creators=around.creators,
    )


def _shown(team: Team) -> QuerySet[Job]:
    """Live ones; what went wrong, and what somebody else ended, until it is dismissed; and a few of the newest done."""
    now = timezone.now()
    wrong = Q(state__in=[State.FAILED, State.REJECTED]) | ENDED_BY_ANOTHER
    wrong &= Q(finished_at__gte=now - timedelta(days=7))
    done = Job.objects.filter(
        team=team,
        state__in=[State.COMPLETED, State.CANCELLED, State.ABANDONED],
        finished_at__gte=now - RECENT,
    )
    newest = done.filter(hidden_at=None).order_by("-finished_at").values("pk")[:DONE_SHOWN]
    shown = Q(state__in=LIVE) | wrong | Q(pk__in=list(newest.values_list("pk", flat=True)))
    queued_last = Case(When(state=State.QUEUED, then=1), default=0)
    jobs = Job.objects.filter(shown, team=team, hidden_at=None, retries=None)
    return jobs.order_by(queued_last, "created_at", "batch_index")


def slot_rows(team: Team) -> dict[int, SlotRow]:
    """By the account's id, for pages that show accounts without the whole panel."""
    return {each.account.pk: _row(each) for each in slot_counts.of_subscriptions(_subscription_ids(team))}


def _row(each: Slots) -> SlotRow:
    used = min(each.account.max_jobs, each.ours + each.elsewhere)
    dots = account_sync.slot_dots(ours=each.ours, elsewhere=each.elsewhere, max_jobs=each.account.max_jobs)
    problem = FlowAccount.Block(each.account.block).label if each.account.block not in {"", "busy"} else ""
    return SlotRow(
        email=each.account.email,
        short=each.account.short,
        used=used,
        max_jobs=each.account.max_jobs,
        dots=dots if each.account.max_jobs <= MOST_DOTS else [],
        words=f"{used} of {each.account.max_jobs}",
        elsewhere=f"{each.elsewhere} from elsewhere" if each.elsewhere else "",
        problem=problem,
    )


def _highest_price(around: Surroundings) -> pricing.Price:
    return pricing.of_any(each.account for each in around.slots.values())


def _credits(team: Team, reserved: int) -> dict[str, int | None]:
    left = FlowAccount.objects.for_team(team).credits_left()
    return {
        "left": left,
        "reserved": reserved,
        "available": None if left is None else max(0, left - reserved),
    }
