"""Builds the rows of a new take from a listed clip, before the transaction in which they are written."""

import json
import secrets
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.utils import timezone

from apps.library import songs
from apps.library.models import ClipFile
from apps.library.models.clips import INSTRUMENTAL
from apps.library.search import search_index
from apps.upstream.records import ClipRecord

Values = tuple[Any, ...]
SAID = ("title", "lyrics", "duration_s", "api_duration_s", "seed", "stem_type", "made_at", "lyrics_timing")
OF_TAKE = ("id", "song_id", "clip_id", *SAID)
OF_FILE = ("clip_id", "kind", "state", "source_url", "next_try_at")
OF_WORDS = ("clip_id", "terms", "way")


class Ready(NamedTuple):
    """`take`, `files` and `words` are values as a database takes them, in the order of the names above."""

    clip: ClipRecord
    song_id: str
    take: Values
    files: list[Values]
    words: Values


def prepare(clips: Iterable[ClipRecord], team_id: UUID) -> list[Ready]:
    """Each clip once, in the order of the list."""
    now, different = timezone.now(), {clip.clip_id: clip for clip in clips}.values()
    ids = _new_ids(2 * len(different))
    return [_ready(clip, next(ids), next(ids), team_id, now) for clip in different]


def _ready(clip: ClipRecord, take_id: str, song_id: str, team_id: UUID, now: datetime) -> Ready:
    said = songs.clip_fields(clip)
    words = (take_id, _terms(team_id, said["title"], said["lyrics"]), search_index.WAY)
    timing = said["lyrics_timing"]
    said |= {"made_at": stored(said["made_at"]), "lyrics_timing": json.dumps(timing) if timing else None}
    files = [  # what can't be fetched needs no row: should a link turn up, it gets one
        (take_id, kind, ClipFile.State.WANTED, link, stored(songs.due_at(kind, now)))
        for kind, link in songs.links_of(clip).items()
        if songs.is_wanted(kind, link, has_record=False)
    ]
    return Ready(
        clip, song_id, (take_id, song_id, clip.clip_id, *(said[name] for name in SAID)), files, words
    )


def _new_ids(count: int) -> Iterator[str]:
    """Keys that begin with the time (UUID version 7): thousands of rows go to the ends of the indexes, not all over
    them. Chance is asked for once: a call for each would take longer than the rest of the row."""
    now, chance = f"{time.time_ns() // 1_000_000:012x}", secrets.token_hex(9 * count)
    for first in range(0, len(chance), 18):
        yield f"{now}7{chance[first : first + 3]}8{chance[first + 3 : first + 18]}"


def _terms(team_id: UUID, title: str, lyrics: str) -> str:
    """As search_index.index would write them."""
    if lyrics.strip() == INSTRUMENTAL:
        return search_index.document(team_id, title, instrumental=True)
    return search_index.document(team_id, title, lyrics, instrumental=False)


@lru_cache(maxsize=64)
def stored(at: datetime | None) -> str | None:
    """As both databases take it: in UTC, without saying so. Remembered, for the files of a page have the same."""
    return None if at is None else at.astimezone(UTC).isoformat(" ").removesuffix("+00:00")
