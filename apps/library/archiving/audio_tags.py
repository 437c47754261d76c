"""Writes title, lyrics, prompt and cover into an audio file, once, so that a download explains itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from mutagen import MutagenError, wave
from mutagen.id3 import APIC, COMM, TIT2, USLT, delete
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover

from apps.library.archiving.errors import BadFile

_MP4_COVERS = {"image/jpeg": MP4Cover.FORMAT_JPEG, "image/png": MP4Cover.FORMAT_PNG}


@dataclass(frozen=True)
class Tags:
    """`cover` with its type, b"" if there is none (yet)."""

    title: str
    lyrics: str = ""
    prompt: str = ""
    cover: bytes = b""
    cover_type: str = ""


def write_tags(file: BinaryIO, kind: str, tags: Tags) -> None:
    """Into the file, in place. BadFile when it isn't of that kind."""
    file.seek(0)
    try:
        _WRITERS[kind](file, tags)
    except (MutagenError, EOFError, ValueError) as error:
        raise BadFile(f"The {kind} that arrived can't be played.") from error


def _write_mp4(file: BinaryIO, tags: Tags) -> None:
    song = MP4(fileobj=file)
    marks = _marks(song)
    values = {"\xa9nam": tags.title, "\xa9lyr": tags.lyrics, "\xa9cmt": tags.prompt}
    marks.update({name: [value] for name, value in values.items() if value})
    if tags.cover and tags.cover_type in _MP4_COVERS:
        marks["covr"] = [MP4Cover(tags.cover, _MP4_COVERS[tags.cover_type])]
    file.seek(0)
    song.save(fileobj=file)


def _write_mp3(file: BinaryIO, tags: Tags) -> None:
    # What came with the file is dropped unread: a frame may be compressed, and unpack to a gigabyte.
    delete(file)
    _write_id3(MP3, file, tags)


def _write_wav(file: BinaryIO, tags: Tags) -> None:
    wave.delete(file)
    _write_id3(wave.WAVE, file, tags)


def _write_id3(kind: type[MP3 | wave.WAVE], file: BinaryIO, tags: Tags) -> None:
    file.seek(0)
    song = kind(fileobj=file)
    marks = _marks(song)
    marks.setall("TIT2", [TIT2(encoding=3, text=tags.title)])
    if tags.lyrics:
        marks.setall("USLT", [USLT(encoding=3, lang="XXX", desc="", text=tags.lyrics)])
    if tags.prompt:
        marks.setall("COMM", [COMM(encoding=3, lang="XXX", desc="", text=tags.prompt)])
    if tags.cover:
        front = APIC(encoding=3, mime=tags.cover_type, type=3, desc="Cover", data=tags.cover)
        marks.setall("APIC", [front])
    file.seek(0)
    song.save(fileobj=file)


def _marks(song: Any) -> Any:
    """The tags of the file, new ones if it has none."""
    if song.tags is None:
        song.add_tags()
    return song.tags


_WRITERS: dict[str, Callable[[BinaryIO, Tags], None]] = {
    "m4a": _write_mp4,
    "mp3": _write_mp3,
    "wav": _write_wav,
}
