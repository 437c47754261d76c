"""Checks a cover before it is stored, and makes its thumbnail. Runs in the examiner's process."""

from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from apps.library.archiving import pixels
from apps.library.archiving.cover_tones import nearest_tone
from apps.library.archiving.errors import BadFile

THUMB_PX = 160
MOST_PIXELS = 40_000_000  # 160 MB once decoded; covers have 1 million
IN_TAGS = ("image/jpeg", "image/png")  # what players can show; MP4 knows no other
TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
BROKEN = (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError)


@dataclass(frozen=True)
class CoverDetails:
    """The type of the bytes, a 160 px square of them as WebP, and the nearest tone ("" for grey)."""

    content_type: str
    thumb: bytes
    tone: str


def examine(file: BinaryIO) -> CoverDetails:
    """Decodes the whole picture. BadFile when it can't be, or is too large to be a cover."""
    try:
        with pixels.opened(file) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise BadFile(f"The cover that arrived is too large, {picture.width} x {picture.height}.")
            content_type = TYPES[picture.format or ""]
            small = pixels.square(picture, THUMB_PX)
    except BROKEN as error:
        raise BadFile("The cover that arrived is not an image.") from error
    return CoverDetails(content_type, pixels.webp(small), nearest_tone(small))


def for_tags(picture: bytes, content_type: str) -> tuple[bytes, str]:
    """The picture as players can show it, and its type."""
    if content_type in IN_TAGS:
        return picture, content_type
    jpeg = BytesIO()
    with pixels.opened(BytesIO(picture)) as other:
        pixels.flat(other).save(jpeg, "JPEG", quality=90)
    return jpeg.getvalue(), "image/jpeg"
