"""What the team page says of each person's requests: their cost in this month, and what they leave behind."""

from dataclasses import dataclass
from datetime import UTC

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.accounts.models import Membership, Team
from apps.accounts.models.subscriptions import CREDITS_PER_SONG, REAL
from apps.generation.models import Job, State
from apps.generation.models.jobs import OUT_THERE
from apps.generation.operations import FREE
from apps.generation.usage.spending import PAID, start
from apps.library.models import Song


@dataclass(frozen=True)
class Work:
    """Of one person in a team."""

    songs: int
    queued: int
    running: int


def month_credits(team: Team) -> dict[int, int]:
    """By the person's key: what they spent since the first of the month, UTC, as it was counted when it was sent. The
    sandbox's credits are no money. One query."""
    today = timezone.now().astimezone(UTC).date()
    sent = Job.objects.for_team(team).filter(
        sent_at__gte=start(today.replace(day=1)),
        state__in=PAID,
        subscription__endpoint__startswith=REAL,
        asked_by__isnull=False,
    )
    sums = sent.exclude(operation__in=FREE).order_by().values_list("asked_by")
    return dict(sums.annotate(spent=Sum(Coalesce("price", CREDITS_PER_SONG))))


def work_of(member: Membership) -> Work:
    jobs = Job.objects.for_team(member.team).filter(asked_by=member.user_id).order_by()
    found = jobs.aggregate(
        queued=Count("pk", filter=Q(state=State.QUEUED)),
        running=Count("pk", filter=Q(state__in=OUT_THERE | {State.COLLECTING})),
    )
    songs = Song.objects.filter(team=member.team_id, asked_by=member.user_id).count()
    return Work(songs=songs, **found)
