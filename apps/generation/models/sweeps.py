"""Sweeps: a matrix of prompts and lyrics, created song by song within a cap of credits."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.accounts.models import ApiToken, FlowAccount, Subscription, Team, User


class SweepQuerySet(models.QuerySet["Sweep"]):
    def for_team(self, team: Team) -> "SweepQuerySet":
        return self.filter(team=team)

    def live(self) -> "SweepQuerySet":
        return self.filter(deleted_at=None)

    def stop_after_restore(self) -> int:
        """What was asked for since the backup is not known here, and must not be asked for twice."""
        running = self.filter(phase=Sweep.Phase.RUNNING)
        return running.update(phase=Sweep.Phase.STOPPED, ended=Sweep.Ended.BACKUP)


class Sweep(models.Model):
    """What a person asks for: every combination, so many songs of each.

    It ends when the cap is reached, or when there are enough favourites.
    """

    class Phase(models.TextChoices):
        DRAFT = "draft"  # filled in and looked at; nothing is sent
        RUNNING = "running"
        STOPPED = "stopped"  # by a person, or by a restored backup; it can be resumed
        DONE = "done"

    class Ended(models.TextChoices):
        FAVOURITES = "keepers"
        CAP = "cap"
        ALL = "all"
        PERSON = "person"
        BACKUP = "backup"
        MONTH = "month"  # a monthly cap, which is not the sweep's own

    # Within a sweep that many songs are queued or running side by side: who stops it saves the others.
    PARALLEL_SONGS = 3

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)  # the nonce of its form
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="sweeps")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="sweeps"
    )
    token = models.ForeignKey(ApiToken, on_delete=models.SET_NULL, null=True, related_name="sweeps")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="sweeps")
    account = models.ForeignKey(  # the person's choice; null: the dispatcher chooses for each song
        FlowAccount, on_delete=models.SET_NULL, null=True, related_name="sweeps"
    )
    account_is_fixed = models.BooleanField(default=False)
    # The form's lists: prompt, lyrics, ghostwriter, model.
    inputs = models.JSONField(default=dict, db_column="asked")
    songs_each = models.PositiveSmallIntegerField(default=1)
    cap = models.PositiveIntegerField()  # credits
    # So many are enough; null: never.
    favourites_wanted = models.PositiveSmallIntegerField(null=True, db_column="keepers")

    phase = models.CharField(max_length=10, choices=Phase.choices, default=Phase.DRAFT)
    ended = models.CharField(max_length=10, choices=Ended.choices, blank=True)
    favourites_found = models.PositiveSmallIntegerField(default=0, db_column="kept")  # when last counted
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(auto_now=True)
    stepped_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    objects: ClassVar = SweepQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["team", "-created_at", "-id"], name="sweep_newest"),
            models.Index(fields=["phase"], condition=models.Q(phase="running"), name="sweep_running"),
        ]
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        prompts = self.inputs.get("prompt") or [""]
        first = " ".join(prompts[0].split())
        more = f" and {len(prompts) - 1} more" if len(prompts) > 1 else ""
        return f"“{first[:36].rstrip()}{'…' if len(first) > 36 else ''}”{more}"

    def is_draft_of(self, user: User) -> bool:
        """Then that person's form changes it; others get one like it."""
        return self.phase == self.Phase.DRAFT and self.made_by_id == user.pk


class SweepCell(models.Model):
    """One combination. Its id is the nonce of its jobs: with their index in the batch it is unique, so that no song of
    it is ever asked for twice, whoever looks after the sweep at the same time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sweep = models.ForeignKey(Sweep, on_delete=models.CASCADE, related_name="cells")
    row = models.PositiveSmallIntegerField()  # the prompt and the model
    column = models.PositiveSmallIntegerField()  # the lyrics and the ghostwriter
    params: Any = models.JSONField(default=dict)  # by the API's parameter names

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sweep", "row", "column"], name="one_cell_per_combination")
        ]
        ordering: ClassVar = ["row", "column"]
