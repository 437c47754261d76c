"""What the Flow Music API makes beside songs: lyrics, and reference files that were sent or made there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from apps.upstream import parsing
from apps.upstream.ids import account_of_asset, kind_of_asset
from apps.upstream.redaction import without_secrets


@dataclass(frozen=True, slots=True)
class LyricsRecord:
    """Lyrics and a matching sound prompt (post-flowmusic-music-lyrics.md).

    `song_fired`: a song was started as well, which costs. `credits_burned` is None if that is not said, as when a
    song was started.
    """

    email: str
    title: str | None
    lyrics: str
    sound_prompt: str | None
    source: str
    song_fired: bool
    credits_burned: int | None
    raw: dict[str, Any]

    @property
    def was_free(self) -> bool:
        """Only if the answer says so."""
        return not self.song_fired and self.credits_burned == 0

    @property
    def was_paid(self) -> bool:
        """Only if the answer says so; neither of the two where it doesn't say what it cost."""
        return self.song_fired or bool(self.credits_burned)

    @classmethod
    def parse(cls, data: object) -> LyricsRecord:
        """Without lyrics it is another answer."""
        record = parsing.mapping(data, "lyrics")
        lyrics = parsing.text(record.get("lyrics"))
        if lyrics is None or not lyrics.strip():
            raise parsing.ParseError("the answer has no lyrics")
        burned = parsing.amount(record.get("credits_burned"))
        return cls(
            email=parsing.text(record.get("email")) or "",
            title=parsing.text(record.get("title")),
            lyrics=lyrics,
            sound_prompt=parsing.text(record.get("sound_prompt")),
            source=parsing.text(record.get("source")) or "",
            song_fired=record.get("audio_create_song_fired") not in (None, False, 0, "", "false"),
            credits_burned=None if burned is None else math.ceil(burned),
            raw=without_secrets(dict(record)),
        )


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """A reference picture or audio file (post-flowmusic-files.md, post-flowmusic-files-generate.md).

    `kind` is image or audio. `metadata_stripped`, `width`, `height` and `model` are of pictures; `clip_id`,
    `operation_id`, `is_flagged` and `duration_s` are of audio. It can be used on the account `email` only.
    """

    asset_id: str
    url: str | None
    kind: str
    email: str
    metadata_stripped: bool | None
    clip_id: str | None
    operation_id: str | None
    is_flagged: bool | None
    duration_s: float | None
    width: int | None
    height: int | None
    model: str | None
    raw: dict[str, Any]

    @classmethod
    def parse(cls, data: object) -> AssetRecord:
        """Only the id is essential."""
        record = parsing.mapping(data, "file")
        asset_id = parsing.essential(record.get("id"), "id")
        said = parsing.text(record.get("kind")) or parsing.text(record.get("assetType"))
        return cls(
            asset_id=asset_id,
            url=parsing.text(record.get("url")),
            kind=said or kind_of_asset(asset_id),
            email=parsing.text(record.get("email")) or account_of_asset(asset_id),
            metadata_stripped=parsing.flag(record.get("metadata_stripped")),
            clip_id=parsing.text(record.get("clip_id"), parsing.LONGEST_ID),
            operation_id=parsing.text(record.get("operation_id"), 200),
            is_flagged=parsing.flag(record.get("is_flagged")),
            duration_s=parsing.seconds(record.get("duration_s")),
            width=parsing.count(record.get("width")),
            height=parsing.count(record.get("height")),
            model=parsing.text(record.get("model")),
            raw=without_secrets(dict(record)),
        )
