from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.generation.models.jobs import Job


class LookQuerySet(models.QuerySet["Look"]):
    def due(self, now: datetime) -> "LookQuerySet":
        """Asked for, not answered, and in nobody's hands."""
        return self.filter(Q(claim_until=None) | Q(claim_until__lte=now), found_at=None)


class Look(models.Model):
    """The newest clips of the account of a lost job, listed because somebody looks for it. The last look counts."""

    job = models.OneToOneField(Job, on_delete=models.CASCADE, primary_key=True, related_name="look")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    asked_at = models.DateTimeField(default=timezone.now)
    claim = models.UUIDField(null=True)
    claim_until = models.DateTimeField(null=True)
    found_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)  # plain words
    # As the list gave them, newest first, with `since`: made after the job was sent (true), before (false), not known.
    clips = models.JSONField(default=list)

    objects: ClassVar = LookQuerySet.as_manager()
