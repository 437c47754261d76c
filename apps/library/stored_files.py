"""What is stored of a take, format by format, as sentences for its page."""

from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from apps.addresses import address
from apps.library.archiving import quota
from apps.library.models import Clip, ClipFile

Kind, State = ClipFile.Kind, ClipFile.State

NAMES = {Kind.MP3: "MP3", Kind.M4A: "M4A", Kind.WAV: "WAV", Kind.COVER: "Cover"}


@dataclass(frozen=True)
class FileStatus:
    """`sign` is stored, waiting, lost or none; `words` a sentence; an address is "" where nothing can be done."""

    kind: str
    name: str
    sign: str
    words: str
    download_url: str = ""
    retry_url: str = ""


def files_of(clip: Clip) -> list[FileStatus]:
    """The formats in the order in which people want them."""
    files = ((kind, clip.file(kind)) for kind in NAMES)
    return [_line(file) for _, file in files if file is not None]


def _line(file: ClipFile) -> FileStatus:
    name = NAMES[Kind(file.kind)]
    if file.is_stored:
        words = f"Saved and checked, {filesizeformat(file.size or 0)}."
        return FileStatus(file.kind, name, "stored", words, f"{file.url}?download=1")
    if file.state == State.NONE:
        return FileStatus(file.kind, name, "none", "Flow Music made none.")
    retry = address("clip-file-retry", file.clip_id, file.kind)
    if file.state == State.GIVEN_UP:
        words = f"{file.last_error} Tried for seven days without success.".strip()
        return FileStatus(file.kind, name, "lost", words, retry_url=retry)
    if file.kind == Kind.WAV and quota.usage(file.clip.team_id).is_full:
        return FileStatus(
            file.kind, name, "waiting", "Storage is full: WAV is fetched when there is room again."
        )
    if file.is_being_fetched:
        return FileStatus(file.kind, name, "waiting", "Being fetched now.")
    if not file.tries:
        return FileStatus(file.kind, name, "waiting", "Queued to be fetched.")
    words = f"Not there yet. {file.last_error} Trying again {_when(file)}."
    return FileStatus(file.kind, name, "waiting", words, retry_url=retry)


def _when(file: ClipFile) -> str:
    seconds = (file.next_try_at - timezone.now()).total_seconds() if file.next_try_at else 0
    if seconds < 45:
        return "in a moment"
    if seconds < 90 * 60:
        return f"in about {max(1, round(seconds / 60))} min"
    return f"in about {round(seconds / 3600)} h"
