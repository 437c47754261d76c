import uuid
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.accounts.models import ApiToken, Lending, Membership
from apps.library.models import Clip, ReferenceFile


class LendingRequestQuerySet(models.QuerySet["LendingRequest"]):
    def answered(self) -> "LendingRequestQuerySet":
        """Nothing is to be lent any more: it is, or the person has a token of that subscription by now."""
        lent = Lending.objects.allowing(operation=OuterRef("operation"), asker=OuterRef("asked_by"))
        own = ApiToken.objects.paying().filter(
            team=OuterRef("token__team"),
            owner=OuterRef("asked_by"),
            subscription=OuterRef("token__subscription"),
        )
        return self.filter(Exists(lent.filter(token=OuterRef("token"))) | Exists(own))

    def waiting(self) -> "LendingRequestQuerySet":
        """Neither dismissed nor answered nor old, of people who may still ask, about what is still there, while the
        token works and its owner may lend it."""
        can_pay = ApiToken.objects.paying().filter(pk=OuterRef("token"))
        may_ask = Membership.objects.creating().filter(
            team=OuterRef("token__team"), user=OuterRef("asked_by")
        )
        is_there = Q(clip__deleted_at=None, clip__erased_at=None, file__deleted_at=None)
        since = timezone.now() - LendingRequest.STANDS_FOR
        answered = LendingRequest.objects.answered().filter(pk=OuterRef("pk"))
        return self.filter(
            Exists(may_ask),
            Exists(can_pay),
            is_there,
            ~Exists(answered),
            dismissed_at=None,
            asked_at__gt=since,
        )

    def for_owner(self, membership: Membership) -> "LendingRequestQuerySet":
        """Of tokens that are the person's own in that team."""
        return self.filter(token__team=membership.team_id, token__owner=membership.user_id)


class LendingRequest(models.Model):
    """Somebody asks the owner of a token to lend it, so that an edit of a take, or a song with a reference file, can
    be paid for. The owner sees it until they dismiss or answer it. Asked once more within a day it is the same one.
    """

    AGAIN_AFTER = timedelta(days=1)
    STANDS_FOR = timedelta(days=30)
    MOST_A_DAY = 10  # of one person in a team

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="lending_requests")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="lending_requests"
    )
    operation = models.CharField(max_length=20)
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, null=True, related_name="+")
    file = models.ForeignKey(ReferenceFile, on_delete=models.CASCADE, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    dismissed_at = models.DateTimeField(null=True)  # or answered, and the answer is not asked for again

    objects: ClassVar = LendingRequestQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["token", "asked_by", "operation", "clip"],
                condition=Q(clip__isnull=False),
                name="one_lending_request_per_clip",
            ),
            models.UniqueConstraint(
                fields=["token", "asked_by", "operation", "file"],
                condition=Q(file__isnull=False),
                name="one_lending_request_per_file",
            ),
            models.CheckConstraint(
                condition=Q(clip__isnull=False, file=None) | Q(clip=None, file__isnull=False),
                name="lending_request_about_one_thing",
            ),
        ]
        ordering: ClassVar = ["-asked_at", "-id"]

    def dismiss(self) -> bool:
        return (
            LendingRequest.objects.filter(pk=self.pk, dismissed_at=None).update(dismissed_at=timezone.now())
            == 1
        )
