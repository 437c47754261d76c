"""Erases API tokens of people who left their team: once nothing that they paid for is under way, after a day anyway.

Until then such a token sends nothing; it only reads what became of the jobs that were sent with it.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from apps.accounts import tokens
from apps.accounts.models import ApiToken
from apps.generation.models import Job, State
from apps.generation.models.jobs import OUT_THERE


def erase(now: datetime) -> None:
    """Whoever is in the team again has it back."""
    jobs = Job.objects.filter(token=OuterRef("pk"), state__in=OUT_THERE | {State.COLLECTING})
    over = ~Exists(jobs) | Q(owner_left_at__lte=now - ApiToken.READS_AFTER_LEAVING)
    left = ApiToken.objects.left_behind().filter(over).select_related("subscription", "team", "owner")
    for token in left:
        tokens.remove(token, by=None)
