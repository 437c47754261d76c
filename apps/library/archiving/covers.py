"""Looking at a cover before it is kept, and its small picture for the lists."""

from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from apps.library.archiving.faults import BadFile
from apps.library.archiving.tones import nearest_tone

THUMB_PX = 160
MOST_PIXELS = 40_000_000  # 160 MB once decoded; covers have 1 million
IN_TAGS = ("image/jpeg", "image/png")  # what players can show; MP4 knows no other
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


@dataclass(frozen=True)
class Cover:
    """The type of the bytes, a 160 px square of them as WebP, and the nearest tone ("" for grey)."""

    content_type: str
    thumb: bytes
    tone: str


def look_at(file: BinaryIO) -> Cover:
    """Decodes the whole picture. BadFile when it can't be, or is too large to be a cover."""
    file.seek(0)
    try:
        with Image.open(file, formats=list(TYPES)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise BadFile(f"The cover that came is too large, {picture.width} x {picture.height}.")
            square = ImageOps.fit(picture.convert("RGB"), (THUMB_PX, THUMB_PX))
            content_type = TYPES[picture.format or ""]
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise BadFile("The cover that came is not a picture.") from error
    thumb = BytesIO()
    square.save(thumb, "WEBP", quality=80, method=4)
    return Cover(content_type, thumb.getvalue(), nearest_tone(square))


def for_tags(picture: bytes, content_type: str) -> tuple[bytes, str]:
    """The picture as players can show it, and its type."""
    if content_type in IN_TAGS:
        return picture, content_type
    jpeg = BytesIO()
    with Image.open(BytesIO(picture), formats=list(TYPES)) as other:
        other.convert("RGB").save(jpeg, "JPEG", quality=90)
    return jpeg.getvalue(), "image/jpeg"
