import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q, QuerySet

from apps.accounts.models import Team


class SendLedger(models.Model):
    """One row: how many calls this database knows to have been sent, and which database it is.

    Outside the database stands the same number or a smaller one (restore/marks.py). A greater one says that the
    database was turned back.
    """

    ROW = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ROW)
    series = models.UUIDField(default=uuid.uuid4)  # the marks of another database are not this one's
    sent = models.PositiveBigIntegerField(default=0)
    database = models.CharField(
        max_length=200, blank=True
    )  # what it was when last looked at; "": never looked at

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="one_ledger")]

    @classmethod
    def current(cls) -> "SendLedger":
        return cls.objects.get_or_create(pk=cls.ROW)[0]

    @classmethod
    def next_number(cls) -> int:
        """Of the call that is to be sent: in the transaction that says so, which has the row until it ends."""
        row = cls.objects.filter(pk=cls.ROW)
        if not row.update(sent=F("sent") + 1):
            cls.current()
            row.update(sent=F("sent") + 1)
        return row.values_list("sent", flat=True).get()


class Hold(models.Model):
    """Nothing is sent for this team until an owner or admin resumes it: its rows come from a backup."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, primary_key=True, related_name="hold")
    since = models.DateTimeField()
    # What was sent for the team since the backup, as far as the marks outside the database tell.
    calls = models.PositiveIntegerField(default=0)
    # Of them, those whose job is in no row any more.
    missing = models.PositiveIntegerField(default=0, db_column="gone")
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)

    @property
    def in_one_minute(self) -> bool:
        """Whether one clock time says when all of it was sent."""
        times = [at.replace(second=0, microsecond=0) for at in (self.first_at, self.last_at) if at]
        return len(set(times)) == 1

    @classmethod
    def of(cls, team: Team) -> "QuerySet[Hold]":
        return cls.objects.filter(team=team)
