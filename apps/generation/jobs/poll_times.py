"""Decides when a subscription is polled again: the database is the timer (docs/design.md, section 3, "Watching")."""

import time
from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import ApiToken, Subscription, Team
from apps.generation.jobs import durations
from apps.generation.models import Job, Lease, SeenJob, State
from apps.generation.operations import OPERATIONS, SYNCHRONOUS

TICK = timedelta(seconds=settings.TICK)
OLD = timedelta(minutes=10)
A_MINUTE = timedelta(seconds=60)
PANEL_OPEN_S = 75  # a panel asks every 3 s, or every 30 s when nothing runs
SAID_AGAIN_S, MOST_TEAMS = 20, 10_000
_said_open: dict[UUID, float] = {}
LONGEST_PAUSE = max(A_MINUTE, 6 * TICK) + TICK  # what is further off was set before the clock was put back
NEEDED = ("state", "operation", "accepted_at", "unknown_since", "check_at", "team__id")
POLL_LASTS = timedelta(seconds=45)  # after that another process may poll, the first one is taken for dead


def watched(now: datetime) -> Q:
    """Jobs for whose sake the remote side is asked at all. Those that block have no record to be found by.

    A job that is searched for stays one until it was searched for at the end of its time, too: while no token of its
    team works nobody searches, and time goes by.
    """
    unsearched = Q(last_checked_at=None) | Q(last_checked_at__lt=F("unknown_since") + Job.SEARCH_LASTS)
    return ~Q(operation__in=SYNCHRONOUS) & (
        Q(state__in=[State.QUEUED, State.SUBMITTING, State.RUNNING])
        | Q(state=State.UNKNOWN, unknown_since__gt=now - Job.SEARCH_LASTS)
        | Q(unsearched, state=State.UNKNOWN, unknown_since__isnull=False)
        | Q(state__in=[State.UNKNOWN, State.ABANDONED], check_at__isnull=False)
    )


def readable() -> Exists:
    """Of rows with a team and a subscription: a token of that team reads there what became of its jobs."""
    same = {"team": OuterRef("team"), "subscription": OuterRef("subscription")}
    return Exists(ApiToken.objects.reading_jobs().filter(**same))


def due(now: datetime) -> QuerySet[Subscription]:
    """Subscriptions to be polled now, for a team with a working token: that has jobs to watch, hints to follow, or
    its panel open."""
    here = {"subscription": OuterRef("pk")}
    active = Exists(Job.objects.filter(watched(now), readable(), **here))
    hints = Exists(SeenJob.objects.filter(readable(), read_at=None, **here))
    open_panel = Exists(ApiToken.objects.working().filter(team__in=_teams_with_open_panel(), **here))
    return Subscription.objects.filter(active | hints | open_panel).filter(_is_due(now))


def _is_due(now: datetime) -> Q:
    far = Q(next_poll_at__gt=now + LONGEST_PAUSE)
    return Q(next_poll_at=None) | Q(next_poll_at__lte=now) | far


def reading_teams(subscription: Subscription, now: datetime) -> list[UUID]:
    """The teams for whose sake its list is read, those with jobs to watch first. Each has a working token."""
    jobs = subscription.jobs.filter(watched(now), readable()).order_by("created_at")
    hints = SeenJob.objects.filter(readable(), subscription=subscription, read_at=None)
    panels = ApiToken.objects.working().filter(subscription=subscription, team__in=_teams_with_open_panel())
    teams = (rows.values_list("team", flat=True) for rows in (jobs, hints, panels))
    return list(dict.fromkeys(chain.from_iterable(teams)))


def claim_poll(subscription: Subscription) -> bool:
    """True for one process: the others find that the next poll is later."""
    now = timezone.now()
    rows = Subscription.objects.filter(_is_due(now), pk=subscription.pk)
    return rows.update(next_poll_at=now + POLL_LASTS) == 1


def set_next(subscription: Subscription, polled_at: datetime) -> None:
    """Counted from when this poll began, and half a tick less: a tick that comes a moment too early would find that
    nothing is due, and the next one is a whole tick away."""
    next_at = polled_at + _pause(subscription) - TICK / 2
    Subscription.objects.filter(pk=subscription.pk).update(next_poll_at=next_at)


