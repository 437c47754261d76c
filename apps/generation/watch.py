"""Watching a subscription: one GET /jobs per tick, whatever the number of jobs, members and browsers.

What the list shows is followed up in apps/generation/follow.py.
"""

import logging
from datetime import datetime

from django.db.models import F
from django.utils import timezone

from apps.accounts import clients
from apps.accounts.models import ApiToken, FlowAccount, Subscription
from apps.generation import follow, schedule
from apps.generation.models import Job, PanelVersion, SeenJob, State
from apps.upstream import errors
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.records import AccountSlots

logger = logging.getLogger(__name__)


def poll(subscription_id: int) -> None:
    """One look at a subscription, if it is due and nobody else is looking."""
    subscription = Subscription.objects.filter(pk=subscription_id).first()
    if subscription is None or not schedule.take_turn(subscription):
        return
    found = clients.of_subscription(subscription)
    try:
        if found:
            _look(subscription, *found)
    finally:
        schedule.set_next(subscription)


def _look(subscription: Subscription, token: ApiToken, client: FlowMusic) -> None:
    asked_at = timezone.now()
    try:
        listed = client.jobs()
        _keep_slots(subscription, listed)
        _remember_new(subscription, listed, asked_at)
        follow.read_candidates(subscription, client)
        follow.read_ours(_to_read(subscription, listed, asked_at), client)
        _count_looks(subscription, asked_at)
    except errors.TokenRefused as error:
        token.refuse(at=timezone.now(), reason=error.user_message)
        show(subscription.pk)
    except errors.UpstreamError as error:
        logger.warning("subscription %s can't be watched: %s", subscription.pk, error)


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
        ours_here = sum(1 for job in slots.jobs if job.jobid in ours) if slots else 0
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


def _remember_new(subscription: Subscription, listed: dict[str, AccountSlots], asked_at: datetime) -> None:
    jobids = {job.jobid for slots in listed.values() for job in slots.jobs}
    seen = set(
        SeenJob.objects.filter(subscription=subscription, jobid__in=jobids).values_list("jobid", flat=True)
    )
    new = [SeenJob(subscription=subscription, jobid=jobid, first_seen_at=asked_at) for jobid in jobids - seen]
    SeenJob.objects.bulk_create(new, ignore_conflicts=True)


def _to_read(subscription: Subscription, listed: dict[str, AccountSlots], asked_at: datetime) -> list[Job]:
    """Those of our jobs that left the list, were hinted at by a webhook, or are to be stopped."""
    in_list = {job.jobid for slots in listed.values() for job in slots.jobs}
    hinted = follow.claim_hinted(subscription)
    known = {job.pk for job in hinted}
    running = subscription.jobs.filter(state=State.RUNNING, jobid__isnull=False, accepted_at__lt=asked_at)
    gone = [job for job in follow.with_relations(running) if job.jobid not in in_list and job.pk not in known]
    return hinted + gone


def _count_looks(subscription: Subscription, asked_at: datetime) -> None:
    """Of a job that was lost while the list was on its way, that list says nothing."""
    since = (asked_at - Job.LOOKED_FOR, asked_at)
    unknown = subscription.jobs.filter(state=State.UNKNOWN, unknown_since__range=since)
    if unknown.update(looks=F("looks") + 1, looked_at=asked_at):
        show(subscription.pk)


def show(subscription_id: int) -> None:
    """Something about its accounts has changed: the panels of all teams that use it are drawn anew."""
    for team_id in (
        ApiToken.objects.filter(subscription=subscription_id).values_list("team_id", flat=True).distinct()
    ):
        PanelVersion.bump(team_id)
