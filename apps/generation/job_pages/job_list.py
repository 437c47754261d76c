"""The jobs page: filters by person and state, and keyset paging."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import QueryDict

from apps.accounts.models import Membership
from apps.generation.job_pages import panel, person_panel, shared_panel
from apps.generation.job_pages.card_writer import card, written
from apps.generation.job_pages.cards import Card
from apps.generation.job_pages.person_panel import PersonPanel
from apps.generation.job_pages.queue_moves import neighbours
from apps.generation.models import Chain, Job, State
from apps.generation.models.jobs import ENDED_BY_ANOTHER
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
    "needs": (
        "Needs attention",
        (Q(state__in=[State.UNKNOWN, State.FAILED, State.REJECTED]) | ENDED_BY_ANOTHER) & Q(hidden_at=None),
    ),
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
    live = person_panel.of(membership)
    is_filtered = state != "all" or who != "everyone" or bool(request_id or before)
    jobs = _filtered(membership, state, who, request_id)
    if is_filtered:
        is_whole = bool(request_id) or state == "queued"
        shown = _found(membership, *(_whole(jobs) if is_whole else _page(jobs, before)))
    else:
        shown = _newest(membership, live, jobs)
    if state == "queued" and not request_id:
        shown["cards"].sort(key=lambda each: each.position or 10**6)
        neighbours(shown["cards"])
    return {
        **shown,
        "panel": live,
        "mine": queue_counts(membership.team, membership.user),
        "filters": [(key, label, key == state) for key, (label, _) in FILTERS.items()],
        "chains": [] if request_id or before else _chains(membership, who, CHAINS.get(state, [])),
        "state": state,
        "who": who,
        "filtered": is_filtered,
    }


def _found(membership: Membership, page: list[Job], more: bool) -> dict[str, Any]:
    around = panel.surroundings(membership)
    return {"cards": [card(job, around) for job in page], "older": _after(page, more)}


def _newest(membership: Membership, live: PersonPanel, jobs: QuerySet[Job]) -> dict[str, Any]:
    """Below what is live, of all: rendered once for all of the role. `any`: whether there is a job at all."""

    def read() -> tuple[list[Card], str]:
        around = panel.surroundings(membership)
        page, more = _page(jobs, None)
        return [written(job, around) for job in page], _after(page, more)

    found = shared_panel.newest_of_role(membership, live.number, read)
    over = [each for each in found["cards"] if each["songs"][0] not in live.above]
    return {
        "any": bool(found["cards"]),
        "over": [person_panel.html_for(each, membership) for each in over],
        "older": found["older"],
    }


def _after(page: list[Job], more: bool) -> str:
    return str(Cursor(page[-1].created_at, page[-1].pk)) if more else ""


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