def _pause(subscription: Subscription) -> timedelta:
    """A tick while something can change; more when all jobs are young or old; a minute for an open panel alone, or for
    what should have been found long ago."""
    now = timezone.now()
    jobs = subscription.jobs.filter(watched(now), readable()).only(*NEEDED).select_related("team")
    usual: dict[Team, dict[str, int]] = {}
    return min((_pause_for(now, job, until_half(now, job, usual)) for job in jobs), default=A_MINUTE)


def _pause_for(now: datetime, job: Job, half: timedelta) -> timedelta:
    if job.check_at or job.state in {State.QUEUED, State.SUBMITTING}:
        return TICK
    if job.state == State.UNKNOWN:
        since = now - job.unknown_since if job.unknown_since else Job.SEARCH_LASTS
        return TICK if since < timedelta(minutes=2) else 4 * TICK if since < Job.SEARCH_LASTS else A_MINUTE
    if job.accepted_at and now - job.accepted_at >= OLD:
        return 6 * TICK
    return min(2 * TICK, max(TICK, half))


def until_half(now: datetime, job: Job, usual: dict[Team, dict[str, int]]) -> timedelta:
    """How long until half the time is over that such a job usually takes: before that it has hardly ended. Zero or less
    when it is. `usual` keeps what was read of a team."""
    if job.team not in usual:
        usual[job.team] = durations.seconds(job.team)
    usually = usual[job.team].get(job.operation, OPERATIONS[job.operation].usual_s)
    return (job.accepted_at or now) + timedelta(seconds=usually) / 2 - now


def alone(subscription: Subscription, now: datetime) -> Job | None:
    """The one job that is watched, if it may have ended and nothing else is known to run: then its own record says as
    much as the list, which would have to be followed by it."""
    jobs = list(subscription.jobs.filter(watched(now), readable()).select_related("team")[:2])
    runs = len(jobs) == 1 and jobs[0].state == State.RUNNING and jobs[0].jobid and jobs[0].check_at is None
    if not runs or until_half(now, jobs[0], {}) > timedelta():
        return None
    is_busy = subscription.flow_accounts.filter(elsewhere__gt=0).exists()
    hinted = SeenJob.objects.filter(subscription=subscription, read_at=None).exists()
    return None if is_busy or hinted else jobs[0]


def poll_now(subscription_id: int) -> None:
    """The next tick, or whoever is woken, polls at once."""
    Subscription.objects.filter(pk=subscription_id).update(next_poll_at=None)


def poll_soon(subscription_id: int) -> None:
    """Something was requested: nothing of it can have ended within a tick, so if nothing else is watched the first list
    is read then."""
    now = timezone.now()
    soon, rows = now + TICK, Subscription.objects.filter(pk=subscription_id)
    if Job.objects.filter(watched(now), subscription=subscription_id).exists():
        rows = rows.filter(next_poll_at__gt=soon)
    rows.update(next_poll_at=soon)


def panel_is_open(team: Team) -> None:
    """Said by the panel's view. In the cache, for a GET writes nothing to the database; and not with each question of
    each person: a process says it of a team once in a while.
    """
    now = time.monotonic()
    if now - _said_open.get(team.pk, -PANEL_OPEN_S) < SAID_AGAIN_S:
        return
    if len(_said_open) > MOST_TEAMS:
        _said_open.clear()
    _said_open[team.pk] = now
    cache.set(f"panel-open:{team.pk}", True, PANEL_OPEN_S)


def _teams_with_open_panel() -> list[UUID]:
    keys = {f"panel-open:{pk}": pk for pk in Team.objects.values_list("pk", flat=True)}
    return [keys[key] for key in cache.get_many(keys)]


def take_lease(name: str, lasts: timedelta) -> bool:
    """True for one caller per period: two beats make one tick. By the clock of the database, which all share.

    One that lasts longer than any was taken before that clock was put back. Not at once: whoever waited for the row
    knows the time only as it was before.
    """
    later = Now() + lasts
    free = Q(until__lte=Now()) | Q(until__gt=Now() + 2 * lasts)
    if Lease.objects.filter(free, name=name).update(until=later):
        return True
    return Lease.objects.get_or_create(name=name, defaults={"until": later})[1]
