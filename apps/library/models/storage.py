from django.db import models

from apps.accounts.models import Team


class TeamStorage(models.Model):
    """How much a team keeps, and how much it may. Changed with the file rows, in the same transaction."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, primary_key=True, related_name="storage")
    used_bytes = models.BigIntegerField(default=0)
    limit_bytes = models.BigIntegerField(null=True)  # null: no limit
