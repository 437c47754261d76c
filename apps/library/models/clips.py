"""What the team keeps: songs (one per request) and their takes."""

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Count, Prefetch, Q

from apps.accounts.models import FlowAccount, Subscription, Team
from apps.addresses import address
from apps.library.input_names import first_words

if TYPE_CHECKING:
    from apps.library.models.files import ClipFile

# No take is lowered by more than this, however quiet the other one is.
MOST_LOWERED_DB = 12.0
# "[Instrumental]" is a value that the API gives for lyrics, not lyrics to show (docs/api.md, point 25).
INSTRUMENTAL = "[Instrumental]"


class SongQuerySet(models.QuerySet["Song"]):
    def for_team(self, team: Team) -> "SongQuerySet":
        return self.filter(team=team)

    def listed(self) -> "SongQuerySet":
        """Without stems, which are no songs to choose from: they are shown with the take that was split."""
        return self.exclude(operation=Song.STEMS)

    def split(self) -> "SongQuerySet":
        """Stems of which there is something left, with the number of their `tracks`."""
        tracks = Count("takes", filter=Q(takes__deleted_at=None))
        return self.filter(operation=Song.STEMS).annotate(tracks=tracks).filter(tracks__gt=0)

    def with_takes(self) -> "SongQuerySet":
        """With all that the rows of the pages show, without takes in the trash: a few queries, however many
        songs."""
        stems = Prefetch("edits", Song.objects.split().order_by("created_at"), to_attr="split")
        takes = Clip.objects.live().for_rows().prefetch_related(stems)
        return self.select_related("asked_by", "source__song").prefetch_related(Prefetch("takes", takes))


