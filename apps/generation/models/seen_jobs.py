from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import Subscription, Team


class SeenJob(models.Model):
    """A jobid seen at the remote side, in a list or a webhook, and the `replyRef` of its record once read.

    Reading each of them once is what finds jobs whose answer was lost: a record with our reference is our job.
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE)
    # With whose token its record is read: the one for whose sake it was listed or named, or whose job it turned out to
    # be. Null once nobody has to read it.
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="+")
    jobid = models.CharField(max_length=400)
    reference = models.CharField(max_length=200, blank=True)
    first_seen_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)  # null: its record is still to be read
    reader_until = models.DateTimeField(null=True)  # as of a job
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subscription", "jobid"], name="one_seen_job")
        ]
        indexes: ClassVar = [
            models.Index(fields=["subscription"], condition=Q(read_at=None), name="seen_unread"),
        ]

    @classmethod
    def remember(cls, subscription_id: int, jobid: str, *, reference: str) -> None:
        """Our own jobid: its record needs no reading to know whose it is."""
        now = timezone.now()
        cls.objects.update_or_create(
            subscription_id=subscription_id,
            jobid=jobid,
            defaults={"reference": reference, "read_at": now, "team": None},
            create_defaults={"reference": reference, "read_at": now, "first_seen_at": now},
        )
