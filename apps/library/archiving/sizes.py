"""How large a picture says it is, read from its head alone: before anything of it is unpacked."""

from typing import BinaryIO

from apps.library.archiving.errors import BadFile
from apps.library.archiving.file_types import JPEG, PNG, WEBP, Type

# What large cameras make. A JPEG is made smaller while it is read; the others are unpacked whole, at 4 bytes a pixel.
MOST_MEGAPIXELS = {JPEG: 50, PNG: 20, WEBP: 20}


def refuse_huge(size: tuple[int, int], found: Type) -> None:
    width, height = size
    if width * height > MOST_MEGAPIXELS[found] * 1_000_000:
        raise huge(found, f", {width} × {height}")


def huge(found: Type, size: str = "") -> BadFile:
    most = f"Up to {MOST_MEGAPIXELS[found]} megapixels are taken."
    return BadFile(f"This {found.name} unpacks to an image that is too large{size}. {most}")


def measure(file: BinaryIO, found: Type) -> None:
    """Raises BadFile for a PNG or WebP that claims too much; a JPEG's size is found by container_bounds.py."""
    file.seek(0)
    head = file.read(32)
    if found == PNG:  # IHDR is the first chunk (PNG specification, 5.6)
        refuse_huge((int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")), found)
    elif found == WEBP:
        refuse_huge(_of_webp(head), found)


def _of_webp(head: bytes) -> tuple[int, int]:
    """Of its three forms (RFC 9649, 2.5 to 2.7)."""
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
