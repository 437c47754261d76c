"""Metadata of JPEG and PNG: finds what declares an AI origin, and takes all metadata out.

Files are walked through segment by segment; pixels are copied and never held.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MARKS = (b"trainedAlgorithmicMedia", b"c2pa", b"jumb", b"JUMBF")
# APP1 (EXIF, XMP), APP11 (JUMBF) and APP13 (IPTC)
JPEG_METADATA = {0xE1, 0xEB, 0xED}
PNG_METADATA = {b"eXIf", b"iTXt", b"tEXt", b"zTXt", b"caBX"}
PNG_START = 8
LONGEST_CHUNK = 1 << 31
Block = tuple[int, int, bool]  # first byte, length, whether it is metadata


def declared(path: Path, suffix: str) -> bool:
    """Whether the file's metadata says that a model made the picture."""
    with path.open("rb") as file:
        for first, length, metadata in list(_blocks(file, suffix)):
            file.seek(first)
            if metadata and _marked(file.read(length)):
                return True
    return False


def _marked(content: bytes) -> bool:
    return any(mark in content for mark in MARKS)


def strip(path: Path, suffix: str, target: Path) -> None:
    """A copy without metadata."""
    with path.open("rb") as file, target.open("wb") as out:
        for first, length, metadata in list(_blocks(file, suffix)):
            if not metadata:
                file.seek(first)
                _copy(file, out, length)


def _copy(file: BinaryIO, out: BinaryIO, length: int) -> None:
    while length > 0 and (chunk := file.read(min(length, 1 << 16))):
        out.write(chunk)
        length -= len(chunk)


def _blocks(file: BinaryIO, suffix: str) -> Iterator[Block]:
    return _jpeg(file) if suffix == "jpg" else _png(file)


def _jpeg(file: BinaryIO) -> Iterator[Block]:
    """The start, each segment before the pixels, and all the rest as one."""
    yield 0, 2, False
    position = 2
    while True:
        file.seek(position)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] in (0xDA, 0xD9):
            yield position, LONGEST_CHUNK, False
            return
        length = 2 + int.from_bytes(head[2:], "big")
        yield position, length, head[1] in JPEG_METADATA
        position += length


def _png(file: BinaryIO) -> Iterator[Block]:
    yield 0, PNG_START, False
    position = PNG_START
    while True:
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        length = 12 + int.from_bytes(head[:4], "big")
        yield position, length, head[4:] in PNG_METADATA
        position += length
