"""Examines an image from outside, in a process of its own."""

import dataclasses
import hashlib
from io import BytesIO
from typing import Any, BinaryIO

from PIL import Image, UnidentifiedImageError

from apps.library.archiving import covers, pixels
from apps.library.archiving.errors import BadFile, Unreadable
from apps.library.archiving.examiner import process
from apps.library.archiving.file_types import JPEG, TYPES
from apps.library.archiving.image_sizes import huge, refuse_huge

THUMB_PX = 320
END = b"\xff\xd9"
MADE_UP = bytes(range(7, 240, 3)) * 40
BROKEN = (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError)


def examine(file: BinaryIO, *, content_type: str) -> dict[str, Any]:
    """Decodes all of it: size of the upright picture, and a small WebP of it. Raises BadFile."""
    file_type = TYPES[content_type]
    try:
        with pixels.opened(file) as picture:
            refuse_huge(picture.size, file_type)
            picture.verify()  # PNG: the checksum of every part
        with pixels.opened(file) as picture:
            width, height = pixels.upright_size(picture)
            picture.draft("RGB", (2 * THUMB_PX, 2 * THUMB_PX))  # JPEG: all is read, but less is kept
            thumb = pixels.webp(pixels.square(picture, THUMB_PX))
    except Image.DecompressionBombError as error:
        raise huge(file_type) from error
    except BROKEN as error:
        raise Unreadable(file_type.name) from error
    return {"width": width, "height": height, "thumb": thumb}


def has_all_its_pixels(file: BinaryIO) -> bool:
    """Of a JPEG without an end mark: whether every line of it is there all the same.

    The decoder makes up what is missing, and doesn't tell. So it is given other bytes behind the last one: where
    nothing is missing, they change nothing.
    """
    content = file.read().rstrip(END[:1])
    try:
        return _pixels(content + END) == _pixels(content + MADE_UP + END)
    except (Image.DecompressionBombError, BadFile, *BROKEN):
        return False


def _pixels(content: bytes) -> bytes:
    with pixels.opened(BytesIO(content)) as picture:
        refuse_huge(picture.size, JPEG)
        picture.draft("RGB", (2 * THUMB_PX, 2 * THUMB_PX))
        return hashlib.sha256(picture.tobytes()).digest()


def examine_cover(file: BinaryIO) -> dict[str, Any]:
    return dataclasses.asdict(covers.examine(file))


OPERATIONS: process.Operations = {
    "examine": examine,
    "has_all_its_pixels": has_all_its_pixels,
    "examine_cover": examine_cover,
}

if __name__ == "__main__":
    process.serve(OPERATIONS)
