"""Images and audio that songs can be created with: our own copy, and its id on one Flow Music account."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Q

from apps.accounts.models import FlowAccount, Subscription, Team
from apps.addresses import address


def _storage() -> Storage:
    return storages["default"]


def bare_id(clip_id: str) -> str:
    """Of a clip, without the account that it is on."""
    return clip_id.rpartition("-clip:")[2]


def either_id(clip_ids: Iterable[str]) -> list[str]:
    """Of each clip its whole id, and the one without the account."""
    return [each for clip_id in clip_ids for each in {clip_id, bare_id(clip_id)} if each]


class ReferenceFileQuerySet(models.QuerySet["ReferenceFile"]):
    def for_team(self, team: Team) -> "ReferenceFileQuerySet":
        return self.filter(team=team)

    def live(self) -> "ReferenceFileQuerySet":
        return self.filter(deleted_at=None)

    def ready(self) -> "ReferenceFileQuerySet":
        """Those that Flow Music has."""
        return self.exclude(asset_id="")

    def of_clips(self, subscription_id: int, clip_ids: Iterable[str]) -> "ReferenceFileQuerySet":
        """Audio is among the account's clips, too. Its upload was answered with the clip's id, whole or without what
        names the account (`user:…-clip:`), so both are looked for."""
        return self.filter(subscription=subscription_id, clip_id__in=either_id(clip_ids))

    def stored(self) -> "ReferenceFileQuerySet":
        """Those of which there is a copy here, in the trash or not."""
        return self.exclude(file="").exclude(sha256="")

    def due(self, now: datetime) -> "ReferenceFileQuerySet":
        """Without our own copy of what Flow Music made, or not looked through yet; and not in somebody's hands."""
        to_fetch = Q(file="") & ~Q(source_url="")
        to_examine = ~Q(file="") & Q(examined_at=None)
        return self.live().filter(to_fetch | to_examine, next_try_at__lte=now).order_by("next_try_at")


class ReferenceFile(models.Model):
    """One file on one account: an asset id works there alone (post-flowmusic-files), elsewhere it has another row."""

    class Kind(models.TextChoices):
        IMAGE = "image"
        AUDIO = "audio"

    class Origin(models.TextChoices):
        UPLOADED = "uploaded"  # by a person, or sent on from our copy to another account
        MADE = "made"  # by Flow Music, from a description

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="reference_files")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT)  # provider and endpoint
    account = models.ForeignKey(FlowAccount, on_delete=models.SET_NULL, null=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.UPLOADED)
    name = models.CharField(max_length=200, blank=True)  # of the file that was chosen
    prompt = models.TextField(blank=True)  # of a picture that was made
    copy_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="copies")
    created_at = models.DateTimeField(auto_now_add=True)

    # Our own copy
    file = models.FileField(storage=_storage, max_length=300, blank=True)
    thumb = models.FileField(storage=_storage, max_length=300, blank=True)
    content_type = models.CharField(max_length=60, blank=True)  # by its bytes, as the API names it
    size = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    duration_s = models.FloatField(null=True)
    examined_at = models.DateTimeField(
        null=True
    )  # decoded to its end, and found good unless there is a problem
    problem = models.CharField(max_length=300, blank=True)  # why it is not sent, in plain words
    # The timer and the claim in one: looked at, or fetched, then; who does it puts it off first.
    next_try_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    # At Flow Music
    asset_id = models.CharField(max_length=400, blank=True)  # "" until it is there
    source_url = models.TextField(blank=True)
    strip_metadata = models.BooleanField(default=True)  # the person's choice, for pictures
    metadata_stripped = models.BooleanField(null=True)
    clip_id = models.CharField(max_length=400, blank=True)  # of audio: it is among the account's clips, too
    operation_id = models.CharField(max_length=200, blank=True)
    is_flagged = models.BooleanField(null=True)

    deleted_at = models.DateTimeField(null=True)

    objects: ClassVar = ReferenceFileQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "subscription", "asset_id"],
                condition=~Q(asset_id=""),
                name="one_file_per_asset",
            ),
            # Chosen twice, or sent on by two clicks, it is still the same file; with its hidden data it is another one.
            models.UniqueConstraint(
                fields=["team", "account", "sha256", "strip_metadata"],
                condition=Q(deleted_at=None, origin="uploaded") & ~Q(sha256=""),
                name="one_upload_per_content",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["team", "-created_at", "-id"], name="reference_newest"),
            models.Index(
                fields=["next_try_at"], condition=Q(next_try_at__isnull=False), name="reference_due"
            ),
        ]
        ordering: ClassVar = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.name or self.prompt[:60] or self.kind

    @property
    def is_ready(self) -> bool:
        return bool(self.asset_id)

    @property
    def former(self) -> str:
        """It never has another one: what is sent anew is another file (playback.Stored)."""
        return ""

    @property
    def stored_at(self) -> datetime:
        return self.created_at

    @property
    def is_image(self) -> bool:
        return self.kind == self.Kind.IMAGE

    @property
    def where(self) -> str:
        """`studio@`, as pages call the account that it is on."""
        return self.account.short if self.account else "an account that was removed"

    @property
    def thumb_url(self) -> str:
        return address("file-thumb", self.pk) if self.thumb else ""

    @property
    def audio_url(self) -> str:
        """Where this site plays it; "" for a picture, and for what was found unfit."""
        playable = self.kind == self.Kind.AUDIO and self.file and not self.problem
        return address("file-audio", self.pk) if playable else ""
