from datetime import UTC, date, datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models.subscriptions import ApiToken
from apps.accounts.models.teams import Team


def month_of(moment: datetime | None = None) -> date:
    """The first day of its month in UTC; of this month without one. Caps begin anew with each."""
    return (moment or timezone.now()).astimezone(UTC).date().replace(day=1)


class MonthlyCredits(models.Model):
    """Credits that count against a cap in one month of UTC: of the whole team, of one member (`member`), or what others
    spend of a lent token (`token`). Changed only by apps/accounts/caps.py."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="monthly_credits")
    month = models.DateField()  # its first day
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, null=True, related_name="monthly_credits")
    credits = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "month"], condition=Q(member=None, token=None), name="one_count_of_team"
            ),
            models.UniqueConstraint(
                fields=["team", "month", "member"],
                condition=Q(member__isnull=False),
                name="one_count_of_member",
            ),
            models.UniqueConstraint(
                fields=["token", "month"], condition=Q(token__isnull=False), name="one_count_of_token"
            ),
            models.CheckConstraint(condition=Q(member=None) | Q(token=None), name="count_of_one_thing"),
        ]
