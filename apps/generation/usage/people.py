"""What the pages of the team say of each person's work: what they leave behind."""

from dataclasses import dataclass

from django.db.models import Count, Q

from apps.accounts.models import Membership
from apps.generation.models import Job, State
from apps.generation.models.jobs import OUT_THERE
from apps.library.models import Song


@dataclass(frozen=True)
class Work:
    """Of one person in a team."""

    songs: int
    queued: int
    running: int
    paid_for: int  # jobs of others that are queued, and that a token of theirs would pay for


def work_of(member: Membership) -> Work:
    jobs = Job.objects.for_team(member.team).filter(asked_by=member.user_id).order_by()
    found = jobs.aggregate(
        queued=Count("pk", filter=Q(state=State.QUEUED)),
        running=Count("pk", filter=Q(state__in=OUT_THERE | {State.COLLECTING})),
    )
    songs = Song.objects.filter(team=member.team_id, asked_by=member.user_id).count()
    others = Job.objects.for_team(member.team).exclude(asked_by=member.user_id)
    paid_for = others.filter(state=State.QUEUED, token__owner=member.user_id).count()
    return Work(songs=songs, paid_for=paid_for, **found)
