"""What the Flow Music API returns, read tolerantly: unknown fields are ignored, wrong types become None.

Only what nothing can be done without raises ParseError: the id of a job or clip, the e-mail of an account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.upstream import parsing
from apps.upstream.asset_records import AssetRecord, LyricsRecord
from apps.upstream.clips import ClipPage, ClipRecord, StemsRecord
from apps.upstream.ids import JobId
from apps.upstream.parsing import ParseError, each
from apps.upstream.redaction import hide, without_secrets

__all__ = [
    "AccountRecord",
    "AccountSlots",
    "AssetRecord",
    "ClipPage",
    "ClipRecord",
    "JobRecord",
    "LyricsRecord",
    "ParseError",
    "RunningJob",
    "StemsRecord",
]

TERMINAL = frozenset({"completed", "failed"})
MOST_SLOTS = 100  # of an account; the page names 16
MOST_ACCOUNTS, MOST_RUNNING = 100, 200  # of a subscription, and in the list of an account


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """One configured account (get-flowmusic-accounts.md, get-flowmusic-accounts-email.md).

    `credits` and `tokens` are None in the list, for an account in error, and when Flow Music did not say. An
    `error` means unusable. `subscription_plan` and `provider` are None on a free plan. `added`: when it was
    connected; `refreshed_at`: when its sign-in was last renewed.
    """

    email: str
    tier: str = "unknown"
    max_jobs: int | None = None
    error: str | None = None
    credits: int | None = None
    tokens: int | None = None
    subscription_plan: str | None = None
    provider: str | None = None
    added: datetime | None = None
    refreshed_at: datetime | None = None

    @classmethod
    def parse(cls, data: object, *, email: str | None = None) -> AccountRecord:
        """`email`: the key in the list, for a record that does not repeat it."""
        record = parsing.mapping(data, "account")
        return cls(
            email=parsing.address(record.get("email") or email),
            tier=parsing.text(record.get("tier"), 20) or "unknown",
            max_jobs=_slots(record.get("maxJobs")),
            error=_reason(record.get("error"))[1],
            credits=parsing.count(
                record.get("credits_remaining"), parsing.MOST_CREDITS, -parsing.MOST_CREDITS
            ),
            tokens=parsing.count(record.get("tokens_remaining"), parsing.MOST_TOKENS, -parsing.MOST_TOKENS),
            subscription_plan=parsing.text(record.get("subscription_plan")),
            provider=parsing.text(record.get("provider")),
            added=parsing.moment(record.get("added")),
            refreshed_at=parsing.moment(record.get("refreshed_at")),
        )


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job (get-flowmusic-jobs-jobid.md). `status` is pending, completed or failed; `operation` is None
    for songs.

    A failed job may lack `duration_ms`, a pending one has no clips. `reference` is
    the `replyRef` that it was sent with. `raw` is the whole record with `replyUrl` hidden.
    """

    jobid: str
    email: str
    status: str
    operation: str | None
    created_at: datetime | None
    duration_ms: int | None
    clips: tuple[ClipRecord, ...]
    error_code: str | None
    error_message: str | None
    reference: str | None
    raw: dict[str, Any]

    @classmethod
    def parse(cls, data: object) -> JobRecord:
        """Only the jobid is essential: a song that was paid for is not lost over an odd field beside it."""
        record = parsing.mapping(data, "job")
        jobid = parsing.essential(record.get("jobid"), "jobid")
        clips = each(record.get("clips"), ClipRecord.parse)
        error_code, error_message = _reason(record.get("error"))
        request = record.get("request")
        return cls(
            jobid=jobid,
            email=parsing.text(record.get("email")) or _email_in(jobid),
            status=_status(record, failed=bool(error_code or error_message)),
            operation=parsing.text(record.get("operation")),
            created_at=parsing.moment(record.get("created_at")),
            duration_ms=parsing.count(record.get("duration_ms")),
            clips=clips,
            error_code=error_code,
            error_message=error_message,
            reference=parsing.text(request.get("replyRef")) if isinstance(request, Mapping) else None,
            raw=without_secrets(dict(record)),
        )


@dataclass(frozen=True, slots=True)
class RunningJob:
    """One line of GET /jobs (get-flowmusic-jobs.md); it has no `request`."""

    jobid: str
    status: str = "pending"
    operation: str | None = None
    created_at: datetime | None = None

    @classmethod
    def parse(cls, data: object) -> RunningJob:
        record = parsing.mapping(data, "job")
        return cls(
            jobid=parsing.essential(record.get("jobid"), "jobid"),
            status=_status(record, failed=False),
            operation=parsing.text(record.get("operation")),
            created_at=parsing.moment(record.get("created_at")),
        )


@dataclass(frozen=True, slots=True)
class AccountSlots:
    """What runs on one account: `running` of `max_jobs`, async jobs only.

    `max_jobs` is None if the API did not say.
    """

    email: str
    running: int
    max_jobs: int | None
    jobs: tuple[RunningJob, ...]

    @classmethod
    def parse(cls, data: object, *, email: str) -> AccountSlots:
        record = parsing.mapping(data, "slots")
        jobs = each(record.get("jobs"), RunningJob.parse, MOST_RUNNING)
        running = parsing.count(record.get("running"), parsing.MOST_SMALL)
        return cls(
            email=parsing.address(email),
            running=len(jobs) if running is None else running,
            max_jobs=_slots(record.get("maxJobs")),
            jobs=jobs,
        )


def _slots(said: object) -> int | None:
    """How many jobs an account may run at once; a number below 1 says nothing."""
    found = parsing.count(said, MOST_SLOTS)
    return found or None


def _status(record: Mapping[str, Any], *, failed: bool) -> str:
    """A status that the pages do not name counts as still running, unless there is an error beside it."""
    status = (parsing.text(record.get("status")) or "").lower()
    if status in TERMINAL:
        return status
    return "failed" if failed else "pending"


def _email_in(jobid: str) -> str:
    try:
        return JobId.parse(jobid).email
    except ValueError:
        return ""


def _reason(error: object) -> tuple[str | None, str | None]:
    """Code and words of an error, shown to people: without anything that looks like a secret."""
    code, words = parsing.reason(error)
    return code, hide(words) if words else words
