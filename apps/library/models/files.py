"""The files of a take, and how far copying them has come. The row is the timer: a tick finds what is due."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone

from apps.accounts.models import Team
from apps.addresses import address
from apps.library.models.claims import Claimable
from apps.library.models.clips import Clip
from apps.library.models.storage import TeamStorage
from apps.upstream import hosts


def _storage() -> Storage:
    return storages["default"]


class ClipFileQuerySet(models.QuerySet["ClipFile"]):
    def for_team(self, team: Team) -> "ClipFileQuerySet":
        return self.filter(clip__team=team)

    def stored(self) -> "ClipFileQuerySet":
        return self.filter(state=ClipFile.State.STORED)

    def for_rows(self) -> "ClipFileQuerySet":
        """What a list shows of them: whether there is one, and where it is heard or seen."""
        return self.only("clip", "kind", "state", "source_url")

    def due(self, now: datetime) -> "ClipFileQuerySet":
        """To be worked on now and not in somebody's hands: what was just made before what was imported, what a
        player needs before WAV, which waits for room."""
        last = Case(When(kind=ClipFile.Kind.WAV, then=Value(1)), default=Value(0))
        full = TeamStorage.objects.filter(used_bytes__gte=F("limit_bytes")).values("team")
        fit = self.filter(ClipFile.claimable(now)).exclude(kind=ClipFile.Kind.WAV, clip__team__in=full)
        return fit.order_by("background", last, "next_try_at", "pk")


class ClipFile(Claimable):
    """One format of a take in the team's own storage."""

    class Kind(models.TextChoices):
        M4A = "m4a"
        MP3 = "mp3"
        COVER = "cover"
        WAV = "wav"
        THUMB = "thumb"  # 160 px of the cover, made by us together with it; never fetched

    class State(models.TextChoices):
        WANTED = "wanted"  # to be fetched at next_try_at
        STORED = "stored"  # with a next_try_at: to be tagged anew, or its former file goes
        GIVEN_UP = "given_up"  # after seven days; a person may ask again
        NONE = "none"  # the remote says that there is none (a song without a cover)

    # What a song must have before its job is completed; WAV follows with lower priority.
    FIRST = (Kind.M4A, Kind.MP3, Kind.COVER)
    AUDIO = (Kind.M4A, Kind.MP3, Kind.WAV)
    # What a browser may hear at the remote side until it is stored. An mp3 is given for the token alone; a WAV is ten
    # times as large.
    HEARD_REMOTELY = frozenset({Kind.M4A})
    # Nothing says how long a link lasts (docs/api.md, point 26). Most files are stored within a minute.
    LINK_IS_FRESH = timedelta(hours=1)

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="files", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WANTED)
    source_url = models.TextField(
        blank=True
    )  # a media link that may expire; "" for mp3 (asked with the token)
    file = models.FileField(storage=_storage, max_length=300, blank=True)
    size = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)  # of what is stored, tags included
    content_type = models.CharField(max_length=60, blank=True)
    has_cover = models.BooleanField(default=False)  # an audio file that carries the cover in its tags
    # That audio carries; None for files from before this was written down, and for what isn't audio.
    title_in_tags = models.CharField(max_length=300, null=True)
    stored_at = models.DateTimeField(null=True)
    # The name of the file that this one took the place of: kept a while for who is hearing it, or, if it was found
    # damaged, until a good one is there.
    former = models.CharField(max_length=300, blank=True)

    # Of a take that was imported: thousands may wait, and what was just made goes before them.
    background = models.BooleanField(default=False)
    wanted_since = models.DateTimeField(default=timezone.now)
    next_try_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)  # in plain words, shown on the clip

    objects: ClassVar = ClipFileQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["clip", "kind"], name="one_file_per_kind")]
        indexes: ClassVar = [
            models.Index(
                fields=["background", "next_try_at"], condition=Q(next_try_at__isnull=False), name="file_due"
            )
        ]
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} of clip {self.clip_id} ({self.state})"

    @property
    def is_stored(self) -> bool:
        return self.state == self.State.STORED

    @property
    def remote_link(self) -> str:
        """Where the remote side lets everybody hear it, as long as it isn't stored; "" when there is no such link.

        Whether its host is a public one is looked up when somebody is sent there (playback/remote_audio.py).
        """
        waits = self.state == self.State.WANTED and self.kind in self.HEARD_REMOTELY and self.source_url
        if not waits or timezone.now() - self.clip.created_at > self.LINK_IS_FRESH:
            return ""
        try:
            hosts.check_url(self.source_url, settings.OPERATOR_ORIGINS)
        except hosts.HostRefused:
            return ""
        return self.source_url

    @property
    def is_renamed(self) -> bool:
        """Another title stands in its tags than the one that is shown."""
        return self.title_in_tags is not None and self.title_in_tags != self.clip.plain_title

    @property
    def url(self) -> str:
        """Where this site serves it."""
        if self.kind in self.AUDIO:
            return address("clip-audio", self.clip_id, self.kind)
        return address("clip-thumb" if self.kind == self.Kind.THUMB else "clip-cover", self.clip_id)

    @property
    def is_being_fetched(self) -> bool:
        return (
            self.state == self.State.WANTED
            and self.claim_until is not None
            and self.claim_until > timezone.now()
        )

    @classmethod
    def claimable(cls, now: datetime) -> Q:
        """With something to do, and nothing is fetched for the trash."""
        states = (cls.State.WANTED, cls.State.STORED)
        # Not a join: of two workers that take the row, one has to see the other's claim.
        live = Exists(Clip.objects.live().filter(pk=OuterRef("clip")))
        return Q(state__in=states, next_try_at__lte=now) & super().claimable(now) & Q(live)

    def free_claim(self, claim_id: uuid.UUID) -> bool:
        """For the next one, at once. The claim itself stays: it names what may lie in the storage."""
        return self.claimed_by(claim_id).update(claim_until=None) == 1

    def ask_again(self) -> bool:
        """A person wants it tried now, with seven new days. False: there is nothing to try."""
        now = timezone.now()
        open_states = (self.State.WANTED, self.State.GIVEN_UP)
        rows = ClipFile.objects.filter(pk=self.pk, state__in=open_states)
        values = {"state": self.State.WANTED, "tries": 0, "wanted_since": now, "next_try_at": now}
        values["background"] = False
        return rows.update(**values) == 1
