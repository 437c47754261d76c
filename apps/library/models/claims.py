"""Rows on which one worker at a time works."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Claimable(models.Model):
    """Who works on the row, and until when at the latest. Each change is one conditional UPDATE of that one row."""

    claim = models.UUIDField(null=True)
    claim_until = models.DateTimeField(null=True)  # null: free

    class Meta:
        abstract = True

    @classmethod
    def claimable(cls, now: datetime) -> Q:
        """Nobody's, or of somebody whose time is over. Models add when there is something to do."""
        return Q(claim_until=None) | Q(claim_until__lte=now)

    def claimed_by(self, claim_id: uuid.UUID) -> models.QuerySet[Self]:
        """This row, or none when the claim was lost. It may have run out, as long as nobody else has taken the row."""
        return type(self)._default_manager.filter(pk=self.pk, claim=claim_id)

    def take_claim(self, claim_id: uuid.UUID, *, lasts: timedelta) -> bool:
        """For one worker. False: it isn't due, or somebody else has it."""
        now = timezone.now()
        rows = type(self)._default_manager.filter(self.claimable(now), pk=self.pk)
        return rows.update(claim=claim_id, claim_until=now + lasts) == 1

    def renew_claim(self, claim_id: uuid.UUID, *, lasts: timedelta) -> bool:
        """For whoever still works on it. False: the work is over, or the claim is lost."""
        rows = self.claimed_by(claim_id).filter(claim_until__isnull=False)
        return rows.update(claim_until=timezone.now() + lasts) == 1

    def free_claim(self, claim_id: uuid.UUID) -> bool:
        """For the next one, at once."""
        return self.claimed_by(claim_id).update(claim=None, claim_until=None) == 1
