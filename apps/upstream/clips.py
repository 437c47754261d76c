"""Clips as the Flow Music API tells of them: one, a page of an account's, the stems of a song."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.upstream import parsing
from apps.upstream.ids import account_of_asset
from apps.upstream.parsing import ParseError, each
from apps.upstream.redaction import without_secrets


@dataclass(frozen=True, slots=True)
class ClipRecord:
    """One take (post-flowmusic-music.md). `clip_id` is the API's `clip`; lengths and marks are in seconds.

    `lyrics` is "[Instrumental]" for an instrumental. `lyrics_timing` is [start, end] pairs without text.
    Links may expire. `stem_type` is drums, bass, vocals or other in a manifest of stems, which has no lyrics, seed,
    time or picture.
    """

    clip_id: str
    title: str | None = None
    lyrics: str | None = None
    duration_s: float | None = None
    seed: int | None = None
    lyrics_timing: tuple[tuple[float, float], ...] | None = None
    created_at: datetime | None = None
    audio_url: str | None = None
    wav_url: str | None = None
    image_url: str | None = None
    stem_type: str | None = None

    @classmethod
    def parse(cls, data: object) -> ClipRecord:
        record = parsing.mapping(data, "clip")
        return cls(
            clip_id=parsing.essential(record.get("clip"), "clip"),
            title=parsing.text(record.get("title")),
            lyrics=parsing.text(record.get("lyrics")),
            duration_s=parsing.seconds(record.get("duration_s")),
            seed=parsing.whole(record.get("seed")),
            lyrics_timing=parsing.pairs(record.get("lyrics_timing")),
            created_at=parsing.moment(record.get("created_at")),
            audio_url=parsing.text(record.get("audio_url")),
            wav_url=parsing.text(record.get("wav_url")),
            image_url=parsing.text(record.get("image_url")),
            stem_type=parsing.text(record.get("stem_type")),
        )


@dataclass(frozen=True, slots=True)
class ClipPage:
    """One page of an account's clips (get-flowmusic-music.md), which have no created_at and no seed there, and
    perhaps no links. `next` is the offset of the page after it, None on the last one; it is always larger than
    the offset that was asked for, so that walking the pages ends.
    """

    clips: tuple[ClipRecord, ...]
    next: int | None

    @classmethod
    def parse(cls, data: object, *, offset: int = 0, limit: int = 100) -> ClipPage:
        """`offset`, `limit`: what was asked for."""
        record = parsing.mapping(data, "page of clips")
        items = record.get("clips")
        if not isinstance(items, list):
            raise ParseError("the page of clips has no list of them")
        return cls(each(items, ClipRecord.parse), _next(record, offset, limit, len(items)))


def _next(record: Mapping[str, Any], offset: int, limit: int, count: int) -> int | None:
    """A page with nothing on it is the last one; one that doesn't say, or says what it said before, is the last
    one if it is not full."""
    if count == 0 or record.get("next", 0) is None:
        return None
    said = parsing.count(record.get("next"))
    if said is not None and said > offset:
        return said
    full = min(limit, parsing.count(record.get("limit")) or limit)
    return offset + count if count >= full else None


@dataclass(frozen=True, slots=True)
class StemsRecord:
    """The stems of a clip (post-flowmusic-music-edit.md, operation stems): four of them as a rule, or fewer."""

    email: str
    source_clip: str
    clips: tuple[ClipRecord, ...]
    raw: dict[str, Any]

    @classmethod
    def parse(cls, data: object, *, source_clip: str) -> StemsRecord:
        """`source_clip`: the clip that was asked for. Raises ParseError for a job record and for no stems."""
        record = parsing.mapping(data, "manifest of stems")
        if record.get("jobid"):
            raise ParseError("the answer is a job, not a manifest of stems")
        clips = each(record.get("clips"), ClipRecord.parse)
        if not clips:
            raise ParseError("the manifest has no stems")
        source = parsing.text(record.get("source_clip")) or source_clip
        email = parsing.text(record.get("email")) or account_of_asset(source)
        return cls(email=email, source_clip=source, clips=clips, raw=without_secrets(dict(record)))
