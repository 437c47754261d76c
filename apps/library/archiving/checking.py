"""What came is looked at as a whole before it is kept."""

from dataclasses import dataclass
from typing import BinaryIO

from apps.library.archiving.covers import Cover, for_tags, look_at
from apps.library.archiving.decoding import Heard, hear
from apps.library.archiving.tags import Tags, write_tags
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
        cover = look_at(copy)
        return Checked(cover.content_type, cover=cover)
    tags = _tags(file.clip)
    write_tags(copy, file.kind, tags)
    heard = hear(copy, file.kind, expected_s=file.clip.duration_s)
    return Checked(TYPES[Kind(file.kind)], heard=heard, has_cover=bool(tags.cover))


def _tags(clip: Clip) -> Tags:
    cover = clip.file(Kind.COVER)
    picture, picture_type = b"", ""
    if cover and cover.is_stored:
        with cover.file.open("rb") as stored:
            picture, picture_type = for_tags(stored.read(), cover.content_type)
    return Tags(clip.shown_title, clip.words, clip.song.prompt, picture, picture_type)
