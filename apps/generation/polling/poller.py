"""Watches a subscription: one GET /jobs per tick, whatever the number of jobs, members and browsers; or, for a single
job, its record alone.

What the list shows is followed up in apps/generation/polling/record_reader.py.
"""

import logging
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from apps.accounts.api_clients import NoToken
from apps.accounts.models import ApiToken, FlowAccount, Subscription
from apps.generation.jobs import poll_times
from apps.generation.models import Job, PanelVersion, SeenJob, State
from apps.generation.polling import record_reader
from apps.upstream import errors
from apps.upstream.records import AccountSlots

logger = logging.getLogger(__name__)


def poll(subscription_id: int) -> None:
    """One poll of a subscription, if it is due and nobody else polls it."""
    subscription = Subscription.objects.filter(pk=subscription_id).first()
    if subscription is None or not poll_times.claim_poll(subscription):
        return
    asked_at = timezone.now()
    try:
        _poll(subscription, asked_at)
    finally:
        poll_times.set_next(subscription, asked_at)


def _poll(subscription: Subscription, asked_at: datetime) -> None:
    if job := poll_times.alone(subscription, asked_at):
        Job.objects.filter(pk=job.pk, state=State.RUNNING, check_at=None).update(check_at=asked_at)
        record_reader.read(subscription)
        return
    found = _list(subscription, asked_at)
    if found:
        team_id, listed = found
        _keep_slots(subscription, listed)
        _remember_new(subscription, listed, asked_at, team_id)
        _make_due(subscription, listed, asked_at)
        record_reader.read(subscription)
        _count_searches(subscription, asked_at)


def _list(subscription: Subscription, now: datetime) -> tuple[UUID, dict[str, AccountSlots]] | None:
    """What runs there, and the team with whose token it was asked: of those for whose sake it is, the first one whose
    token is taken. None: it can't be had."""
    for team_id in poll_times.reading_teams(subscription, now):
        try:
            with record_reader.reader(team_id, subscription) as client:
                return team_id, client.jobs()
        except (NoToken, errors.TokenRefused):
            continue  # that is marked; another team's jobs needn't wait for it
        except errors.UpstreamError as error:
            logger.warning("subscription %s can't be watched: %s", subscription.pk, error)
            return None
    return None


def _keep_slots(subscription: Subscription, listed: dict[str, AccountSlots]) -> None:
    """What the list says of each account's slots. An account that isn't in it has nothing running."""
    ours = set(
        subscription.jobs.filter(jobid__isnull=False, state=State.RUNNING).values_list("jobid", flat=True)
    )
    known = {account.email: account for account in subscription.flow_accounts.all()}
    changed = False
    for email in known.keys() | listed.keys():
        slots = listed.get(email)
        running = slots.running if slots else 0
        under_way = [job for job in slots.jobs if job.status == "pending"] if slots else []
        ours_here = sum(1 for job in under_way if job.jobid in ours)
        values = {"running": running, "elsewhere": max(0, running - ours_here)}
        if slots and slots.max_jobs:
            values["max_jobs"] = slots.max_jobs
        if email not in known:
            FlowAccount.objects.get_or_create(subscription=subscription, email=email, defaults=values)
            changed = True
        elif any(getattr(known[email], name) != value for name, value in values.items()):
            FlowAccount.objects.filter(pk=known[email].pk).update(
                slot_version=F("slot_version") + 1, **values
            )
            changed = True
    if changed:
        show(subscription.pk)


def _remember_new(
    subscription: Subscription, listed: dict[str, AccountSlots], asked_at: datetime, team_id: UUID
) -> None:
    """What nobody has read yet is read with a token of the team for which it was listed now."""
    jobids = {job.jobid for slots in listed.values() for job in slots.jobs}
    known = SeenJob.objects.filter(subscription=subscription, jobid__in=jobids)
    seen = set(known.values_list("jobid", flat=True))
    known.filter(read_at=None, reference="").exclude(team=team_id).update(team=team_id)
    values = {"subscription": subscription, "first_seen_at": asked_at, "team_id": team_id}
    new = [SeenJob(jobid=jobid, **values) for jobid in jobids - seen]
    SeenJob.objects.bulk_create(new, ignore_conflicts=True)


def _make_due(subscription: Subscription, listed: dict[str, AccountSlots], asked_at: datetime) -> None:
    """Running jobs that left the list, or stand in it as ended, are to be read."""
    jobs = [job for slots in listed.values() for job in slots.jobs]
    under_way = {job.jobid for job in jobs if job.status == "pending"}
    running = subscription.jobs.filter(
        poll_times.readable(),
        state=State.RUNNING,
        jobid__isnull=False,
        accepted_at__lt=asked_at,
        check_at=None,
    )
    ended = [pk for pk, jobid in running.values_list("pk", "jobid") if jobid not in under_way]
    running.filter(pk__in=ended).update(check_at=asked_at)


def _count_searches(subscription: Subscription, asked_at: datetime) -> None:
    """Of a job that was lost while the list was on its way, that list says nothing."""
    searched = subscription.jobs.filter(poll_times.watched(asked_at), poll_times.readable())
    unknown = searched.filter(state=State.UNKNOWN, unknown_since__lte=asked_at)
    if unknown.update(times_checked=F("times_checked") + 1, last_checked_at=asked_at):
        show(subscription.pk)


def show(subscription_id: int) -> None:
    """Something about its accounts or tokens has changed: the panels of all teams that use it are drawn anew."""
    tokens = ApiToken.objects.filter(subscription=subscription_id).order_by()
    jobs = Job.objects.live().filter(subscription=subscription_id).order_by()
    for team_id in tokens.values_list("team", flat=True).union(jobs.values_list("team", flat=True)):
        PanelVersion.bump(team_id)
