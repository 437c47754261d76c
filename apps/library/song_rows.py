"""Renders the rows of the library, and keeps what it rendered for as long as all that a row shows is the same.

What a row is made of is read anew for each page, as bare values, and what was rendered is found by these values: so a
row that is kept can't be out of date, and it is shared by those alone to whom it says the same. A row knows nothing of
who asks but their own favourites and their time zone.
"""

import re
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from threading import Lock
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.library.models import Clip, ClipFile, CollectionItem, Rating, Song
from apps.library.search.song_list import SongRow
from apps.prepared import prepared

MOST_KEPT = 400  # rows, in the memory of a process: some 2 MB
EMPTY_LINES = re.compile(r"\s*\n\s*")  # what a condition leaves that isn't met

Kind, State = ClipFile.Kind, ClipFile.State
Values = tuple[Any, ...]


def render(rows: Iterable[SongRow], user: User) -> list[SongRow]:
    """Gives each row its `html`, and leaves out songs that were deleted meanwhile. Seven queries, however many rows."""
    rows = list(rows)
    if not rows:
        return []
    keys = _keys([row.pk for row in rows], user)
    found = {row.pk: _remembered(_key(keys, row)) for row in rows if row.pk in keys}
    new = [row for row in rows if not found.get(row.pk, True)]
    if new:
        found |= _rendered(new, user, keys)
    for row in rows:
        row.html = found.get(row.pk) or SafeString("")
    return [row for row in rows if row.html]


def _rendered(rows: list[SongRow], user: User, keys: dict[UUID, Values]) -> dict[UUID, SafeString]:
    """Kept is what is the same after it was read: it may have changed since its key was made."""
    songs = {song.pk: song for song in _songs([row.pk for row in rows])}
    after = _keys(list(songs), user)
    html = {row.pk: _html(songs[row.pk], row, user) for row in rows if row.pk in songs}
    for row in rows:
        is_same = keys[row.pk] == after.get(row.pk)
        if row.pk in html and is_same and not _is_on_its_way(songs[row.pk]):
            _remember(_key(keys, row), html[row.pk])
    return html


def _songs(ids: list[UUID]) -> QuerySet[Song]:
    found: QuerySet[Song] = Song.objects.filter(pk__in=ids).with_takes()
    return found.prefetch_related("takes__collections")


def _html(song: Song, row: SongRow, user: User) -> SafeString:
    """Without a request: what hangs on the person's role or session could not be shared."""
    every = list(song.takes.all())
    takes = [take for take in every if row.takes is None or take.pk in row.takes]
    said = {"song": song, "takes": takes, "left_out": len(every) - len(takes), "user": user}
    html = get_template("library/_song.html").render(said) if takes else ""
    return SafeString(EMPTY_LINES.sub("\n", html))


def _is_on_its_way(song: Song) -> bool:
    """Where a take is heard until it is saved hangs on the hour."""
    return not all(take.is_saved for take in song.takes.all())


# What a row is made of. A column that a template begins to show has to be here too.


def _keys(ids: list[UUID], user: User) -> dict[UUID, Values]:
    """By the song's key all values that its row shows; nothing for a song that isn't there."""
    zone = timezone.get_current_timezone_name()
    parts: dict[UUID, list[object]] = defaultdict(list)
    for read in (_of_takes, _of_files, _of_tags, _of_collections, _of_stems):
        for song_id, *values in read(*ids):
            parts[song_id].append((read, *values))
    for song_id, clip_id, user_id in _of_favourites(*ids):
        parts[song_id].append((clip_id, user_id == user.pk))
    return {pk: (zone, *values, *parts[pk]) for pk, *values in _of_songs(*ids)}


def _key(keys: dict[UUID, Values], row: SongRow) -> Values:
    return row.pk, row.takes, keys[row.pk]


@prepared
def _of_songs(*ids: UUID) -> QuerySet[Song, Any]:
    params = Cast("params", TextField())
    source = ("pk", "take", "title", "erased_at")
    song = ("name", "prompt", "batch_index", "batch_size")
    return Song.objects.filter(pk__in=ids).values_list(
        *("pk", "operation", "name", "prompt", params, "tone", "created_at", "batch_index", "batch_size"),
        *("asked_by__name", "asked_by__email"),
        *(f"source__{each}" for each in source),
        *(f"source__song__{each}" for each in song),
    )


@prepared
def _of_takes(*ids: UUID) -> QuerySet[Clip, Any]:
    loudness = Cast("rms", TextField())
    not_drawn = ExpressionWrapper(Q(peaks__isnull=True), BooleanField())
    takes = Clip.objects.live().filter(song__in=ids).order_by("song", "take")
    return takes.values_list(
        *("song_id", "pk", "take", "title", "lyrics", "duration_s", "stem_type", "loudness_db", loudness),
        *(not_drawn, "subscription__endpoint", "account__email"),
    )


@prepared
def _of_files(*ids: UUID) -> QuerySet[ClipFile, Any]:
    found = ClipFile.objects.filter(clip__song__in=ids, kind__in=(Kind.M4A, Kind.MP3, Kind.THUMB))
    return found.order_by("pk").values_list("clip__song_id", "clip_id", "kind", "state")


@prepared
def _of_tags(*ids: UUID) -> QuerySet[Any, Any]:
    found = Clip.tags.through.objects.filter(clip__song__in=ids).order_by("tag__key")
    return found.values_list("clip__song_id", "clip_id", "tag__key", "tag__name")


@prepared
def _of_collections(*ids: UUID) -> QuerySet[CollectionItem, Any]:
    found = CollectionItem.objects.filter(clip__song__in=ids).order_by("collection__name")
    return found.values_list("clip__song_id", "clip_id", "collection_id", "collection__name")


@prepared
def _of_stems(*ids: UUID) -> QuerySet[Song, Any]:
    split: QuerySet[Any, Any] = Song.objects.split()
    found = split.filter(source__song__in=ids).order_by("created_at")
    return found.values_list("source__song_id", "source_id", "tracks")


@prepared
def _of_favourites(*ids: UUID) -> QuerySet[Rating, Any]:
    found = Rating.objects.filter(is_favourite=True, clip__song__in=ids).order_by("pk")
    return found.values_list("clip__song_id", "clip_id", "user_id")


# What was rendered, by all that it was made of: those looked at last.

_memory: OrderedDict[Values, SafeString] = OrderedDict()
_lock = Lock()


def _remembered(key: Values) -> SafeString | None:
    with _lock:
        if html := _memory.get(key):
            _memory.move_to_end(key)
        return html


def _remember(key: Values, html: SafeString) -> None:
    with _lock:
        _memory[key] = html
        while len(_memory) > MOST_KEPT:
            _memory.popitem(last=False)
