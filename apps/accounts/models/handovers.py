from typing import ClassVar

from django.db import models

from apps.accounts.models.teams import Membership, Team


class Handover(models.Model):
    """An owner wants somebody else to own the team, who has not accepted yet. It ends with either's membership."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="handover")
    giver = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    receiver = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    giver_stays = models.BooleanField(default=False)  # an owner, too; else they become an admin
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(giver=models.F("receiver")), name="handover_to_somebody_else"
            )
        ]
