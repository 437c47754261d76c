"""Many takes as one ZIP, made while it is sent: nothing is kept in memory or on disk for it.

The files are audio, so they are stored as they are; that way the length is known before the first byte.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.files.storage import FileSystemStorage
from zipstream import ZIP_STORED, ZipStream

from apps.library.models import Clip, ClipFile
from apps.library.playback.playback import readable_name

PIECE = 64 * 1024
NOTE = "Not in this ZIP.txt"
WORDS = {"mp3": "MP3", "m4a": "M4A", "wav": "WAV"}


def zipped(clips: Iterable[Clip], kind: str) -> ZipStream:
    """The takes' files of that format, in their order, and a note of those that have none. Knows its length."""
    made = ZipStream(compress_type=ZIP_STORED, sized=True)
    taken: set[str] = {NOTE.casefold()}
    missing = []
    for clip in clips:
        file = clip.file(kind)
        if file is None or not file.is_stored:
            missing.append(_why(clip, kind, file))
            continue
        made.add(_pieces(file), _unused(readable_name(clip, kind), taken), size=file.size)
    if missing:
        made.add("\r\n".join(["Not in this ZIP:", "", *missing, ""]).encode(), NOTE)
    return made


def _unused(name: str, taken: set[str]) -> str:
    """`Last Ferry Home (take A) (2).mp3` for the second one; some systems take no notice of case."""
    stem, _, ending = name.rpartition(".")
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{stem} ({number}).{ending}"
    taken.add(free.casefold())
    return free


def _why(clip: Clip, kind: str, file: ClipFile | None) -> str:
    if file and file.state == ClipFile.State.WANTED:
        return f"{clip}: the {WORDS[kind]} is not saved yet. Try again later."
    return f"{clip}: there is no {WORDS[kind]} of it."


def _pieces(file: ClipFile) -> Iterator[bytes]:
    """Opened when its turn comes. A file that is gone breaks the answer off, which a browser shows as failed."""
    store: Any = file.file.storage
    if isinstance(store, FileSystemStorage):
        with file.file.open("rb") as handle:
            yield from handle.chunks(PIECE)
    else:  # its own files would be read into memory whole
        yield from store.bucket.Object(file.file.name).get()["Body"].iter_chunks(PIECE)
