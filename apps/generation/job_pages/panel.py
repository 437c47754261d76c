"""The live panel and the jobs page: the team's jobs in four groups, slots, credits and usual times.

The number of queries doesn't grow with jobs, accounts or members (tests/generation/job_pages/test_panel.py).
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Case, Prefetch, Q, QuerySet, When
from django.utils import timezone

from apps.accounts import account_sync
from apps.accounts.models import ApiToken, FlowAccount, Membership, Team
from apps.accounts.templatetags.formatting import clock
from apps.generation.job_pages import batch_cards
from apps.generation.job_pages.cards import Card, Surroundings, card
from apps.generation.job_pages.queue_moves import neighbours
from apps.generation.jobs import durations, pricing
from apps.generation.models import Hold, Job, PanelVersion, State
from apps.generation.models.jobs import LIVE
from apps.generation.operations import OPERATIONS
from apps.generation.queue import fair_order
from apps.generation.queue import slots as slot_counts
from apps.generation.queue.slots import Slots
from apps.library.models import Clip
from apps.plural import counted

# What a card of a job shows of other rows.
OF_A_CARD = (
    "asked_by",
    "token",
    "subscription",
    "account",
    "ran_on",
    "song",
    "source__song",
    "file",
    "lyric_draft",
)
RECENT = timedelta(hours=12)
DONE_SHOWN = 6
MOST_CARDS = 80
NEEDS = {"blocked", "failed", "rejected", "unknown", "given_up"}
RUNS, WAITS = batch_cards.MOVING, batch_cards.WAITING
MOVES = RUNS | {"queued", "next", "unknown"}  # without one of them the page asks less often


@dataclass(frozen=True)
class SlotRow:
    """One Flow Music account's slots: `ours`, `elsewhere`, `free`, one word per slot."""

    email: str
    short: str
    used: int
    max_jobs: int
    dots: list[str]
    words: str
    problem: str


@dataclass(frozen=True)
class Group:
    key: str
    title: str
    cards: list[Card]
    count: int
    note: str = ""


@dataclass(frozen=True)
class Panel:
    version: int
    active: int
    running_count: int
    needs_count: int  # songs that go on only when a person does something
    unseen: int  # further jobs, the youngest, for which there is no room here
    slots: list[SlotRow]
    groups: list[Group]
    credits: dict[str, int | None]
    usual: list[tuple[str, str]]

    room: dict[int, int]  # how many songs can start now, by the account's id

    @property
    def before(self) -> int:
        """How many are queued already."""
        return sum(group.count for group in self.groups if group.key == "queued")


def with_card_relations(jobs: QuerySet[Job]) -> QuerySet[Job]:
    takes = Prefetch("song__takes", Clip.objects.prefetch_related("files").order_by("take"))
    return jobs.select_related(*OF_A_CARD).prefetch_related(takes)


def surroundings(membership: Membership) -> Surroundings:
    subscription_ids = _subscription_ids(membership.team)
    return Surroundings(
        membership=membership,
        slots={each.account.pk: each for each in slot_counts.of_subscriptions(subscription_ids)},
        positions=fair_order.positions(subscription_ids),
        usual=durations.seconds(membership.team),
        creators=set(membership.team.memberships.creating().values_list("user_id", flat=True)),
        readable=frozenset(subscription_ids),
        is_paused=Hold.of(membership.team).exists(),
    )


def _subscription_ids(team: Team) -> list[int]:
    """Those for which a token of the team works: of the others it sees nothing."""
    tokens = ApiToken.objects.for_team(team).working().values_list("subscription_id", flat=True)
    return sorted(set(tokens))


def of_team(membership: Membership) -> Panel:
    """The whole panel of the person's team. The version is read first: what changes meanwhile comes next time."""
    version = PanelVersion.of(membership.team)
    around = surroundings(membership)
    shown = _shown(membership.team)
    cards = [card(job, around) for job in with_card_relations(shown)[:MOST_CARDS]]
    unseen = max(0, shown.count() - MOST_CARDS)
    return Panel(
        version=version,
        active=int(any(each.kind in MOVES for each in cards)),
        running_count=sum(each.kind in RUNS for each in cards),
        needs_count=sum(each.kind in NEEDS for each in cards),
        unseen=unseen,
        slots=[_row(each) for each in around.slots.values() if each.account.block != FlowAccount.Block.GONE],
        groups=_groups(cards),
        credits=_credits(membership.team, _reserved(cards) + unseen * _highest_price(around).credits),
        usual=[(OPERATIONS[name].label, clock(s)) for name, s in around.usual.items()],
        room={pk: slot_counts.room(each, around.now) for pk, each in around.slots.items()},
    )


def _shown(team: Team) -> QuerySet[Job]:
    """Live ones; what went wrong until it is dismissed; and a few of the newest done."""
    now = timezone.now()
    wrong = Q(state__in=[State.FAILED, State.REJECTED], finished_at__gte=now - timedelta(days=7))
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


def _groups(cards: list[Card]) -> list[Group]:
    folded = batch_cards.fold(cards)
    queue = sorted((each for each in folded if each.kind in WAITS), key=lambda each: each.position or 10**6)
    neighbours(queue)
    reserved = _reserved(cards)
    done = [each for each in reversed(folded) if each.kind not in NEEDS | RUNS | WAITS]
    found = [
        ("needs", "Needs attention", [each for each in folded if each.kind in NEEDS], ""),
        ("running", "Running", [each for each in folded if each.kind in RUNS], ""),
        ("queued", "Queued", queue, f"{counted(reserved, 'credit')} reserved" if reserved else ""),
        ("done", "Done", done, ""),
    ]
    return [Group(key, title, group, _songs(group), note) for key, title, group, note in found if group]


def _songs(group: list[Card]) -> int:
    return sum(max(1, len(each.segments)) for each in group)


def slot_rows(team: Team) -> dict[int, SlotRow]:
    """By the account's id, for pages that show accounts without the whole panel."""
    return {each.account.pk: _row(each) for each in slot_counts.of_subscriptions(_subscription_ids(team))}


def _row(each: Slots) -> SlotRow:
    used = min(each.account.max_jobs, each.ours + each.elsewhere)
    dots = account_sync.slot_dots(ours=each.ours, elsewhere=each.elsewhere, max_jobs=each.account.max_jobs)
    words = f"{used} of {each.account.max_jobs}" + (
        f", {each.elsewhere} from elsewhere" if each.elsewhere else ""
    )
    problem = FlowAccount.Block(each.account.block).label if each.account.block not in {"", "busy"} else ""
    return SlotRow(
        email=each.account.email,
        short=each.account.short,
        used=used,
        max_jobs=each.account.max_jobs,
        dots=dots,
        words=words,
        problem=problem,
    )


def _reserved(cards: list[Card]) -> int:
    """Credits that what waits is going to cost."""
    return sum(each.price.credits for each in cards if each.kind in WAITS)


def _highest_price(around: Surroundings) -> pricing.Price:
    return pricing.of_any(each.account for each in around.slots.values())


def _credits(team: Team, reserved: int) -> dict[str, int | None]:
    left = FlowAccount.objects.for_team(team).credits_left()
    return {
        "left": left,
        "reserved": reserved,
        "available": None if left is None else max(0, left - reserved),
    }
