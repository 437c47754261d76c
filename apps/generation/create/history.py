"""Recent prompts, to be used again or to start from: each once, the newest first."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import Team, User
from apps.generation.models import Job

SHOWN, SHOWN_OF_OTHERS = 20, 10
LOOK_AT = 100  # of the newest, so that one request sent many times doesn't make it slow
LOOK_AT_ALL = 500


@dataclass(frozen=True)
class PastRequest:
    """One distinct request: its newest job."""

    job: UUID
    text: str
    aside: str
    when: datetime
    who: str


def of_person(team: Team, user: User) -> list[PastRequest]:
    return _distinct(_asked(team).filter(asked_by=user)[:LOOK_AT])[:SHOWN]


def of_others(team: Team, user: User) -> list[PastRequest]:
    return _distinct(_asked(team).exclude(asked_by=user)[:LOOK_AT])[:SHOWN_OF_OTHERS]


def of_team(team: Team, *, words: str = "", by: User | None = None) -> list[PastRequest]:
    """All of the newest, only those that hold every one of the words, if there are any."""
    asked = _asked(team).filter(asked_by=by) if by else _asked(team)
    return _distinct(asked[:LOOK_AT_ALL], words.casefold().split())


def _asked(team: Team) -> QuerySet[Job]:
    """A batch and its retries are one request. The combinations of a sweep are its own."""
    requests = Job.objects.for_team(team).filter(batch_index=0, retry_of=None, operation="music", cell=None)
    return (
        requests.select_related("asked_by").only("params", "created_at", "asked_by").order_by("-created_at")
    )


def _distinct(jobs: QuerySet[Job], words: list[str] | None = None) -> list[PastRequest]:
    found: dict[str, PastRequest] = {}
    for job in jobs:
        text = json.dumps(job.params, sort_keys=True, ensure_ascii=False)
        if all(word in _said(job.params) for word in words or []):
            found.setdefault(text, _past(job))
    return list(found.values())


def _said(params: dict[str, Any]) -> str:
    return f"{params.get('prompt', '')} {params.get('lyrics', '')}".casefold()


def _past(job: Job) -> PastRequest:
    prompt = " ".join(str(job.params.get("prompt", "")).split())
    return PastRequest(
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
