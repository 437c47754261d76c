"""Examines audio from outside, in a process of its own."""

import base64
import dataclasses
from contextlib import suppress
from os import SEEK_END
from typing import Any, BinaryIO

import av

from apps.library.archiving import mpeg, riff
from apps.library.archiving.audio_tags import Tags, write_tags
from apps.library.archiving.covers import for_tags
from apps.library.archiving.decoding import BROKEN, hear, one_stream, play
from apps.library.archiving.errors import BadFile, Unreadable
from apps.library.archiving.examiner import process
from apps.library.archiving.file_types import AAC, M4A, MP3, TYPES, WAV

SHORTEST_S = 0.2
PIECE = 1024 * 1024


def examine(file: BinaryIO, *, content_type: str) -> dict[str, Any]:
    """Decodes all of it: seconds of it. Raises BadFile."""
    file_type = TYPES[content_type]
    heard_s = play(file, file_type)
    if heard_s < SHORTEST_S:
        raise BadFile(f"This {file_type.name} holds no sound.")
    return {"duration_s": round(heard_s, 2)}


def check_song(
    file: BinaryIO,
    *,
    kind: str,
    expected_s: float | None,
    title: str,
    lyrics: str,
    prompt: str,
    cover: str,
    cover_type: str,
) -> dict[str, Any]:
    """Tags it in place, then decodes it as it will be stored. Raises BadFile.

    A song that plays is kept, also where its tags can't be written: it was paid for.
    """
    _put_in_order(file, kind)
    picture, picture_type = _for_tags(cover, cover_type)
    is_tagged = False
    with suppress(Exception):  # what is no sound at all is refused by whoever hears it
        write_tags(file, kind, Tags(title, lyrics, prompt, picture, picture_type))
        is_tagged = True
    heard = hear(file, kind, expected_s=expected_s)
    return {"heard": dataclasses.asdict(heard), "has_cover": is_tagged and bool(picture)}


def _put_in_order(file: BinaryIO, kind: str) -> None:
    """A WAV with the true lengths: tags that follow a sound without an end would be heard. An MP3 without what lies in
    front of its sound: players would look for it behind our tag."""
    size = file.seek(0, SEEK_END)
    if kind == WAV.extension and (wave := riff.walk(file, size)):
        riff.correct_lengths(file, wave)
    if kind == MP3.extension and (start := mpeg.find_start(file)).frame:
        _move_down(file, start.place)


def _move_down(file: BinaryIO, place: int) -> None:
    """What begins there, to the beginning of the file."""
    to = 0
    while place:
        file.seek(place + to)
        piece = file.read(PIECE)
        file.seek(to)
        if not piece:
            file.truncate()
            return
        to += file.write(piece)


def _for_tags(cover: str, cover_type: str) -> tuple[bytes, str]:
    with suppress(Exception):  # without its cover it is as good to hear
        if cover:
            return for_tags(base64.b64decode(cover), cover_type)
    return b"", ""


def remux(file: BinaryIO, to: BinaryIO, *, content_type: str) -> None:
    """The same packets in an M4A that begins as players expect it. Raises BadFile."""
    is_bare = content_type == AAC.content_type
    try:
        with av.open(
            file,
            mode="r",
            format="aac" if is_bare else "mp4",
            metadata_errors="ignore",
        ) as came:
            stream = one_stream(came, M4A)
            with av.open(to, mode="w", format="ipod", options={"fflags": "+bitexact"}) as made:
                copy = made.add_stream_from_template(stream)
                for packet in came.demux(stream):
                    if packet.dts is not None:
                        packet.stream = copy
                        made.mux(packet)
    except BROKEN as error:
        raise Unreadable((AAC if is_bare else M4A).name) from error


OPERATIONS: process.Operations = {"examine": examine, "check_song": check_song, "remux": remux}

if __name__ == "__main__":
    process.serve(OPERATIONS)
