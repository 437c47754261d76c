"""Counts against the caps what Flow Music charged for jobs, in place of their estimates: once for each job.

Flow Music books by conversation, that is a song with its edits, and neither a job nor a clip says its conversation:
only the title is in both. So the songs of one title on an account stand for its conversations of that title, as long as
there are as many of them, and all were requested here by one team. Otherwise one was made elsewhere or belongs to
another team, and the estimates stay.

What they were charged beyond what is settled already is shared between the jobs that are not, in proportion to their
estimates. It is usually read after each job, so that this is one job's own charge; whoever was settled keeps theirs.
While one of the jobs is under way or has just ended without a song, or the newest charge is older than the newest job,
nothing is settled; nor where one is from before there were caps, for nobody knows its share.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Max, Q, QuerySet, Sum
from django.db.models.functions import Abs
from django.utils import timezone

from apps.accounts.models import ApiToken, FlowAccount, UsageRow
from apps.accounts.models.monthly_credits import month_of
from apps.generation.jobs import counted_credits
from apps.generation.models import Job, State
from apps.generation.models.jobs import LIVE
from apps.generation.operations import FREE
from apps.library.models import Clip, Song
from apps.upstream.usage import TOKENS_PER_CREDIT

UNDER_WAY = LIVE - {State.COLLECTING}
CLOCKS_DIFFER = timedelta(seconds=20)  # ours and Flow Music's
BOOKED_WITHIN = timedelta(minutes=10)  # after a job has failed; then what it cost would be there
FRUITLESS = frozenset({State.FAILED, State.CANCELLED, State.ABANDONED})
DEEPEST = 200  # edits one after the other


@dataclass(frozen=True)
class Conversations:
    """Of one title on one account: how many, what they were charged, and when the last charge was."""

    number: int
    credits: int
    latest: datetime | None


def due() -> list[int]:
    """Accounts whose usage was read since their jobs were last counted: for the tick, should the message be lost."""
    uncounted = Q(charges_counted_at=None) | Q(charges_counted_at__lt=F("usage_read_at"))
    found = FlowAccount.objects.filter(uncounted, usage_read_at__isnull=False)
    return list(found.values_list("pk", flat=True))


def count(account_id: int) -> None:
    """May be called at any time, by several at once."""
    account = FlowAccount.objects.filter(pk=account_id, usage_read_at__isnull=False).first()
    if account is None:
        return
    jobs = list(_unsettled(account))
    roots = _roots({song for job in jobs if (song := _song_of(job))})
    for title in sorted(_titles(account, set(roots.values()))):
        _settle_title(account, title)
    for job in jobs:
        if job.state == State.FAILED and _nothing_was_charged_since(account, job):
            counted_credits.settle(job, 0)
    FlowAccount.objects.filter(pk=account_id).update(charges_counted_at=account.usage_read_at)


def _unsettled(account: FlowAccount) -> QuerySet[Job]:
    """Of this month and the last one, of teams that see the account."""
    last_month = month_of(timezone.now().replace(day=1) - timedelta(days=1))
    teams = ApiToken.objects.working().filter(subscription=account.subscription_id).values("team")
    sent = Job.objects.filter(ran_on=account, team__in=teams, sent_at__isnull=False, charge_known=False)
    paid = sent.exclude(operation__in=FREE).exclude(state__in=[*UNDER_WAY, State.REJECTED])
    return paid.filter(counted_in__gte=last_month).select_related("source")


def _song_of(job: Job) -> UUID | None:
    """Its own, or that of the take which it failed to edit."""
    return job.song_id or (job.source.song_id if job.source else None)


def _roots(songs: Collection[UUID]) -> dict[UUID, UUID]:
    """By each song: the first request of its tree."""
    roots, above = {each: each for each in songs}, set(songs)
    for _ in range(DEEPEST):
        up = dict(Song.objects.filter(pk__in=above, source__isnull=False).values_list("pk", "source__song"))
        if not up:
            break
        roots = {song: up.get(root, root) for song, root in roots.items()}
        above = set(up.values())
    return roots


def _titles(account: FlowAccount, roots: Collection[UUID]) -> set[str]:
    first = Clip.objects.filter(song__in=roots, account=account, take=0).exclude(title="")
    return set(first.values_list("title", flat=True))


def _settle_title(account: FlowAccount, title: str) -> None:
    said = _conversations(account, title)
    songs = set(_songs(account, title).values_list("pk", flat=True))
    if said is None or said.number != len(songs):
        return
    jobs = list(_jobs_of(account, _tree(songs)))
    ours = {job.song_id for job in jobs}
    if songs <= ours and _is_of_one_team(jobs) and _is_all_booked(account, jobs, said):
        _share(jobs, said.credits)


def _conversations(account: FlowAccount, title: str) -> Conversations | None:
    charged = UsageRow.objects.filter(account=account).charged().exclude(conversation_id="")
    named = charged.filter(title=title).values("conversation_id")
    of_them = charged.filter(conversation_id__in=named).order_by().values("conversation_id")
    rows = list(of_them.annotate(spent=Abs(Sum("tokens")), latest=Max("latest_at")))
    if not rows:
        return None
    tokens = sum(row["spent"] for row in rows)
    latest = max((row["latest"] for row in rows if row["latest"]), default=None)
    return Conversations(len(rows), -(-tokens // TOKENS_PER_CREDIT), latest)


def _songs(account: FlowAccount, title: str) -> QuerySet[Song]:
    """First requests of every team, and imports."""
    takes = Clip.objects.filter(account=account, take=0, title=title).values("song")
    found: QuerySet[Song] = Song.objects.filter(pk__in=takes, source=None).exclude(operation=Song.STEMS)
    return found


def _tree(songs: Collection[UUID]) -> set[UUID]:
    """These and all that was made of them."""
    found, below = set(songs), set(songs)
    for _ in range(DEEPEST):
        below = set(Song.objects.filter(source__song__in=below).values_list("pk", flat=True)) - found
        if not below:
            break
        found |= below
    return found


def _jobs_of(account: FlowAccount, songs: Collection[UUID]) -> QuerySet[Job]:
    """Those that made them, and those that were to edit them."""
    theirs = Q(song__in=songs) | Q(source__song__in=songs)
    sent = Job.objects.filter(theirs, ran_on=account, sent_at__isnull=False).exclude(operation__in=FREE)
    return sent.exclude(state=State.REJECTED)


def _is_of_one_team(jobs: Collection[Job]) -> bool:
    """And all of them are counted: what is from before there were caps has no estimate by which to share."""
    return len({job.team_id for job in jobs}) == 1 and all(job.counted_in for job in jobs)


def _is_all_booked(account: FlowAccount, jobs: Collection[Job], said: Conversations) -> bool:
    may_come = any(job.state in UNDER_WAY or _may_be_charged_still(account, job) for job in jobs)
    if may_come or said.latest is None:
        return False
    made = [job.sent_at for job in jobs if job.sent_at and job.state in {State.COLLECTING, State.COMPLETED}]
    return said.latest >= max(made) - CLOCKS_DIFFER


def _share(jobs: Collection[Job], credits: int) -> None:
    """Among those that are not settled, to the credit."""
    rest = max(0, credits - sum(job.counted_credits for job in jobs if job.charge_known))
    new = [job for job in jobs if not job.charge_known]
    weight = sum(job.counted_credits or 1 for job in new)
    for job in sorted(new, key=lambda job: job.sent_at or job.created_at):
        share = round(rest * (job.counted_credits or 1) / weight)
        rest, weight = rest - share, weight - (job.counted_credits or 1)
        counted_credits.settle(job, share)


def _may_be_charged_still(account: FlowAccount, job: Job) -> bool:
    """It ended without a song, and too little before the reading that what it cost were there."""
    read, ended = account.usage_read_at, job.finished_at
    if job.charge_known or job.state not in FRUITLESS or ended is None:
        return False
    return read is None or read < ended + BOOKED_WITHIN


def _nothing_was_charged_since(account: FlowAccount, job: Job) -> bool:
    """Whatever was made on the account: then this was not charged either."""
    sent = job.sent_at
    if sent is None or job.finished_at is None or _may_be_charged_still(account, job):
        return False
    later = Q(latest_at__gte=sent - CLOCKS_DIFFER) | Q(day=None)
    undated = Q(latest_at=None, day__gte=(sent - CLOCKS_DIFFER).date())
    return not UsageRow.objects.filter(later | undated, account=account).charged().exists()