class Song(models.Model):
    """What one call made: one request, with its takes. An edit or an import has one take."""

    IMPORT = "import"  # not made by a call of ours: imported from Flow Music
    STEMS = "stems"  # a take in four parts, each a clip of its own

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Thousands of rows come at once (importing/): what begins an index below, or is never looked for, has none.
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="songs", db_index=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, db_index=False
    )
    operation = models.CharField(max_length=20, default="music")
    source = models.ForeignKey(  # the take that an edit was made of
        "library.Clip", on_delete=models.SET_NULL, null=True, related_name="edits", db_index=False
    )
    name = models.CharField(max_length=120, blank=True)  # given by a person; goes before the takes' titles
    prompt = models.TextField(blank=True)
    params = models.JSONField(default=dict)  # what the person chose, by the API's parameter names
    tone = models.CharField(max_length=10, blank=True)  # one of tones.TONES, nearest to take A's cover
    created_at = models.DateTimeField()  # when it was asked for
    # Which of the songs of one request it is, from 0, and of how many.
    batch_index = models.PositiveSmallIntegerField(default=0, db_default=0)
    batch_size = models.PositiveSmallIntegerField(default=1, db_default=1)

    objects: ClassVar = SongQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["team", "-created_at", "-id"]),
            models.Index(fields=["team", "operation", "-created_at", "-id"], name="song_of_kind"),
            models.Index(fields=["team", "asked_by", "-created_at", "-id"], name="song_by_person"),
            models.Index(fields=["source"], condition=Q(source__isnull=False), name="song_of_source"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The name that a person gave it, else take A's title, else the first words of the prompt."""
        if self.name:
            return self.name
        # A stem's says which it is: "Last Ferry Home - drums".
        titles = (take.title.removesuffix(f" - {take.stem_type}") for take in self.takes.all())
        return next(filter(None, titles), "") or first_words(self.prompt) or "Untitled"

    @property
    def number(self) -> str:
        """`3/10` tells the songs of one request apart, which often have one title; "" for a single one.

        A name that a person gave stands alone.
        """
        return "" if self.name else number_in_batch(self.batch_index, self.batch_size)


class ClipQuerySet(models.QuerySet["Clip"]):
    def for_team(self, team: Team) -> "ClipQuerySet":
        """All that a page can show, those in the trash too."""
        return self.filter(team=team, erased_at=None)

    def live(self) -> "ClipQuerySet":
        return self.filter(deleted_at=None)

    def in_trash(self) -> "ClipQuerySet":
        return self.filter(deleted_at__isnull=False, erased_at=None)

    def liked(self) -> "ClipQuerySet":
        """Takes that somebody of the team has made a favourite, or rated with four stars or more."""
        loved = Q(ratings__is_favourite=True) | Q(ratings__rating__gte=4)
        return self.live().filter(loved).distinct()

    def light(self, *, with_lyrics: bool = False, with_peaks: bool = False) -> "ClipQuerySet":
        """Without the columns that are large, and that lists don't show. A list that draws waveforms needs `peaks`."""
        heavy = ["lyrics_timing"]
        heavy += [] if with_lyrics else ["lyrics"]
        heavy += [] if with_peaks else ["peaks", "rms"]
        return self.defer(*heavy)

    def for_pages(self) -> "ClipQuerySet":
        return self.select_related("account", "subscription").prefetch_related("files", "ratings", "tags")

    def for_rows(self) -> "ClipQuerySet":
        """As for_pages(), of files only whether and where they are heard and seen: a list has hundreds."""
        files: Any = Clip.files.rel.related_model
        rows = self.light(with_lyrics=True, with_peaks=True).select_related("account", "subscription")
        return rows.prefetch_related(Prefetch("files", files.objects.for_rows()), "ratings", "tags")


class Clip(models.Model):
    """A take: one piece of audio with a remote id. Unique in a team by provider, endpoint and that id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="clips", db_index=False)
    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="takes")
    take = models.PositiveSmallIntegerField(default=0)  # 0 is A, 1 is B …
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT)  # provider and endpoint
    account = models.ForeignKey(FlowAccount, on_delete=models.SET_NULL, null=True)
    clip_id = models.CharField(max_length=400)
    jobid = models.CharField(
        max_length=400, blank=True
    )  # the remote job, asked again when a link has expired
    title = models.CharField(max_length=300, blank=True)
    lyrics = models.TextField(blank=True)  # "" when not given; "[Instrumental]" is stored as the API says it
    duration_s = models.FloatField(null=True)  # measured once archived, until then as the API said
    api_duration_s = models.FloatField(null=True)  # as the API says it, by which it judges edits
    seed = models.BigIntegerField(null=True)
    stem_type = models.CharField(max_length=20, blank=True)  # vocals, drums, bass, other; "" for a whole take
    # Why Flow Music can't edit it, in plain words; "" as far as nothing is known.
    uneditable = models.CharField(max_length=300, blank=True)
    lyrics_timing = models.JSONField(null=True)  # [[start, end], …] in seconds
    made_at = models.DateTimeField(null=True)  # at the remote
    created_at = models.DateTimeField(auto_now_add=True)
    # Loudness of 384 equal parts of the song, 0 to 255 each (loudness.py); null until the audio was decoded.
    peaks = models.JSONField(null=True)
    rms = models.JSONField(null=True)
    loudness_db = models.FloatField(null=True)  # full scale is 0; by it two takes are heard equally loud
    tags = models.ManyToManyField("library.Tag", blank=True, related_name="clips")

    # In the trash from then on; erased 30 days later. The row stays, so that it is never imported again.
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    erased_at = models.DateTimeField(null=True)

    objects: ClassVar = ClipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["team", "subscription", "clip_id"], name="one_clip_per_team")
        ]
        indexes: ClassVar = [
            models.Index(fields=["team", "-created_at", "-id"]),
            models.Index(fields=["duration_s"], name="clip_length"),
            models.Index(
                fields=["team", "-deleted_at"],
                condition=Q(deleted_at__isnull=False, erased_at=None),
                name="clip_in_bin",
            ),
        ]
        ordering: ClassVar = ["song", "take"]

    def __str__(self) -> str:
        return f"{self.shown_title}, take {self.letter}"

    def get_absolute_url(self) -> str:
        return address("clip", self.pk)

    @property
    def letter(self) -> str:
        return chr(ord("A") + self.take)

    @property
    def plain_title(self) -> str:
        """What stands in the tags of its files, too."""
        return self.song.name or self.title or first_words(self.song.prompt) or "Untitled"

    @property
    def shown_title(self) -> str:
        """With its number among the songs of one request: `Copper Rain 3/10`."""
        return f"{self.plain_title} {self.song.number}".rstrip()

    @property
    def shown_lyrics(self) -> str:
        """The lyrics to show; "" for an instrumental."""
        return "" if self.lyrics.strip() == INSTRUMENTAL else self.lyrics

    @property
    def edit_length_s(self) -> float | None:
        """Where edits end: what is measured and what the API knows differ by hundredths, and the less is safe."""
        lengths = [each for each in (self.duration_s, self.api_duration_s) if each]
        return min(lengths, default=None)

    @property
    def is_instrumental(self) -> bool:
        return self.lyrics.strip() == INSTRUMENTAL or self.song.params.get("instrumental") is True

    @property
    def is_imported(self) -> bool:
        return self.song.operation == Song.IMPORT

    @property
    def siblings(self) -> list["Clip"]:
        """The other takes of the same song, in order. Stems have none: they are parts, not choices."""
        if self.stem_type:
            return []
        return [take for take in self.song.takes.all() if take.pk != self.pk]

    @property
    def other(self) -> "Clip | None":
        """The take that the player's A/B switch goes to."""
        return next((take for take in self.siblings if take.is_playable), None)

    @property
    def gain_db(self) -> float:
        """By how much the player lowers this take, so that those of the song are equally loud: 0 or less.

        A stem is as loud as it is in its song.
        """
        if self.stem_type:
            return 0.0
        known = [take.loudness_db for take in self.song.takes.all() if take.loudness_db is not None]
        if self.loudness_db is None or not known:
            return 0.0
        return max(-MOST_LOWERED_DB, min(0.0, round(min(known) - self.loudness_db, 1)))

    def file(self, kind: str) -> "ClipFile | None":
        """The row of that format, from the prefetched ones where a page has them: it asks for each of its takes."""
        there: Any = self.__dict__.get("_prefetched_objects_cache", {}).get("files") or self.files.all()
        return next((file for file in there if file.kind == kind), None)

    def url_of(self, kind: str) -> str:
        """Where this site serves the format; "" while it isn't stored."""
        file = self.file(kind)
        return file.url if file and file.is_stored else ""

    @property
    def m4a_url(self) -> str:
        return self.url_of("m4a")

    @property
    def mp3_url(self) -> str:
        return self.url_of("mp3")

    @property
    def cover_url(self) -> str:
        return self.url_of("cover")

    @property
    def thumb_url(self) -> str:
        return self.url_of("thumb")

    @property
    def is_saved(self) -> bool:
        """Its sound is in the team's own storage: it can be downloaded and mixed."""
        return bool(self.m4a_url or self.mp3_url)

    @property
    def is_playable(self) -> bool:
        """It can be heard, from the storage or, until it is saved, from the remote side."""
        return bool(self.sound_url)

    @property
    def m4a_source(self) -> str:
        """Where a player gets its m4a on this site, which sends it to the remote side as long as it isn't saved."""
        file = self.file("m4a")
        return file.url if file and (file.is_stored or file.remote_link) else ""

    @property
    def sound_url(self) -> str:
        """What a plain link to its sound opens."""
        return self.mp3_url or self.m4a_source


def number_in_batch(index: int, size: int) -> str:
    return f"{index + 1}/{size}" if size > 1 else ""
