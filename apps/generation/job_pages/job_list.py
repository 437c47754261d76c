"""The jobs page: filters by person and state, and keyset paging."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import QueryDict

from apps.accounts.models import Membership
from apps.generation.job_pages import panel, person_panel
from apps.generation.job_pages.card_writer import card
from apps.generation.job_pages.queue_moves import neighbours
from apps.generation.models import Chain, Job, State
from apps.generation.queue.own_order import queue_counts
from apps.library.search.song_list import Cursor
from apps.uuids import uuid_or_none

PER_PAGE = 30
MOST_WHOLE = 200  # of the queue, or of one request: shown whole, the first one first
MOST_CHAINS = 20
# Which chains of edits stand above the jobs.
CHAINS = {
    "all": [Chain.Status.RUNNING, Chain.Status.STOPPED],
    "needs": [Chain.Status.STOPPED],
    "running": [Chain.Status.RUNNING],
}

FILTERS = {
    "all": ("All", Q()),
    "needs": ("Needs attention", Q(state__in=[State.UNKNOWN, State.FAILED, State.REJECTED], hidden_at=None)),
    "running": ("Running", Q(state__in=[State.SUBMITTING, State.RUNNING, State.COLLECTING])),
    "queued": ("Queued", Q(state=State.QUEUED)),
    "done": ("Done", Q(state=State.COMPLETED)),
    "closed": ("Cancelled", Q(state__in=[State.CANCELLED, State.ABANDONED])),
}

# What kept addresses may still say.
EARLIER = {"line": "queued"}


def context(membership: Membership, query: QueryDict) -> dict[str, Any]:
    """What jobs.html shows for ?who=mine|everyone&state=<filter>&request=<nonce>&before=<cursor>.

    Unknown values mean no filter.
    """
    state = EARLIER.get(query.get("state", ""), query.get("state", "all"))
    state = state if state in FILTERS else "all"
    who = "mine" if query.get("who") == "mine" else "everyone"
    request_id = uuid_or_none(query.get("request", query.get("wish", "")))
    before = Cursor.parse(query.get("before", ""))
    jobs = _filtered(membership, state, who, request_id)
    page, more = _whole(jobs) if request_id or state == "queued" else _page(jobs, before)
    live = person_panel.of(membership)
    around = panel.surroundings(membership)
    cards = [card(job, around) for job in page]
    if state == "queued" and not request_id:
        cards.sort(key=lambda each: each.position or 10**6)
        neighbours(cards)
    return {
        "panel": live,
        "mine": queue_counts(membership.team, membership.user),
        "cards": cards,
        "over": [each for each in cards if str(each.id) not in live.above],
        "filters": [(key, label, key == state) for key, (label, _) in FILTERS.items()],
        "chains": [] if request_id or before else _chains(membership, who, CHAINS.get(state, [])),
        "state": state,
        "who": who,
        "filtered": state != "all" or who != "everyone" or bool(request_id or before),
        "older": Cursor(page[-1].created_at, page[-1].pk) if more else None,
    }


def _chains(membership: Membership, who: str, which: list[Chain.Status]) -> QuerySet[Chain]:
    """Also those that stand still after a job that went well: no card says so. These come first."""
    chains = Chain.objects.for_team(membership.team).filter(status__in=which)
    chains = chains.select_related("target__song", "asked_by")
    if who == "mine":
        chains = chains.filter(asked_by=membership.user_id)
    return chains.order_by("-status", "-created_at")[:MOST_CHAINS]


def _filtered(membership: Membership, state: str, who: str, request_id: UUID | None) -> QuerySet[Job]:
    jobs = Job.objects.for_team(membership.team).filter(FILTERS[state][1])
    if who == "mine":
        jobs = jobs.filter(asked_by=membership.user_id)
    return panel.with_card_relations(jobs.filter(nonce=request_id) if request_id else jobs)


def _whole(jobs: QuerySet[Job]) -> tuple[list[Job], bool]:
    return list(jobs.order_by("created_at", "batch_index")[:MOST_WHOLE]), False


def _page(jobs: QuerySet[Job], before: Cursor | None) -> tuple[list[Job], bool]:
    if before:
        jobs = jobs.filter(before.older)
    newest = list(jobs.order_by("-created_at", "-pk")[: PER_PAGE + 1])
    return newest[:PER_PAGE], len(newest) > PER_PAGE
