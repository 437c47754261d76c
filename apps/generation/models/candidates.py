from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.generation.models.jobs import Job
from apps.library.models import Claimable


class LostSongSearchQuerySet(models.QuerySet["LostSongSearch"]):
    def due(self, now: datetime) -> "LostSongSearchQuerySet":
        """Asked for, not answered, and in nobody's hands."""
        return self.filter(LostSongSearch.claimable(now))


class LostSongSearch(Claimable):
    """The newest clips of the account of a lost job, listed because somebody searches for it. The last one counts."""

    job = models.OneToOneField(Job, on_delete=models.CASCADE, primary_key=True, related_name="search")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    asked_at = models.DateTimeField(default=timezone.now)
    found_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)  # plain words
    # As the list gave them, newest first, with `since`: made after the job was sent (true), before (false), not known.
    clips = models.JSONField(default=list)

    objects: ClassVar = LostSongSearchQuerySet.as_manager()

    class Meta:
        db_table = "generation_look"

    @classmethod
    def claimable(cls, now: datetime) -> Q:
        return super().claimable(now) & Q(found_at=None)
