import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.accounts.models import Team
from apps.library.input_names import fold

NAME_LIMIT, KEY_LIMIT = 60, 240


def key_of(name: str) -> str:
    """By which two names are the same one."""
    return fold(name)[:KEY_LIMIT]


class PresetQuerySet(models.QuerySet["Preset"]):
    def for_team(self, team: Team) -> "PresetQuerySet":
        return self.filter(team=team)

    def live(self) -> "PresetQuerySet":
        return self.filter(deleted_at=None)

    def named(self, name: str) -> "PresetQuerySet":
        return self.filter(key=key_of(name))


class Preset(models.Model):
    """Settings of the song form that the team keeps under a name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="presets")
    name = models.CharField(max_length=NAME_LIMIT)
    key = models.CharField(max_length=KEY_LIMIT)  # the name, folded
    fields = models.JSONField(default=dict)  # of the form, by their names
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="presets"
    )
    changed_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True)  # it can be brought back for a day

    objects: ClassVar = PresetQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "key"], condition=models.Q(deleted_at=None), name="one_preset_per_name"
            )
        ]
        ordering: ClassVar = ["key"]

    def __str__(self) -> str:
        return self.name
