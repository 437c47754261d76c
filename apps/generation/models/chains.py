import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import Team
from apps.generation.models.jobs import Job
from apps.library.models import Clip


class ChainQuerySet(models.QuerySet["Chain"]):
    def for_team(self, team: Team) -> "ChainQuerySet":
        return self.filter(team=team)

    def stop_after_restore(self) -> int:
        """What they did since the backup is not in it, so nothing goes on before a person has looked."""
        text = "This comes from a backup, and more steps may have been made since. Search Flow Music first."
        return self.filter(status=Chain.Status.RUNNING).update(status=Chain.Status.STOPPED, text=text)

    def due(self) -> "ChainQuerySet":
        """Those to be looked at: they run, or what stopped them was asked for once more."""
        asked_again = Q(status=Chain.Status.STOPPED, steps__job__retries__isnull=False)
        return self.filter(Q(status=Chain.Status.RUNNING) | asked_again).distinct()


class Chain(models.Model):
    """The edits of one take, done again to another: a step is put in line when the one before has its result."""

    class Status(models.TextChoices):
        RUNNING = "running"
        STOPPED = "stopped"  # something went wrong: a person decides; `text` says what
        CANCELLED = "cancelled"  # by a person, for good
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="chains")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    target = models.ForeignKey(Clip, on_delete=models.SET_NULL, null=True, related_name="chains")
    made_like = models.ForeignKey(  # the take whose chain it is
        Clip, on_delete=models.SET_NULL, null=True, related_name="repeated_as"
    )
    nonce = models.UUIDField(unique=True)  # of the form: a double click starts one
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    text = models.CharField(max_length=500, blank=True)  # plain words
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar = ChainQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"],
                condition=Q(status__in=["running", "stopped"]),
                name="chain_open",
            )
        ]

    def __str__(self) -> str:
        return f"chain {self.id} ({self.status})"


class ChainStep(models.Model):
    """One edit. Its job is made at most once: the job's nonce is the step's (chains.py), and unique."""

    chain = models.ForeignKey(Chain, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()  # from 1
    operation = models.CharField(max_length=20)
    params = models.JSONField(default=dict)  # by the API's names, without the clip
    # The newest one, where it was asked for again; null before its turn.
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="chain_step")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "number"], name="one_step_per_place")
        ]
        ordering: ClassVar = ["number"]

    def __str__(self) -> str:
        return f"step {self.number}: {self.operation}"

    @property
    def nonce(self) -> uuid.UUID:
        """Of its job: the same for whoever puts it in line, however often."""
        return uuid.uuid5(self.chain_id, str(self.number))
