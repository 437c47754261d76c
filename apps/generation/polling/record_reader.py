"""Reads job records: of jobids that are not known yet, and of our jobs that may have ended.

A jobid seen for the first time is read once and remembered with the `replyRef` of its record: so a job whose answer
was lost is found. A job of ours that left the list is read until its record is terminal or gone.
"""

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.db.models import F, Model, Q, QuerySet
from django.utils import timezone

from apps import shutdown
from apps.accounts import api_clients
from apps.accounts.api_clients import NoToken
from apps.accounts.models import Subscription
from apps.generation.jobs import endings, poll_times, transitions
from apps.generation.models import Job, SeenJob, State
from apps.generation.polling import record_outcome
from apps.upstream import errors
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.records import JobRecord
from apps.wake import wake

logger = logging.getLogger(__name__)

READ_AT_ONCE = 8  # records asked for side by side
READ_PER_TICK = 64
READ_AGAIN = timedelta(seconds=30)
# How long a reader may take for what it has claimed; after that it is taken for dead.
READING = timedelta(seconds=60)
DUE = (State.RUNNING, State.UNKNOWN, State.ABANDONED)

RecordOrError = JobRecord | errors.UpstreamError


def hinted(subscription_id: int) -> None:
    """Reads what webhooks and people pointed at, without waiting for the next list."""
    subscription = Subscription.objects.filter(pk=subscription_id).first()
    if subscription:
        read(subscription)


def read(subscription: Subscription) -> None:
    """Reads the records that are due, of each team with a token of its own; a team without one waits."""
    done: set[UUID] = set()
    while (team_id := _next_team(subscription, done)) is not None:
        done.add(team_id)
        try:
            with reader(team_id, subscription) as client:
                _read_candidates(subscription, team_id, client)
                _read_ours(subscription, team_id, client)
        except (NoToken, errors.TokenRefused):
            continue  # that is marked, and on the cards of its team


@contextmanager
def reader(team_id: UUID, subscription: Subscription) -> Iterator[FlowMusic]:
    """A client that reads for this team; its token is marked if it turns out to be refused. Raises NoToken."""
    token, client = api_clients.of_team(team_id, subscription.pk, own_jobs=True)
    try:
        yield client
    except errors.TokenRefused as error:
        token.refuse(at=timezone.now(), reason=error.user_message)
        wake("generation.changed", subscription.pk)
        raise


def _next_team(subscription: Subscription, done: set[UUID]) -> UUID | None:
    """Found anew each time: a record may turn out to be of another team's job, which reads it itself."""
    now = timezone.now()
    for rows in (_candidates(subscription, now), _due(subscription, now)):
        ours = rows.filter(poll_times.readable()).exclude(team__in=done).order_by("pk")
        if (team_id := ours.values_list("team", flat=True).first()) is not None:
            return team_id
    return None


def _candidates(subscription: Subscription, now: datetime) -> QuerySet[SeenJob]:
    return SeenJob.objects.filter(_free(now), subscription=subscription, read_at=None)


def _due(subscription: Subscription, now: datetime) -> QuerySet[Job]:
    """Our jobs whose `check_at` has come."""
    return subscription.jobs.filter(_free(now), check_at__lte=now, jobid__isnull=False, state__in=DUE)


def _free(now: datetime) -> Q:
    """Rows that nobody reads at the moment."""
    return Q(reader_until=None) | Q(reader_until__lte=now)


@contextmanager
def _released(model: type[Model], rows: Iterable[Model], until: datetime) -> Iterator[None]:
    """What was claimed for one reader is free afterwards, whatever has come of it."""
    try:
        yield
    finally:
        model._default_manager.filter(pk__in=[row.pk for row in rows], reader_until=until).update(
            reader_until=None
        )


def with_relations(jobs: QuerySet[Job]) -> QuerySet[Job]:
    return jobs.select_related("team", "subscription", "ran_on", "asked_by")


def _claim_due(subscription: Subscription, team_id: UUID, now: datetime) -> list[Job]:
    """The team's jobs that are due, each for one reader; if that one dies they are due again."""
    claimed, later = [], now + READ_AGAIN
    for job in with_relations(_due(subscription, now).filter(team=team_id))[:READ_PER_TICK]:
        same = Job.objects.filter(_free(now), pk=job.pk, check_at=job.check_at)
        if same.update(check_at=later, reader_until=now + READING):
            job.check_at = later
            claimed.append(job)
    return claimed


