"""Ends jobs, through transitions.py: completed, cancelled, removed from the queue, or failed."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError
from django.db.models import Q
from django.utils import timezone

from apps.accounts import usage_sync
from apps.accounts.models import ApiToken, User
from apps.generation.jobs.transitions import move
from apps.generation.models import Job, State
from apps.library.models import Song
from apps.library.songs import save_song
from apps.upstream.records import ClipRecord
from apps.wake import wake

NOT_NEEDED = "not_needed"


def fail(job: Job, text: str, *, where: Q | None = None, **values: Any) -> bool:
    """The remote side tried and made nothing. `where`: what an answer is about, for it says nothing of another POST."""
    sources, now = {State.SUBMITTING, State.RUNNING, State.UNKNOWN}, timezone.now()
    return move(job, sources, State.FAILED, text, where=where, finished_at=now, check_at=None, **values)


def finish_cancelled(job: Job, text: str, *, where: Q | None = None, **values: Any) -> bool:
    sources, now = {State.RUNNING, State.UNKNOWN}, timezone.now()
    return move(job, sources, State.CANCELLED, text, where=where, finished_at=now, check_at=None, **values)


def start_collecting(job: Job, **values: Any) -> bool:
    """It is made: from now on only its files are missing."""
    try:
        return _start_collecting(job, **values)
    except IntegrityError:
        # It was marked as lost and retried, and that lives: both were paid for, and both are kept.
        if job.retry_of_id is None:
            raise
        return _start_collecting(job, retry_of=None, **values)


def _start_collecting(job: Job, **values: Any) -> bool:
    sources = {State.SUBMITTING, State.RUNNING, State.UNKNOWN, State.ABANDONED}
    values |= {"collecting_since": timezone.now(), "check_at": None}
    return move(job, sources, State.COLLECTING, "Finished at Flow Music. Saving the files.", **values)


def song_of(job: Job, clips: Iterable[ClipRecord], *, jobid: str = "") -> Song:
    """What was made for it, kept as a song of the team; the same one when it is kept again."""
    return save_song(
        team=job.team,
        subscription=job.subscription,
        account=job.ran_on or job.account,
        asked_by=job.asked_by,
        operation=job.operation,
        params=job.params,
        clips=clips,
        jobid=jobid,
        source=job.source,
        asked_at=job.created_at,
        batch_index=job.batch_index,
        batch_size=job.batch_size,
    )


def adopt(job: Job, text: str, *, by: User) -> bool:
    """A person has found it. Only what was sent, or may have been, and is still lost."""
    sources = {State.UNKNOWN, State.ABANDONED, State.CANCELLED}
    values = {"collecting_since": timezone.now(), "finished_at": None, "check_at": None, "hidden_at": None}
    sent = Q(song=None) & (Q(sent_at__isnull=False) | Q(restored_at__isnull=False))
    return move(job, sources, State.COLLECTING, text, where=sent, by=by, error_text="", **values)


def unadopt(job: Job, text: str) -> bool:
    """What was taken for it is another's: it is lost as before."""
    sources = {State.COLLECTING, State.COMPLETED}
    return move(job, sources, State.ABANDONED, text, song=None, finished_at=timezone.now())


def finish(job: Job, text: str, **values: Any) -> bool:
    """Its answer was all there is, and is kept."""
    sources = {State.SUBMITTING, State.UNKNOWN, State.ABANDONED}
    return move(job, sources, State.COMPLETED, text, finished_at=timezone.now(), **values)


def complete(job: Job, text: str) -> bool:
    done = move(job, {State.COLLECTING}, State.COMPLETED, text, finished_at=timezone.now())
    if done:
        # The account's usage tells by now what it has cost.
        wake("accounts.learn", job.subscription_id, str(job.team_id))
        _read_usage(job)
    return done


def _read_usage(job: Job) -> None:
    """Once nothing more is made on its account, so that what was charged stands beside what was requested.

    With a working token of the job's own team, and never sooner than what was read before is old.
    """
    account = job.ran_on
    if account is None or job.asked_by is None or Job.objects.live().filter(ran_on=account).exists():
        return
    working = ApiToken.objects.for_team(job.team).working().filter(subscription=account.subscription_id)
    if usage_sync.is_stale(account, timezone.now(), ended_at=None) and working.exists():
        usage_sync.want([account], team=job.team, by=job.asked_by)


def remove(job: Job) -> bool:
    """A row that came back into the queue after it was cancelled."""
    asked, now = Q(cancel_requested_at__isnull=False), timezone.now()
    return move(
        job,
        {State.QUEUED},
        State.CANCELLED,
        "Removed from the queue. Nothing spent.",
        where=asked,
        finished_at=now,
    )


def call_off(job: Job, text: str) -> bool:
    """One in the queue that is not needed any more, though nobody removed it."""
    return move(
        job,
        {State.QUEUED},
        State.CANCELLED,
        text,
        error_code=NOT_NEEDED,
        finished_at=timezone.now(),
        hidden_at=timezone.now(),
    )
