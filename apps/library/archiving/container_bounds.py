"""Finds where a file says that it begins and ends, without decoding it, in pieces, whatever its size.

What ends before it says was cut short. What goes on behind its end carries something else along: a second file may
hide there, which whoever opens the first one never sees. A small remnant that is no file of its own is left out.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from apps.library.archiving import image_sizes, mpeg, riff
from apps.library.archiving.errors import BadFile, CutShort, Unreadable
from apps.library.archiving.file_types import (
    JPEG,
    LAYER_TWO,
    M4A,
    MP3,
    OTHERS,
    PNG,
    TAKEN,
    WAV,
    WEBP,
    FileType,
)

logger = logging.getLogger(__name__)

PIECE = 256 * 1024
TOLERATED = 64  # bytes by which an MP3 may be shorter than its encoder wrote
# Cameras, taggers and careless downloaders leave something like that behind the end.
SMALL = 64 * 1024
PHONE_TRAILER, MOST_TRAILER = b"SEFT", 1024 * 1024  # of a large maker's phones: its last four bytes
MOST_PARTS = 200_000  # chunks or boxes: a file of nothing else would keep us busy
MOST_SEGMENTS = 1000  # of a JPEG, in all: behind each that begins a scan a whole piece is read
MOST_SCANS = 30  # of a progressive JPEG, which is decoded as often; encoders make about ten
LAST_ZEROS = 2  # of a scan that more follow: these may still be of it
MOST_GARBAGE = 4096  # bytes between two segments that viewers pass over
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers of frames: with width and height
_ZIP_END, _ZIP_TAIL = b"PK\x05\x06", 22 + 0xFFFF
_BOXES = frozenset(b"ftyp moov mdat free skip wide udta uuid meta pdin moof mfra sidx styp".split())
# How a file of its own begins, wherever in what follows the end.
_OTHERS = re.compile(
    rb"\xff\xd8\xff[\xc0-\xfe]|\x89PNG\r\n|GIF8[79]a|RIFF....(?:WEBP|WAVE|AVI )|\0[\0-\x0f]..(?:ftyp|moov)|fLaC|OggS|"
    rb"ID3[\x02-\x04]\0|\x1a\x45\xdf\xa3|%PDF-|PK\x03\x04|PK\x05\x06|Rar!\x1a|7z\xbc\xaf|\x1f\x8b\x08|MZ\x90\0|"
    rb"\x7fELF|<\?php|ustar[\0 ]",
    re.DOTALL,
)


@dataclass(frozen=True)
class Outline:
    """`end`: what is behind it is left out. `is_open`: a JPEG without its end mark. `wave`, `start`: of WAV and MP3."""

    end: int
    is_open: bool = False
    wave: riff.Wave | None = None
    start: mpeg.Start | None = None


def check_bounds(file: BinaryIO, size: int, file_type: FileType) -> Outline:
    """Raises BadFile for a file that is cut short, or that hides a second one behind its end."""
    try:
        return _check_bounds(file, size, file_type)
    except BadFile:
        raise
    except Exception as error:  # whatever it is made of, it gets an answer
        logger.exception("the outline of a %s could not be read", file_type.name)
        raise Unreadable(file_type.name) from error


def _check_bounds(file: BinaryIO, size: int, file_type: FileType) -> Outline:
    _refuse_archive(file, size, file_type)
    if file_type not in WALKS:
        return Outline(size)
    try:
        outline = WALKS[file_type](file, size)
    except EOFError:
        outline = None
    if outline is None or outline.end > size:
        raise CutShort(file_type.name)
    image_sizes.measure(file, file_type)
    _refuse_second(file, outline.end, size, file_type)
    return outline


def _refuse_second(file: BinaryIO, end: int, size: int, file_type: FileType) -> None:
    """What follows the end: it is left out, unless it is large, or a file of its own."""
    file.seek(max(end, size - len(PHONE_TRAILER)))
    is_known = file.read(len(PHONE_TRAILER)) == PHONE_TRAILER
    file.seek(end)
    most = MOST_TRAILER if is_known else SMALL
    behind = file.read(max(0, min(most + 1, size - end)))
    if len(behind) > most or _OTHERS.search(behind):
        raise BadFile(
            f"Something else follows the end of this {file_type.name}, as in a motion photo or one file inside "
            f"another. Save it again as a plain {file_type.name}."
        )


def _refuse_archive(file: BinaryIO, size: int, file_type: FileType) -> None:
    """A ZIP is found by its end, so it can hide behind anything (APPNOTE 4.3.16)."""
    file.seek(max(0, size - _ZIP_TAIL))
    tail = file.read(_ZIP_TAIL)
    at = tail.rfind(_ZIP_END)
    comment = int.from_bytes(tail[at + 20 : at + 22], "little")
    if at >= 0 and at + 22 + comment == len(tail):
        raise BadFile(
            f"This {file_type.name} is a ZIP as well, so it is not taken. Save it again as a plain {file_type.name}."
        )


def _take(file: BinaryIO, count: int) -> bytes:
    taken = file.read(count)
    if len(taken) < count:
        raise EOFError
    return taken


def _png(file: BinaryIO, size: int) -> Outline | None:
    """Behind IEND (PNG specification, 5.3)."""
    place = 8
    for _ in range(MOST_PARTS):
        file.seek(place)
        head = _take(file, 8)
        place += 12 + int.from_bytes(head[:4], "big")
        if head[4:] == b"IEND":
            return Outline(place)
    return None


def _webp(file: BinaryIO, size: int) -> Outline | None:
    file.seek(0)
    said = int.from_bytes(_take(file, 12)[4:8], "little")
    # The byte that makes an odd length even may be missing at the very end.
    return Outline(min(8 + said + said % 2, size) if 8 + said <= size else 8 + said)


def _wav(file: BinaryIO, size: int) -> Outline | None:
    wave = riff.walk(file, size)
    return Outline(wave.end, wave=wave) if wave else None


def _boxes(file: BinaryIO, size: int) -> Outline | None:
    """Behind the last top-level box (ISO 14496-12, 4.2): any that is well-formed, for makers have their own."""
    place = 0
    seen: set[bytes] = set()
    for _ in range(MOST_PARTS):
        file.seek(place)
        head = file.read(16)
        kind, length = head[4:8], int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if place == size or len(head) < 8 or not _is_box(kind, length):
            break
        behind = size if length == 0 else place + length
        if behind > size:
            # What says that it is longer than the file: a box that was cut off, or no box at all behind the last one.
            if kind in _BOXES or not {b"moov"} < seen:
                return None
            break
        if kind == b"moov" and kind in seen and b"moof" not in seen:
            break  # a whole second film: what is played is the first one
        seen.add(kind)
        place = behind
    return Outline(place) if b"moov" in seen else None


def _is_box(kind: bytes, length: int) -> bool:
    named = all(0x20 <= byte <= 0x7E or byte == 0xA9 for byte in kind)
    return named and (length == 0 or length >= 8)


def _jpeg(file: BinaryIO, size: int) -> Outline | None:
    """Behind the end of the last picture in a row: cameras put a preview or a gain map behind the first one."""
    left = iter(range(MOST_SEGMENTS))
    outline = _one_jpeg(file, 0, size, left)
    for _ in range(8):
        if outline is None or outline.is_open:
            return outline
        following = _behind_zeros(file, outline.end, size)
        file.seek(following)
        if file.read(3) != b"\xff\xd8\xff":
            return Outline(size) if following == size else outline
        outline = _one_jpeg(file, following, size, left)
    return outline


def _behind_zeros(file: BinaryIO, place: int, size: int) -> int:
    file.seek(place)
    while piece := file.read(PIECE):
        rest = piece.lstrip(b"\0")
        if rest:
            return place + len(piece) - len(rest)
        place += len(piece)
    return size


def _one_jpeg(file: BinaryIO, start: int, size: int, left: Iterator[int]) -> Outline | None:
    """Segments have a length, what follows a start of scan doesn't: there the next marker is searched (T.81, B.1).

    `left` counts the segments of the whole file.
    """
    place, scans = start + 2, 0
    for _ in left:
        place = _next_marker(file, place)
        file.seek(place)
        marker = _take(file, 2)[1]
        if marker == 0xD9:
            return Outline(place + 2)
        head = _take(file, 2)
        if marker in _SIZES:
            _, *sides = (int.from_bytes(each, "big") for each in _three(_take(file, 5)))
            image_sizes.refuse_huge((sides[1], sides[0]), JPEG)
        place += 2 + int.from_bytes(head, "big")
        if marker == 0xDA:
            scans += 1
            if scans > MOST_SCANS:
                raise BadFile(
                    f"This JPEG is made of more than {MOST_SCANS} scans, which takes too long to read. "
                    "Save it again as a plain JPEG."
                )
            found = next(_markers(file, place), None)
            if found is None:
                return Outline(_without_zeros(file, place, size), is_open=True)
            place = found
    return None


def _three(five: bytes) -> tuple[bytes, bytes, bytes]:
    return five[:1], five[1:3], five[3:]


def _next_marker(file: BinaryIO, place: int) -> int:
    """There, or behind fill bytes and what viewers pass over. Raises EOFError."""
    file.seek(place)
    piece = file.read(MOST_GARBAGE)
    found = _MARKER.search(piece)
    if found is None:
        raise EOFError
    return place + found.start()


def _without_zeros(file: BinaryIO, place: int, size: int) -> int:
    """Where a scan ends that only zeros follow: some tools fill up the last block."""
    end = size
    while end > place:
        start = max(place, end - PIECE)
        file.seek(start)
        rest = file.read(end - start).rstrip(b"\0")
        if rest:
            return min(start + len(rest) + LAST_ZEROS, size)
        end = start
    return place


def _markers(file: BinaryIO, place: int) -> Iterator[int]:
    """Places of markers in the scan that begins there; those that belong to it are skipped."""
    file.seek(place)
    kept = b""
    while piece := file.read(PIECE):
        piece = kept + piece
        for match in _MARKER.finditer(piece):
            yield place + match.start()
        kept = piece[-1:] if piece.endswith(b"\xff") else b""
        place += len(piece) - len(kept)


def _mp3(file: BinaryIO, size: int) -> Outline:
    """MP3 has no end of its own, and tags may follow; but an encoder may have written its length (Xing's header)."""
    start = mpeg.find_start(file)
    if start.frame and start.frame.kind == 2:
        raise BadFile(f"This is {LAYER_TWO}. {TAKEN}")
    if start.sound > size:
        return Outline(start.sound)
    file.seek(start.sound)
    first = file.read(512)
    if not start.frame:
        _refuse_other(first)
    at = max(first.find(b"Xing"), first.find(b"Info"))
    flags = first[at + 7] if 0 <= at < len(first) - 16 else 0
    said = start.sound + int.from_bytes(first[at + 12 : at + 16], "big") if flags & 3 == 3 else 0
    if said > size + TOLERATED:
        return Outline(said)
    if start.frame:
        _refuse_second(file, *mpeg.behind_sound(file, start, size), MP3)
    return Outline(size, start=start)


def _refuse_other(head: bytes) -> None:
    """What a tagger has put an ID3 tag in front of, though it is no MP3."""
    for sign, words in OTHERS:
        if head.startswith(sign):
            raise BadFile(f"This is {words}. {TAKEN}")


WALKS = {JPEG: _jpeg, PNG: _png, WEBP: _webp, WAV: _wav, M4A: _boxes, MP3: _mp3}
