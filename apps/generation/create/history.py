"""Lists recent prompts, each once, the newest first, to use again or to start from."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import Team, User
from apps.generation.models import Job
from apps.prepared import prepared

SHOWN, SHOWN_OF_OTHERS = 20, 10
SEARCHED = 100  # of the newest, so that one request sent many times doesn't make it slow
SEARCHED_OF_ALL = 500


@dataclass(frozen=True)
class EarlierRequest:
    """One distinct request: its newest job."""

    job: UUID
    text: str
    aside: str
    when: datetime
    who: str


def of_person(team: Team, user: User) -> list[EarlierRequest]:
    return _distinct(_newest_of(team, user))[:SHOWN]


def of_others(team: Team, user: User) -> list[EarlierRequest]:
    return _distinct(_newest_of_others(team, user))[:SHOWN_OF_OTHERS]


def of_team(team: Team, *, words: str = "", by: User | None = None) -> list[EarlierRequest]:
    """All of the newest, only those that hold every one of the words, if there are any."""
    requests = _requests(team).filter(asked_by=by) if by else _requests(team)
    return _distinct(requests[:SEARCHED_OF_ALL], words.casefold().split())


def _requests(team: Team) -> QuerySet[Job]:
    """A batch and its retries are one request. The combinations of a sweep are its own."""
    requests = Job.objects.for_team(team).filter(batch_index=0, retry_of=None, operation="music", cell=None)
    return (
        requests.select_related("asked_by").only("params", "created_at", "asked_by").order_by("-created_at")
    )


@prepared
def _newest_of(team: Team, user: User) -> QuerySet[Job]:
    return _requests(team).filter(asked_by=user)[:SEARCHED]


@prepared
def _newest_of_others(team: Team, user: User) -> QuerySet[Job]:
    return _requests(team).exclude(asked_by=user)[:SEARCHED]


def _distinct(jobs: Iterable[Job], words: list[str] | None = None) -> list[EarlierRequest]:
    distinct: dict[str, EarlierRequest] = {}
    for job in jobs:
        text = json.dumps(job.params, sort_keys=True, ensure_ascii=False)
        if all(word in _said(job.params) for word in words or []):
            distinct.setdefault(text, _earlier_request(job))
    return list(distinct.values())


def _said(params: dict[str, Any]) -> str:
    return f"{params.get('prompt', '')} {params.get('lyrics', '')}".casefold()


def _earlier_request(job: Job) -> EarlierRequest:
    prompt = " ".join(str(job.params.get("prompt", "")).split())
    return EarlierRequest(
        job=job.pk,
        text=f"{prompt[:90]}…" if len(prompt) > 90 else prompt,
        aside=_aside(job.params),
        when=job.created_at,
        who=job.asked_by.short_name if job.asked_by else "A former member",
    )


def _aside(params: dict[str, Any]) -> str:
    """What tells two requests with the same prompt apart."""
    if params.get("instrumental"):
        return "instrumental"
    if params.get("lyrics"):
        return "own lyrics"
    return "ghostwriter" if params.get("ghostwriter") else "no own lyrics"
