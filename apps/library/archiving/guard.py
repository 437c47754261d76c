"""The one door to whatever decodes bytes from outside: a process of its own, with limits, that can be ended.

It is started afresh for each file (as a program, not forked: this process has threads), gets the open file and nothing
of our secrets, and is ended when it takes too long. Whatever it does, the answer is a verdict.
"""

import base64
import io
import json
import logging
import math
import os
import subprocess  # our own interpreter, with a list of arguments
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from signal import SIGHUP, SIGINT, SIGKILL, SIGTERM
from typing import IO, Any, BinaryIO

from django.conf import settings

from apps.library.archiving.audio_tags import Tags
from apps.library.archiving.errors import BadFile, NotExamined, Unreadable
from apps.library.archiving.file_types import MEGABYTE, MOST_AUDIO, FileType
from apps.library.archiving.places import Places

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[3]
PLACES = Places(2)  # of all threads of this process: what is unpacked takes memory
EXAMINER = "apps.library.archiving.examiner"
IMAGES, SOUNDS = "images", "sounds"
LAST_WORDS = 200  # bytes of what it complained of
# An hour of sound takes about 20 s here, the largest picture 2 s.
WITHIN_S = {IMAGES: 20, SOUNDS: 60}
REMUXED_WITHIN_S = 15  # a request waits for it
LARGEST_ANSWER = 8 * MEGABYTE
LARGEST_REMUXED = MOST_AUDIO + MEGABYTE
LARGEST_SONG = 700 * MEGABYTE  # as it comes (fetching.py)
AROUND_SONG = 32 * MEGABYTE  # its tags, with lyrics and a cover
ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG", "LC_ALL", "TZ")
ENDED_FROM_OUTSIDE = {-SIGKILL, -SIGTERM, -SIGINT, -SIGHUP}


@dataclass(frozen=True)
class Seen:
    """What was learnt: size and a small WebP of a picture, seconds of audio."""

    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    thumb: bytes = b""


@dataclass(frozen=True)
class Heard:
    """`duration_s` is measured; `peaks` and `rms` as loudness.Loudness.parts gives them, `loudness_db` as gated_db."""

    duration_s: float
    peaks: list[int]
    rms: list[int]
    loudness_db: float | None


@dataclass(frozen=True)
class Cover:
    """The type of the bytes, a small square of them as WebP, and the nearest tone ("" for grey)."""

    content_type: str
    thumb: bytes
    tone: str


def examine(file: BinaryIO, file_type: FileType) -> Seen:
    """Decodes all of it. Raises BadFile: what is wrong, in words for who chose it."""
    room = IMAGES if file_type.kind == "image" else SOUNDS
    answer = _ask(
        room,
        "examine",
        [file],
        _slow(file_type),
        Unreadable(file_type.name),
        content_type=file_type.content_type,
    )
    return Seen(**answer | {"thumb": base64.b64decode(answer.get("thumb", ""))})


def has_all_its_pixels(file: BinaryIO, file_type: FileType) -> bool:
    """Of a JPEG without an end mark."""
    return bool(_ask(IMAGES, "has_all_its_pixels", [file], _slow(file_type), Unreadable(file_type.name)))


def examine_cover(file: BinaryIO, *, in_background: bool = False) -> Cover:
    """Decodes the whole picture. Raises BadFile. `in_background`: whoever else wants something examined goes first."""
    bad = BadFile("The cover that arrived is not an image.")
    answer = _ask(IMAGES, "examine_cover", [file], bad, bad, in_background=in_background)
    return Cover(**answer | {"thumb": base64.b64decode(answer["thumb"])})


def check_song(
    file: BinaryIO, kind: str, tags: Tags, *, expected_s: float | None, in_background: bool = False
) -> tuple[Heard, bool]:
    """Tags it in place and decodes it. Returns what was heard, and whether the cover is in it now. Raises BadFile."""
    fields: dict[str, Any] = {
        "kind": kind,
        "expected_s": expected_s,
        "title": tags.title,
        "lyrics": tags.lyrics,
    }
    fields |= {"prompt": tags.prompt, "cover": base64.b64encode(tags.cover).decode()}
    fields |= {"cover_type": tags.cover_type, "largest_file": LARGEST_SONG + AROUND_SONG}
    bad = BadFile(f"The {kind} that arrived can't be played.")
    answer = _ask(SOUNDS, "check_song", [file], bad, bad, in_background=in_background, **fields)
    return Heard(**answer["heard"]), bool(answer["has_cover"])


