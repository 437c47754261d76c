"""Removes a Flow Music account: says what still needs it, and lets nothing start on it in the meantime.

A job that is out there would be lost with its account, so it holds the account; what is queued for it only waits.
"""

from dataclasses import dataclass

from django.db.models import Count, F, QuerySet
from django.utils import timezone

from apps.accounts import account_connection, account_sync, api_clients
from apps.accounts.models import ApiToken, FlowAccount, Team, User
from apps.generation.job_pages.panel import of_cards, with_takes
from apps.generation.jobs.titles import numbered
from apps.generation.models import Job, State
from apps.generation.models.jobs import OUT_THERE
from apps.library.models import Clip
from apps.prepared import prepared
from apps.upstream import errors
from apps.upstream.deadline import Deadline
from apps.upstream.flowmusic import FlowMusic
from apps.wake import wake

USES_ACCOUNT = OUT_THERE | {
    State.COLLECTING
}  # what is being saved may need the account's own way to its files
SHOWN = 8

Block = FlowAccount.Block


@dataclass(frozen=True)
class Needs:
    """What needs an account, as a team may know it: other people's jobs are no more than a number.

    Jobs with what they are called.
    """

    running: list[tuple[Job, str]]
    others: int
    elsewhere: int
    waiting: list[tuple[Job, str]]

    @property
    def is_in_use(self) -> bool:
        return bool(self.running or self.others or self.elsewhere)


@dataclass(frozen=True)
class Use:
    """How many of a team's songs are on an account, and how many jobs are queued for it alone."""

    songs: int = 0
    waiting: int = 0


class AccountBusy(Exception):
    """Jobs run on the account that is to be taken away: it stays."""


class RemovalUnknown(Exception):
    """No usable answer: it may be gone. It counts as gone here until the API has said otherwise."""


def needs(account: FlowAccount, team: Team) -> Needs:
    return Needs(
        running=_named(_running(account, team)),
        others=sum(_others(account, team)),
        elsewhere=account.elsewhere,
        waiting=_named(_queued(account, team)),
    )


def uses(team: Team) -> dict[int, Use]:
    """By account; two queries."""
    songs, waiting = dict(_songs(team)), dict(_waiting(team))
    return {pk: Use(songs.get(pk, 0), waiting.get(pk, 0)) for pk in songs.keys() | waiting.keys()}


@prepared
def _songs(team: Team) -> QuerySet[Clip, tuple[int, int]]:
    takes = Clip.objects.for_team(team).live().order_by().exclude(account=None)
    return takes.values_list("account").annotate(Count("song", distinct=True))


@prepared
def _waiting(team: Team) -> QuerySet[Job, tuple[int, int]]:
    queued = Job.objects.filter(team=team, state=State.QUEUED, account_is_fixed=True).order_by()
    return queued.exclude(account=None).values_list("account").annotate(Count("pk"))


def remove(account: FlowAccount, *, token: ApiToken, by: User) -> None:
    """Asks what runs there, sees that nothing starts, and takes it away; ten seconds in all.

    Raises AccountBusy, RemovalUnknown, UpstreamError or NoToken; but for RemovalUnknown everything is as it was.
    """
    deadline = Deadline(account_connection.SECONDS)
    client = api_clients.of_token(token, needs="create")
    if _runs_at_remote(client, account, deadline) or not _close(account):
        raise AccountBusy
    try:
        account_connection.remove(account, client=client, token=token, by=by, deadline=deadline)
    except errors.OutcomeUnknown as error:
        FlowAccount.objects.filter(pk=account.pk).update(block_until=timezone.now())
        wake("generation.recheck", account.pk, str(token.team_id))
        raise RemovalUnknown from error
    except errors.UpstreamError:
        _reopen(account)
        raise
    wake("generation.dispatch", account.subscription_id)


def _named(jobs: list[Job]) -> list[tuple[Job, str]]:
    with_takes(jobs)
    return [(job, numbered(job)) for job in jobs]


@prepared
def _running(account: FlowAccount, team: Team) -> QuerySet[Job]:
    return _oldest(Job.objects.filter(ran_on=account, state__in=USES_ACCOUNT, team=team))


@prepared
def _others(account: FlowAccount, team: Team) -> QuerySet[Job, int]:
    """Their number, if there are any."""
    there = Job.objects.filter(ran_on=account, state__in=USES_ACCOUNT).exclude(team=team)
    return there.order_by().values("ran_on").annotate(jobs=Count("pk")).values_list("jobs", flat=True)


@prepared
def _queued(account: FlowAccount, team: Team) -> QuerySet[Job]:
    return _oldest(Job.objects.filter(state=State.QUEUED, account=account, account_is_fixed=True, team=team))


def _oldest(jobs: QuerySet[Job]) -> QuerySet[Job]:
    return of_cards(jobs).order_by("created_at")[:SHOWN]


def _runs_at_remote(client: FlowMusic, account: FlowAccount, deadline: Deadline) -> bool:
    """Whoever started it: another program's song would be lost as well."""
    slots = client.jobs(deadline_s=deadline.left()).get(account.email)
    return slots is not None and slots.running > 0


def _close(account: FlowAccount) -> bool:
    """From now on nothing is sent there. False while a job of ours, in whatever team, is out there."""
    before = FlowAccount.objects.values_list("slot_version", flat=True).get(pk=account.pk)
    if Job.objects.filter(ran_on=account, state__in=USES_ACCOUNT).exists():
        return False
    # A sender that takes a slot grows the version: then it was faster, and there is a job after all.
    untaken = FlowAccount.objects.filter(pk=account.pk, slot_version=before)
    later = timezone.now() + account_sync.RECHECK_AFTER
    return bool(untaken.update(slot_version=F("slot_version") + 1, block=Block.GONE, block_until=later))


def _reopen(account: FlowAccount) -> None:
    """As it was before."""
    FlowAccount.objects.filter(pk=account.pk, block=Block.GONE).update(
        block=account.block, block_reason=account.block_reason, block_until=account.block_until
    )
