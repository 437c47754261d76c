"""What the Flow Music API returns, read tolerantly: unknown fields are ignored, wrong types become None.

Only what nothing can be done without raises ParseError: the id of a job or clip, the e-mail of an account.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from apps.upstream import fields
from apps.upstream.fields import ParseError
from apps.upstream.ids import JobId
from apps.upstream.redaction import hide, without_secrets

__all__ = ["AccountSlots", "ClipPage", "ClipRecord", "FlowAccount", "JobRecord", "ParseError", "RunningJob"]

Item = TypeVar("Item")

TERMINAL = frozenset({"completed", "failed"})


@dataclass(frozen=True, slots=True)
class FlowAccount:
    """One configured account (get-flowmusic-accounts.md, get-flowmusic-accounts-email.md).

    `credits` is None in the list, for an account in error, and when Flow Music did not say. An `error`
    means unusable.
    """

    email: str
    tier: str = "unknown"
    max_jobs: int | None = None
    error: str | None = None
    credits: int | None = None

    @classmethod
    def parse(cls, data: object, *, email: str | None = None) -> FlowAccount:
        """`email`: the key in the list, for a record that does not repeat it."""
        record = fields.mapping(data, "account")
        return cls(
            email=fields.essential(record.get("email") or email, "email"),
            tier=fields.text(record.get("tier")) or "unknown",
            max_jobs=fields.whole(record.get("maxJobs")),
            error=_reason(record.get("error"))[1],
            credits=fields.whole(record.get("credits_remaining")),
        )


@dataclass(frozen=True, slots=True)
class ClipRecord:
    """One take (post-flowmusic-music.md). `clip_id` is the API's `clip`; lengths and marks are in seconds.

    `lyrics` is "[Instrumental]" for an instrumental. `lyrics_timing` is [start, end] pairs without text.
    Links may expire.
    """

    clip_id: str
    title: str | None = None
    lyrics: str | None = None
    duration_s: float | None = None
    seed: int | None = None
    lyrics_timing: tuple[tuple[float, float], ...] | None = None
    created_at: datetime | None = None
    audio_url: str | None = None
    wav_url: str | None = None
    image_url: str | None = None

    @classmethod
    def parse(cls, data: object) -> ClipRecord:
        record = fields.mapping(data, "clip")
        return cls(
            clip_id=fields.essential(record.get("clip"), "clip"),
            title=fields.text(record.get("title")),
            lyrics=fields.text(record.get("lyrics")),
            duration_s=fields.seconds(record.get("duration_s")),
            seed=fields.whole(record.get("seed")),
            lyrics_timing=fields.pairs(record.get("lyrics_timing")),
            created_at=fields.moment(record.get("created_at")),
            audio_url=fields.text(record.get("audio_url")),
            wav_url=fields.text(record.get("wav_url")),
            image_url=fields.text(record.get("image_url")),
        )


@dataclass(frozen=True, slots=True)
class ClipPage:
    """One page of an account's clips (get-flowmusic-music.md), which have no created_at and no seed there, and
    perhaps no links. `next` is the offset of the page after it, None on the last one.
    """

    clips: tuple[ClipRecord, ...]
    next: int | None

    @classmethod
    def parse(cls, data: object) -> ClipPage:
        record = fields.mapping(data, "page of clips")
        if not isinstance(record.get("clips"), list):
            raise ParseError("the page of clips has no list of them")
        return cls(_each(record["clips"], ClipRecord.parse), fields.whole(record.get("next")))


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
        record = fields.mapping(data, "job")
        jobid = fields.essential(record.get("jobid"), "jobid")
        clips = _each(record.get("clips"), ClipRecord.parse)
        error_code, error_message = _reason(record.get("error"))
        request = record.get("request")
        return cls(
            jobid=jobid,
            email=fields.text(record.get("email")) or _email_in(jobid),
            status=_status(record, failed=bool(error_code or error_message)),
            operation=fields.text(record.get("operation")),
            created_at=fields.moment(record.get("created_at")),
            duration_ms=fields.whole(record.get("duration_ms")),
            clips=clips,
            error_code=error_code,
            error_message=error_message,
            reference=fields.text(request.get("replyRef")) if isinstance(request, Mapping) else None,
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
        record = fields.mapping(data, "job")
        return cls(
            jobid=fields.essential(record.get("jobid"), "jobid"),
            status=_status(record, failed=False),
            operation=fields.text(record.get("operation")),
            created_at=fields.moment(record.get("created_at")),
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
        record = fields.mapping(data, "slots")
        jobs = _each(record.get("jobs"), RunningJob.parse)
        running = fields.whole(record.get("running"))
        return cls(
            email=email,
            running=len(jobs) if running is None else max(0, running),
            max_jobs=fields.whole(record.get("maxJobs")),
            jobs=jobs,
        )


def _each(items: object, parse: Callable[[object], Item]) -> tuple[Item, ...]:
    """The entries of a list that can be read; one bad entry does not hide the others."""
    found: list[Item] = []
    for item in items if isinstance(items, list) else []:
        try:
            found.append(parse(item))
        except ParseError:
            continue
    return tuple(found)


def _status(record: Mapping[str, Any], *, failed: bool) -> str:
    """A status that the pages do not name counts as still running, unless there is an error beside it."""
    status = (fields.text(record.get("status")) or "").lower()
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
    code, words = fields.reason(error)
    return code, hide(words) if words else words