def remux(file: BinaryIO, to: BinaryIO, file_type: FileType) -> None:
    """The packets of an M4A or of bare AAC, into a new M4A. Raises BadFile."""
    fields: dict[str, Any] = {"content_type": file_type.content_type, "within_s": REMUXED_WITHIN_S}
    fields["largest_file"] = LARGEST_REMUXED  # a small file can name the same bytes a thousand times
    _ask(SOUNDS, "remux", [file, to], _slow(file_type), Unreadable(file_type.name), **fields)


def _slow(file_type: FileType) -> BadFile:
    return BadFile(
        f"This {file_type.name} takes too long to read. Save it again as a plain {file_type.name}."
    )


def _ask(
    room: str,
    operation: str,
    files: list[BinaryIO],
    slow: BadFile,
    broken: BadFile,
    *,
    within_s: float = 0,
    in_background: bool = False,
    largest_file: int = LARGEST_ANSWER + 1,
    **fields: Any,
) -> Any:
    """The answer of the examiner; `slow` and `broken` are raised when it takes too long, or can't answer.

    It can write no file that is larger than `largest_file`, its answer included.
    """
    within_s = within_s or WITHIN_S[room]
    with PLACES.taken(in_background=in_background), ExitStack() as stack:
        handles = [stack.enter_context(_on_disk(file)) for file in files]
        try:
            command = [room, str(os.getpid()), operation, str(math.ceil(within_s)), str(largest_file)]
            ended = _start(command, handles, json.dumps(fields).encode(), within_s)
        except subprocess.TimeoutExpired as error:
            slow.cause = f"ended after {within_s} s"
            raise slow from error
        except OSError as error:  # no process to be had, no memory: that is not the file's fault
            raise NotExamined from error
    return _verdict(ended, broken)


def _start(
    words: list[str], handles: list[int], fields: bytes, within_s: float
) -> subprocess.CompletedProcess[bytes]:
    """What it says goes to the disk, where its limits hold, and not into our memory."""
    room, *arguments = words
    known = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    with _scratch() as said, _scratch() as complained:
        ended = subprocess.run(  # noqa: S603 - see above
            [sys.executable, "-m", f"{EXAMINER}.{room}", *arguments, *map(str, handles)],
            input=fields,
            stdout=said,
            stderr=complained,
            timeout=within_s,
            pass_fds=handles,
            cwd=ROOT,
            env=known | {"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,  # Ctrl-C is meant for us; it dies with us all the same (die_with_parent.py)
            check=False,
        )
        said.seek(0)
        complained.seek(max(0, os.fstat(complained.fileno()).st_size - LAST_WORDS))
        answer, last_words = said.read(LARGEST_ANSWER + 1), complained.read(LAST_WORDS)
    return subprocess.CompletedProcess(ended.args, ended.returncode, answer, last_words)


def _scratch() -> IO[bytes]:
    return tempfile.TemporaryFile(dir=settings.DATA_DIR)


def _verdict(ended: subprocess.CompletedProcess[bytes], broken: BadFile) -> Any:
    if ended.returncode in ENDED_FROM_OUTSIDE:
        raise NotExamined
    try:
        if ended.returncode or len(ended.stdout) > LARGEST_ANSWER:
            raise ValueError(f"ended with {ended.returncode}: {ended.stderr.decode(errors='replace')}")
        answer = json.loads(ended.stdout)
    except ValueError as error:
        answer = {"broken": str(error)}
    if "ok" in answer:
        return answer["ok"]
    bad = BadFile(answer["bad"]) if "bad" in answer else broken
    bad.cause = str(answer.get("broken", ""))
    if "bad" not in answer:
        logger.warning("a file could not be read: %s", bad.cause)
    raise bad


@contextmanager
def _on_disk(file: BinaryIO) -> Iterator[int]:
    """A handle of the file itself; of a copy, when it is in memory or behind something."""
    raw: Any = file
    while not isinstance(raw, io.BufferedReader | io.BufferedRandom) and hasattr(raw, "file"):
        raw = raw.file
    if isinstance(raw, io.BufferedReader | io.BufferedRandom):
        if raw.writable():
            raw.flush()
        raw.seek(0)
        yield raw.fileno()
        raw.seek(0)
        return
    with _scratch() as copy:
        file.seek(0)
        copyfileobj(file, copy)
        copy.flush()
        copy.seek(0)
        yield copy.fileno()
