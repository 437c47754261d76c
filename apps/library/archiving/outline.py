"""Where a file begins and ends by its own account: found without decoding it, in pieces, whatever its size.

What ends before it says was cut short. What goes on behind its end carries something else along: a second file may
hide there, which whoever opens the first one never sees.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from apps.library.archiving.faults import BadFile
from apps.library.archiving.kinds import JPEG, M4A, MP3, PNG, WAV, WEBP, Type

PIECE = 256 * 1024
# Some programs fill up the last block with zeros, or end with a line break.
TOLERATED = 64
MOST_PARTS = 200_000  # chunks or boxes: a file of nothing else would keep us busy
MOST_SEGMENTS = 1000  # of a JPEG, in all: behind each that begins a scan a whole piece is read
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_ZIP_END, _ZIP_TAIL = b"PK\x05\x06", 22 + 0xFFFF
_BOXES = frozenset(b"ftyp moov mdat free skip wide udta uuid meta pdin moof mfra sidx styp".split())


def look_over(file: BinaryIO, size: int, found: Type) -> None:
    """Raises BadFile for a file that is cut short, or that goes on behind its end."""
    _refuse_archive(file, size, found)
    try:
        end = WALKS[found](file, size)
    except EOFError:
        end = None
    if end is None or end > size:
        raise BadFile(f"This {found.name} was cut short: its end is missing. Choose the whole file.")
    if size - end > TOLERATED:
        raise BadFile(
            f"Something else follows behind the end of this {found.name}, as in a motion photo or a file that hides "
            f"another. Save it anew as a plain {found.name}."
        )


def _refuse_archive(file: BinaryIO, size: int, found: Type) -> None:
    """A ZIP is found by its end, so it can hide behind anything (APPNOTE 4.3.16)."""
    file.seek(max(0, size - _ZIP_TAIL))
    tail = file.read(_ZIP_TAIL)
    at = tail.rfind(_ZIP_END)
    if (
        at >= 0
        and len(tail) >= at + 22
        and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail)
    ):
        raise BadFile(
            f"This {found.name} is a ZIP as well, so it is not taken. Save it anew as a plain {found.name}."
        )


def _take(file: BinaryIO, count: int) -> bytes:
    taken = file.read(count)
    if len(taken) < count:
        raise EOFError
    return taken


def _png(file: BinaryIO, size: int) -> int | None:
    """Behind IEND (PNG specification, 5.3)."""
    place = 8
    for _ in range(MOST_PARTS):
        file.seek(place)
        head = _take(file, 8)
        place += 12 + int.from_bytes(head[:4], "big")
        if head[4:] == b"IEND":
            return place
    return None


def _riff(file: BinaryIO, size: int) -> int | None:
    """Of WAV and WebP. A recorder that didn't know the length has written none: then its data ends with the file."""
    file.seek(0)
    head = _take(file, 12)
    said = int.from_bytes(head[4:8], "little")
    if head[:4] == b"RF64" or (head[8:] == b"WAVE" and said in {0, 0xFFFFFFFF}):
        return size
    # The byte that makes an odd length even may be missing at the very end.
    return min(8 + said + said % 2, size) if 8 + said <= size else 8 + said


def _boxes(file: BinaryIO, size: int) -> int | None:
    """Behind the last top-level box (ISO 14496-12, 4.2)."""
    place = 0
    for _ in range(MOST_PARTS):
        if place == size:
            return place
        file.seek(place)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if len(head) < 8 or head[4:8] not in _BOXES:
            return place
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        place = size if length == 0 else place + length
        if (length and length < 8) or place > size:
            return None
    return None


def _jpeg(file: BinaryIO, size: int) -> int | None:
    """Behind the end of the last picture in a row: cameras put a preview or a gain map behind the first one."""
    left = iter(range(MOST_SEGMENTS))
    end = _one_jpeg(file, 0, left)
    for _ in range(8):
        if end is None:
            return None
        following = _behind_zeros(file, end, size)
        file.seek(following)
        if file.read(3) != b"\xff\xd8\xff":
            return size if following == size else end
        end = _one_jpeg(file, following, left)
    return end


def _behind_zeros(file: BinaryIO, place: int, size: int) -> int:
    file.seek(place)
    while piece := file.read(PIECE):
        rest = piece.lstrip(b"\0")
        if rest:
            return place + len(piece) - len(rest)
        place += len(piece)
    return size


def _one_jpeg(file: BinaryIO, start: int, left: Iterator[int]) -> int | None:
    """Segments have a length, what follows a start of scan doesn't: there the next marker is searched (T.81, B.1).

    `left` counts the segments of the whole file.
    """
    place = start + 2
    for _ in left:
        file.seek(place)
        marker = _take(file, 2)
        if marker[0] != 0xFF:
            return None
        if marker[1] == 0xFF:  # a fill byte
            place += 1
            continue
        if marker[1] == 0xD9:
            return place + 2
        place += 2 + int.from_bytes(_take(file, 2), "big")
        if marker[1] == 0xDA:
            found = next(_markers(file, place), None)
            if found is None:
                return None
            place = found
    return None


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


def _mp3(file: BinaryIO, size: int) -> int:
    """MP3 has no end of its own, and tags may follow; but an encoder may have written its length (Xing's header)."""
    file.seek(0)
    head = file.read(10)
    start = 0
    if head.startswith(b"ID3") and len(head) == 10:  # its length in seven bits a byte (ID3v2, 3.1)
        start = 10 + sum(byte << 7 * place for place, byte in enumerate(reversed(head[6:])))
    file.seek(start)
    first = file.read(512)
    at = max(first.find(b"Xing"), first.find(b"Info"))
    flags = first[at + 7] if 0 <= at < len(first) - 16 else 0
    if start > size or flags & 3 != 3:
        return start if start > size else size
    said = start + int.from_bytes(first[at + 12 : at + 16], "big")
    return said if said > size + TOLERATED else size


WALKS = {JPEG: _jpeg, PNG: _png, WEBP: _riff, WAV: _riff, M4A: _boxes, MP3: _mp3}
