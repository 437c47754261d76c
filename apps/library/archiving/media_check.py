"""Checks a downloaded file as a whole before it is stored."""

from dataclasses import dataclass
from typing import BinaryIO

from apps.library.archiving import guard
from apps.library.archiving.audio_tags import Tags
from apps.library.archiving.guard import Cover, Heard
from apps.library.models import Clip, ClipFile

Kind = ClipFile.Kind

TYPES = {Kind.M4A: "audio/mp4", Kind.MP3: "audio/mpeg", Kind.WAV: "audio/wav"}


@dataclass(frozen=True)
class Checked:
    """A good file: its type, and what was learnt from it. `has_cover`: in the tags of audio."""

    content_type: str
    heard: Heard | None = None
    cover: Cover | None = None
    has_cover: bool = False


def check(file: ClipFile, copy: BinaryIO) -> Checked:
    """Tags the copy, then decodes it as it will be stored. Raises BadFile."""
    if file.kind == Kind.COVER:
        cover = guard.examine_cover(copy, in_background=file.background)
        return Checked(cover.content_type, cover=cover)
    tags, expected_s = _tags(file.clip), file.clip.duration_s
    heard, has_cover = guard.check_song(
        copy, file.kind, tags, expected_s=expected_s, in_background=file.background
    )
    return Checked(TYPES[Kind(file.kind)], heard=heard, has_cover=has_cover)


def _tags(clip: Clip) -> Tags:
    cover = clip.file(Kind.COVER)
    picture, picture_type = b"", ""
    if cover and cover.is_stored:
        with cover.file.open("rb") as stored:
            picture, picture_type = stored.read(), cover.content_type
    return Tags(clip.plain_title, clip.shown_lyrics, clip.song.prompt, picture, picture_type)
