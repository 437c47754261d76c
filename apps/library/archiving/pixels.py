"""Decodes images from outside within limits, and makes the thumbnails that this site shows.

Runs in the examiner's process (examiner/process.py). A small picture is made of pixels alone: nothing else of the file
is ever shown.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import BinaryIO

from PIL import Image, ImageOps

from apps.library.archiving.file_types import PNG, FileType

FORMATS = ["JPEG", "PNG", "WEBP"]
# Transparency is put on this: a black logo and a white one can both be seen.
GROUND = (128, 128, 128)
ORIENTATION, LYING = 0x0112, {5, 6, 7, 8}  # EXIF: these turn the picture by a quarter
# Text, profiles and the like: as large as they want to be, compressed or not, they are passed over.
PASSED_OVER = frozenset({b"tEXt", b"zTXt", b"iTXt", b"iCCP"})


@contextmanager
def opened(file: BinaryIO, file_type: FileType | None = None) -> Iterator[Image.Image]:
    """Nothing is decoded yet. `found`: what its bytes say it is."""
    file.seek(0)
    plain = without_text(file) if file_type in {None, PNG} else file
    with Image.open(plain, formats=FORMATS) as picture:
        yield picture


def without_text(file: BinaryIO) -> BinaryIO:
    """A PNG without what is no part of the picture; anything else as it is."""
    file.seek(0)
    kept = BytesIO()
    signature = file.read(8)
    if signature != b"\x89PNG\r\n\x1a\n":
        file.seek(0)
        return file
    kept.write(signature)
    while len(head := file.read(8)) == 8:
        length = int.from_bytes(head[:4], "big") + 4  # and its checksum
        if head[4:] in PASSED_OVER:
            file.seek(length, 1)
            continue
        kept.write(head + file.read(length))
        if head[4:] == b"IEND":
            break
    kept.seek(0)
    return kept


def upright_size(picture: Image.Image) -> tuple[int, int]:
    """Width and height as it is shown."""
    width, height = picture.size
    return (height, width) if _orientation(picture) in LYING else (width, height)


def _orientation(picture: Image.Image) -> int:
    with suppress(Exception):  # whatever stands there: it is no part of the picture
        return int(picture.getexif().get(ORIENTATION, 1))
    return 1


def upright(picture: Image.Image) -> Image.Image:
    with suppress(Exception):
        return ImageOps.exif_transpose(picture)
    return picture


def square(picture: Image.Image, px: int) -> Image.Image:
    """Upright, of that side, in RGB. Made smaller before anything else: every other step makes a copy of the whole."""
    orientation = _orientation(picture)
    shorter = min(picture.size)
    if shorter > 2 * px:
        width, height = (2 * px * side // shorter + 1 for side in picture.size)
        picture.thumbnail((width, height))
    turned = upright(picture) if orientation != 1 else picture
    return ImageOps.fit(flat(turned), (px, px))


def flat(picture: Image.Image) -> Image.Image:
    """In RGB: deep grey scaled to what can be shown, transparency on a neutral ground."""
    if picture.mode.startswith("I;16") or picture.mode == "I":
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if picture.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        ground = Image.new("RGBA", clear.size, (*GROUND, 255))
        return Image.alpha_composite(ground, clear).convert("RGB")
    return picture.convert("RGB")


def webp(small: Image.Image) -> bytes:
    """Of its pixels alone."""
    thumb = BytesIO()
    Image.frombytes("RGB", small.size, small.tobytes()).save(thumb, "WEBP", quality=80, method=4)
    return thumb.getvalue()
