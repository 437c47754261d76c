"""Applies a job record of the remote side to our job (GET /jobs/{jobid}; the POST and the webhook carry the same).

Everything here may be called twice with the same news and in any order.
"""

import re
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.generation.jobs import counted_credits, endings, pricing, transitions
from apps.generation.models import Job, State
from apps.generation.recovery import adoption
from apps.upstream.records import JobRecord

# The remote side's reasons in plain English, by the record's error code.
FAILURES = {
    "moderation_reject": "Flow Music declined this one. Leave out names of artists and songs.",
    "no_clips": "Flow Music finished, but without any audio. Retry it, or edit the prompt.",
}
# Flow Music's own refusal, in the words of post-flowmusic-music: nothing was begun.
REFUSED = re.compile(r"\bfailed \((402|429)\)")
OTHER_FAILURE = "Flow Music could not create this one. Retry it, or edit the prompt."


def apply(job: Job, record: JobRecord) -> None:
    """Accepts the record's jobid for the job and follows its status."""
    if adoption.confirm(job, record):
        return
    if not transitions.accept(job, record.jobid, account_email=record.email):
        return
    if record.status == "completed" and record.clips:
        collect(job, record)
    elif record.status == "completed":
        fail(job, record, code="no_clips")
    elif record.status == "failed":
        fail(job, record)
    elif job.cancel_requested_at and not job.cancel_sent_at:
        Job.objects.filter(pk=job.pk).update(check_at=timezone.now())


def collect(job: Job, record: JobRecord) -> None:
    """Keeps its takes as a song of the team. From here on only files are missing."""
    with transaction.atomic():
        if endings.start_collecting(job, duration_ms=record.duration_ms):
            song = endings.song_of(job, record.clips, jobid=record.jobid)
            adoption.hand_over(job, song, record)
            Job.objects.filter(pk=job.pk).update(song=song)


def fail(
    job: Job,
    record: JobRecord,
    *,
    code: str = "",
    evidence: dict[str, Any] | None = None,
    where: Q | None = None,
) -> None:
    """A record that ended without audio: cancelled if that was requested, else failed with the reason."""
    code = (code or record.error_code or "")[:60]
    values: dict[str, Any] = {
        "jobid": record.jobid or None,
        "duration_ms": record.duration_ms,
        "where": where,
    }
    if job.state == State.ABANDONED:
        transitions.note(job, "Flow Music created nothing.", where=Q(check_at__isnull=False), check_at=None)
    elif code == "user_cancelled":
        text = "Cancelled. What it cost is spent; the song may still turn up at Flow Music."
        endings.finish_cancelled(job, text, error_code=code, **values)
    else:
        refused = REFUSED.search(record.error_message or "") is not None
        cost = "Nothing was spent." if refused else f"It may have cost {pricing.of_job(job, [])}."
        failed = endings.fail(
            job,
            "Flow Music created nothing.",
            error_code=code,
            error_text=f"{FAILURES.get(code, OTHER_FAILURE)} {cost}",
            error_quote=(record.error_message or "")[:500],
            evidence=evidence or {"record": record.raw},
            **values,
        )
        if failed and refused:
            counted_credits.settle(job, 0)
