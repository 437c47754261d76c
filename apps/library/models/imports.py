"""Importing the clips that an account has at Flow Music: how far each run has come. The row is the timer."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import FlowAccount, Subscription, Team, User
from apps.library.models.claims import Claimable
from apps.wake import wake


class ImportQuerySet(models.QuerySet["Import"]):
    def for_team(self, team: Team) -> "ImportQuerySet":
        return self.filter(team=team)

    def under_way(self) -> "ImportQuerySet":
        return self.filter(state=Import.State.WALKING)

    def due(self, now: datetime) -> "ImportQuerySet":
        """To be worked on now, and not in somebody's hands."""
        return self.filter(Import.claimable(now)).order_by("next_at", "started_at")


class Import(Claimable):
    """One walk through the list of an account, newest first (get-flowmusic-music.md).

    Songs that are made meanwhile shift what is still to come, so it is not an offset alone that says how far it has
    come: `anchors` are the last ids of the page before. At the end the top is looked at once more.
    """

    class State(models.TextChoices):
        WALKING = "walking"
        STOPPED = "stopped"  # by a person
        STUCK = "stuck"  # until a person has mended what `problem` says
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="imports")
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE)
    account = models.ForeignKey(FlowAccount, on_delete=models.CASCADE, related_name="imports")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WALKING)
    started_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    # Of a part of the list: the clips before it, and how many of it at the most.
    first = models.PositiveIntegerField(default=0)
    most = models.PositiveIntegerField(null=True)
    # How far it has come
    offset = models.PositiveIntegerField(default=0)  # of the next page
    anchors = models.JSONField(default=list)
    at_top = models.BooleanField(default=False)  # the second look, for what was made meanwhile
    restarts = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField(null=True)  # the date of the song at which it stands

    # What came of it; each clip is counted once
    new = models.PositiveIntegerField(default=0)
    filled = models.PositiveIntegerField(default=0)  # known, and something about it was not
    known = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)  # deleted here, so not imported again

    problem = models.CharField(max_length=300, blank=True)  # plain words
    tries = models.PositiveSmallIntegerField(default=0)  # of the same page, without an answer
    next_at = models.DateTimeField(null=True, default=timezone.now)

    objects: ClassVar = ImportQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "account"], condition=~Q(state="done"), name="one_open_import"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=Q(state="walking"), name="import_due"),
            models.Index(fields=["team", "-started_at"], name="import_of_team"),
        ]
        ordering: ClassVar = ["-started_at"]

    def __str__(self) -> str:
        return f"import of account {self.account_id} ({self.state})"

    @property
    def found(self) -> int:
        return self.new + self.filled + self.known + self.left_out

    @property
    def is_part(self) -> bool:
        return bool(self.first or self.most)

    @property
    def left(self) -> int | None:
        """How many clips it may still look at; None for all."""
        return None if self.most is None else max(0, self.most - self.found)

    @property
    def is_walking(self) -> bool:
        return self.state == self.State.WALKING

    @classmethod
    def claimable(cls, now: datetime) -> Q:
        return Q(state=cls.State.WALKING, next_at__lte=now) & super().claimable(now)

    def claimed_by(self, claim_id: uuid.UUID) -> models.QuerySet["Import"]:
        """None either when a person has stopped the walk, or it is at its end."""
        return super().claimed_by(claim_id).filter(state=self.State.WALKING)

    def write(self, claim_id: uuid.UUID, **values: Any) -> bool:
        """By whoever has the claim. False: it was lost, or a person has stopped the walk."""
        if self.claimed_by(claim_id).update(changed_at=timezone.now(), **values) != 1:
            return False
        for name, value in values.items():
            setattr(self, name, value)
        return True

    def stop(self) -> bool:
        """What is here stays. Whoever walks finds at the next page that it isn't theirs any more."""
        free = {"claim": None, "claim_until": None, "next_at": None}
        walking = Import.objects.under_way().filter(pk=self.pk)
        done = walking.update(state=self.State.STOPPED, changed_at=timezone.now(), problem="", **free) == 1
        wake("generation.changed", self.subscription_id)
        return done

    def resume(self, *, by: User) -> bool:
        """From where it was, with this person's token from now on."""
        now = timezone.now()
        halted = Import.objects.filter(pk=self.pk, state__in=[self.State.STOPPED, self.State.STUCK])
        values = {"state": self.State.WALKING, "asked_by": by, "problem": "", "tries": 0, "next_at": now}
        done = halted.update(changed_at=now, **values) == 1
        self.wake()
        return done

    def wake(self) -> None:
        wake("library.import", str(self.pk))
        wake("generation.changed", self.subscription_id)
