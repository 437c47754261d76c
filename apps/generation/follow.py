"""Reading job records: of jobids not known yet, and of our jobs that may have ended.

A jobid seen for the first time is read once and remembered with the `replyRef` of its record: so a job whose answer
was lost is found. A job of ours that left the list is read until its record is terminal or gone.
"""

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import InterfaceError, OperationalError
from django.db.models import F, QuerySet
from django.utils import timezone

from apps import shutdown
from apps.accounts import clients
from apps.accounts.models import Subscription
from apps.generation import ends, records, transitions
from apps.generation.models import Job, SeenJob, State
from apps.upstream import errors
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.records import JobRecord

logger = logging.getLogger(__name__)

READ_AT_ONCE = 8  # records asked for side by side
READ_PER_TICK = 64
READ_AGAIN = timedelta(seconds=30)

Answer = JobRecord | errors.UpstreamError


def hinted(subscription_id: int) -> None:
    """Reads what webhooks and people pointed at, without waiting for the next list."""
    subscription = Subscription.objects.filter(pk=subscription_id).first()
    found = clients.of_subscription(subscription) if subscription else None
    if not subscription or not found:
        return
    token, client = found
    try:
        read_candidates(subscription, client)
        read_ours(claim_hinted(subscription), client)
    except errors.TokenRefused as error:
        token.refuse(at=timezone.now(), reason=error.user_message)


def with_relations(jobs: QuerySet[Job]) -> QuerySet[Job]:
    return jobs.select_related("team", "subscription", "ran_on", "asked_by")


def claim_hinted(subscription: Subscription) -> list[Job]:
    """Our jobs whose `check_at` has come, each for one reader; if that one dies they are due again."""
    now = timezone.now()
    states = [State.RUNNING, State.UNKNOWN, State.ABANDONED]
    due = subscription.jobs.filter(check_at__lte=now, jobid__isnull=False, state__in=states)
    mine = []
    for job in with_relations(due)[:READ_PER_TICK]:
        later = now + READ_AGAIN
        if Job.objects.filter(pk=job.pk, check_at=job.check_at).update(check_at=later):
            job.check_at = later
            mine.append(job)
    return mine


def read_candidates(subscription: Subscription, client: FlowMusic) -> None:
    """Reads records whose `replyRef` isn't known yet; one with a reference of ours is our job."""
    unread = SeenJob.objects.filter(subscription=subscription, read_at=None).order_by("tries", "pk")[
        :READ_PER_TICK
    ]
    by_jobid = {seen.jobid: seen for seen in unread}
    for jobid, answer in _read_all(client, by_jobid):
        seen = SeenJob.objects.filter(pk=by_jobid[jobid].pk)
        if isinstance(answer, JobRecord):
            reference = (answer.reference or "")[:200]
            job = with_relations(subscription.jobs.filter(reference=reference)).first() if reference else None
            if job is None or _apply(job, answer):
                seen.update(reference=reference, read_at=timezone.now())
        elif isinstance(answer, errors.Gone | errors.Forbidden) or _is_old(by_jobid[jobid]):
            # Forgotten, not marked as read: it may be named again, by a list or by a webhook that came too early.
            seen.delete()
        else:
            seen.update(tries=F("tries") + 1)


def _is_old(seen: SeenJob) -> bool:
    return timezone.now() - seen.first_seen_at > Job.LOOKED_FOR


def _apply(job: Job, record: JobRecord) -> bool:
    """False: this record could not be written down now. It must not keep the other jobs from being followed."""
    try:
        records.apply(job, record)
    except (OperationalError, InterfaceError):
        raise  # the database is away: for the others, too
    except Exception:
        logger.exception("job %s: what its record says can't be kept", job.pk)
        return False
    return True


def read_ours(jobs: list[Job], client: FlowMusic) -> None:
    """Stops what is to be stopped, then reads each job's record and follows what it says."""
    for job in jobs:
        _stop_if_asked(job, client)
    by_jobid = {str(job.jobid): job for job in jobs}
    for jobid, answer in _read_all(client, by_jobid):
        _follow(by_jobid[jobid], answer)


def _stop_if_asked(job: Job, client: FlowMusic) -> None:
    """DELETE, once, for a job that somebody stopped waiting for. What it did is seen by reading the record again."""
    if not job.cancel_requested_at or job.cancel_sent_at or not job.jobid or shutdown.has_begun():
        return
    try:
        client.cancel_job(job.jobid)
    except (errors.Gone, errors.Forbidden):
        pass
    except errors.TokenRefused:
        raise
    except errors.UpstreamError as error:
        logger.warning("job %s can't be stopped yet: %s", job.pk, error)
        return
    job.cancel_sent_at = timezone.now()
    Job.objects.filter(pk=job.pk).update(cancel_sent_at=job.cancel_sent_at)


def _follow(job: Job, answer: Answer) -> None:
    checked = Job.objects.filter(pk=job.pk, check_at=job.check_at)
    if isinstance(answer, JobRecord):
        if not _apply(job, answer):
            return
    elif not isinstance(answer, errors.Gone | errors.Forbidden):
        return  # it can't be read now: due again, by `check_at` or by being absent from the list
    elif job.cancel_sent_at:
        ends.finish_cancelled(job, "Stopped; its record is gone. What it cost is spent.")
    else:
        transitions.lose_record(job)
    unfinished = job.state == State.ABANDONED or (job.cancel_requested_at and not job.cancel_sent_at)
    if not unfinished or isinstance(answer, errors.UpstreamError):
        checked.update(check_at=None)


def _read_all(client: FlowMusic, jobids: Iterable[str]) -> Iterator[tuple[str, Answer]]:
    """The records, read side by side; a refused token ends the whole look."""

    def read(jobid: str) -> tuple[str, Answer] | None:
        if shutdown.has_begun():
            return None
        try:
            return jobid, client.job(jobid)
        except errors.TokenRefused:
            raise
        except errors.UpstreamError as error:
            return jobid, error

    wanted = list(jobids)
    if wanted:
        with ThreadPoolExecutor(min(READ_AT_ONCE, len(wanted))) as pool:
            yield from filter(None, pool.map(read, wanted))
