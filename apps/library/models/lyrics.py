"""Lyric drafts: ideas for lyrics, and every version of the lyrics that came of them."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.accounts.models import Team


class LyricDraftQuerySet(models.QuerySet["LyricDraft"]):
    def for_team(self, team: Team) -> "LyricDraftQuerySet":
        return self.filter(team=team)

    def live(self) -> "LyricDraftQuerySet":
        return self.filter(deleted_at=None)


class LyricDraft(models.Model):
    """One song's words in the making: what was asked for, and the versions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="lyric_drafts")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    idea = models.TextField(blank=True)  # `prompt` of post-flowmusic-music-lyrics
    structure = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True)

    objects: ClassVar = LyricDraftQuerySet.as_manager()

    class Meta:
        db_table = "library_lyricsheet"
        indexes: ClassVar = [models.Index(fields=["team", "-changed_at"], name="sheet_newest")]
        ordering: ClassVar = ["-changed_at"]


class LyricVersion(models.Model):
    """The words as they were at one time; never changed, only followed by another version."""

    class Origin(models.TextChoices):
        MADE = "made"  # by Flow Music
        EDITED = "edited"  # by a person

    draft = models.ForeignKey(
        LyricDraft, on_delete=models.CASCADE, related_name="versions", db_column="sheet_id"
    )
    number = models.PositiveIntegerField()  # from 1
    origin = models.CharField(max_length=10, choices=Origin.choices)
    title = models.CharField(max_length=300, blank=True)
    lyrics = models.TextField(blank=True)
    sound_prompt = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Of one that was made: what the answer says of the money. Normally no song was made and nothing was spent.
    song_fired = models.BooleanField(default=False)
    credits_burned = models.PositiveIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["draft", "number"], name="one_version_per_number")
        ]
        ordering: ClassVar = ["draft", "-number"]

    @property
    def was_charged(self) -> bool:
        """Lyrics normally cost nothing; this response says, or doesn’t deny, that something was spent."""
        return self.origin == self.Origin.MADE and (self.song_fired or self.credits_burned != 0)

    @property
    def cost_text(self) -> str:
        """Beside its name: "" for lyrics that cost nothing."""
        if not self.was_charged:
            return ""
        return "cost credits" if self.song_fired or self.credits_burned else "cost not known"
