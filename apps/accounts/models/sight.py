from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from apps.accounts.models.subscriptions import Subscription
from apps.accounts.models.teams import Team


class Sight(models.Model):
    """What a team last saw of a subscription's accounts, written down whenever a token of that team was taken.

    It is shown while no token of the team works: accounts are one row for all teams, and go on changing without it.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    accounts = models.JSONField(default=dict, encoder=DjangoJSONEncoder)  # by key: the values of then

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["team", "subscription"], name="one_sight_per_team")
        ]