def _claim_candidates(subscription: Subscription, team_id: UUID, now: datetime) -> list[SeenJob]:
    unread = _candidates(subscription, now).filter(team=team_id).order_by("tries", "pk")[:READ_PER_TICK]
    return [
        seen
        for seen in unread
        if _candidates(subscription, now).filter(pk=seen.pk).update(reader_until=now + READING)
    ]


def _read_candidates(subscription: Subscription, team_id: UUID, client: FlowMusic) -> None:
    """Reads records whose `replyRef` isn't known yet; one with a reference of ours is our job."""
    now = timezone.now()
    unread = _claim_candidates(subscription, team_id, now)
    by_jobid = {seen.jobid: seen for seen in unread}
    with _released(SeenJob, unread, now + READING):
        for jobid, record in _read_all(client, by_jobid):
            _take_candidate(by_jobid[jobid], record, subscription, team_id)


def _take_candidate(
    candidate: SeenJob, record: RecordOrError, subscription: Subscription, team_id: UUID
) -> None:
    seen = SeenJob.objects.filter(pk=candidate.pk)
    if isinstance(record, JobRecord):
        reference = (record.reference or "")[:200]
        job = with_relations(subscription.jobs.filter(reference=reference)).first() if reference else None
        if job and job.team_id != team_id:
            seen.update(reference=reference, team=job.team_id)  # to be read again, with that team's own token
        elif job is None or _apply(job, record):
            seen.update(reference=reference, read_at=timezone.now(), team=None)
    elif isinstance(record, errors.Gone | errors.Forbidden) or _is_old(candidate):
        # Forgotten, not marked as read: it may be named again, by a list or by a webhook that came too early.
        seen.delete()
    else:
        seen.update(tries=F("tries") + 1)


def _is_old(seen: SeenJob) -> bool:
    return timezone.now() - seen.first_seen_at > Job.SEARCH_LASTS


def _apply(job: Job, record: JobRecord) -> bool:
    """False: this record could not be written down now. It must not keep the other jobs from being followed."""
    try:
        record_outcome.apply(job, record)
    except (OperationalError, InterfaceError):
        raise  # the database is away: for the others, too
    except Exception:
        logger.exception("job %s: its record can't be saved", job.pk)
        return False
    return True


def _read_ours(subscription: Subscription, team_id: UUID, client: FlowMusic) -> None:
    """Stops what is to be stopped, then reads each due job's record and follows what it says."""
    now = timezone.now()
    jobs = _claim_due(subscription, team_id, now)
    with _released(Job, jobs, now + READING):
        for job in jobs:
            _cancel_if_requested(job, client)
        by_jobid = {str(job.jobid): job for job in jobs}
        for jobid, record in _read_all(client, by_jobid):
            _follow(by_jobid[jobid], record)


def _cancel_if_requested(job: Job, client: FlowMusic) -> None:
    """DELETE, once, for a job that somebody cancelled. What it did is seen by reading the record again."""
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


def _follow(job: Job, record: RecordOrError) -> None:
    checked = Job.objects.filter(pk=job.pk, check_at=job.check_at)
    if isinstance(record, JobRecord):
        if not _apply(job, record):
            return
    elif not isinstance(record, errors.Gone | errors.Forbidden):
        return _try_soon(job, checked)
    elif job.cancel_sent_at:
        endings.finish_cancelled(job, "Cancelled; its record is gone. What it cost is spent.")
    else:
        transitions.lose_record(job)
    unfinished = job.state == State.ABANDONED or (job.cancel_requested_at and not job.cancel_sent_at)
    if not unfinished or isinstance(record, errors.UpstreamError):
        checked.update(check_at=None)


def _try_soon(job: Job, checked: QuerySet[Job]) -> None:
    """It can't be read now. One that runs is due at the next poll, another one when its claim would have ended."""
    if job.state == State.RUNNING:
        checked.update(check_at=timezone.now())


def _read_all(client: FlowMusic, jobids: Iterable[str]) -> Iterator[tuple[str, RecordOrError]]:
    """The records, read side by side; a refused token ends the whole reading."""

    def read(jobid: str) -> tuple[str, RecordOrError] | None:
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
