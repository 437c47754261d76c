from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.generation.models.jobs import Job


class JobEvent(models.Model):
    """One line of a job's story: written in the same transaction as the change that it tells of."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="story")
    at = models.DateTimeField()
    state = models.CharField(max_length=12)  # the job's state from then on
    text = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)

    class Meta:
        ordering: ClassVar = ["pk"]
