"""Reads how large an image says it is from its header alone, before anything of it is unpacked."""

from typing import BinaryIO

from apps.library.archiving.errors import BadFile
from apps.library.archiving.file_types import JPEG, PNG, WEBP, FileType

# What large cameras make. A JPEG is made smaller while it is read; the others are unpacked whole, at 4 bytes a pixel.
MOST_MEGAPIXELS = {JPEG: 50, PNG: 20, WEBP: 20}


def refuse_huge(size: tuple[int, int], file_type: FileType) -> None:
    width, height = size
    if width * height > MOST_MEGAPIXELS[file_type] * 1_000_000:
        raise huge(file_type, f", {width} × {height}")


def huge(file_type: FileType, size: str = "") -> BadFile:
    most = f"Up to {MOST_MEGAPIXELS[file_type]} megapixels are taken."
    return BadFile(f"This {file_type.name} unpacks to an image that is too large{size}. {most}")


def measure(file: BinaryIO, file_type: FileType) -> None:
    """Raises BadFile for a PNG or WebP that claims too much; a JPEG's size is found by container_bounds.py."""
    file.seek(0)
    head = file.read(32)
    if file_type == PNG:  # IHDR is the first chunk (PNG specification, 5.6)
        refuse_huge((int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")), file_type)
    elif file_type == WEBP:
        refuse_huge(_of_webp(head), file_type)


def _of_webp(head: bytes) -> tuple[int, int]:
    """Of its three forms (RFC 9649, 2.5 to 2.7)."""
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
