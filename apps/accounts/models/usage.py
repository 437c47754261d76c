from collections.abc import Collection
from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.accounts.models.subscriptions import FlowAccount
from apps.upstream.usage import CHARGED


class UsageRowQuerySet(models.QuerySet["UsageRow"]):
    def of(self, accounts: Collection[FlowAccount]) -> "UsageRowQuerySet":
        """Of accounts whose sight has ended, only what was read until then."""
        seen = Q(account__in=[each.pk for each in accounts if each.as_of is None])
        for each in accounts:
            if each.as_of:
                seen |= Q(account=each.pk, read_at__lte=each.as_of)
        return self.filter(seen)

    def since(self, day: date | None) -> "UsageRowQuerySet":
        """From that UTC day on; None is all of it, rows without a day too."""
        return self.filter(day__gte=day) if day else self.all()

    def charged(self) -> "UsageRowQuerySet":
        return self.filter(type__in=CHARGED)


class UsageRow(models.Model):
    """What Flow Music booked on an account on one UTC day for one conversation (get-flowmusic-accounts-usage.md)."""

    account = models.ForeignKey(FlowAccount, on_delete=models.CASCADE, related_name="usage")
    day = models.DateField(null=True)  # null: not said
    type = models.CharField(max_length=60)  # the API's own word
    conversation_id = models.CharField(max_length=100, blank=True)  # "" for what belongs to no song
    title = models.CharField(max_length=300, blank=True)
    tokens = models.BigIntegerField()
    latest_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)  # when these figures were read first

    objects: ClassVar = UsageRowQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "day", "type", "conversation_id"], name="one_usage_row"
            )
        ]
        ordering: ClassVar = ["-day", "-latest_at", "pk"]
