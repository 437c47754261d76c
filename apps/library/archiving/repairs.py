"""What is put in order before a file is kept and sent: the API looks at its first bytes, and other programs insist on
what players pass over. The sound and the picture stay as they are.

| What came | What is kept |
|---|---|
| an MP3 behind zeros, an old tag or the remnant of a stream | from its first tag or frame on |
| a WAV whose lengths are placeholders, RF64, BW64 | plain RIFF with the true lengths, in place |
| an M4A whose first box is another one, or a bare AAC stream | the same packets in a new M4A |
| a JPEG with a remnant behind its end, or no end mark | without the remnant, with the mark |
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from typing import BinaryIO, cast

from django.conf import settings

from apps.library.archiving import container_bounds, guard, riff
from apps.library.archiving.container_bounds import Outline
from apps.library.archiving.errors import CutShort
from apps.library.archiving.file_types import AAC, JPEG, M4A, MP3, FileType

END_OF_JPEG = b"\xff\xd9"
FIRST_BOX = b"ftyp"


@dataclass(frozen=True)
class Repaired:
    """`is_new`: the bytes are no longer those that came. `file` may be another one; then the former is closed."""

    file: BinaryIO
    size: int
    type: FileType
    is_new: bool


def put_in_order(file: BinaryIO, size: int, file_type: FileType) -> Repaired:
    """Raises BadFile for what is cut short, hides a second file, or can't be put in order."""
    shape = container_bounds.check_bounds(file, size, file_type)
    if shape.start and shape.start.frame and shape.start.frame.kind == AAC.extension:
        file_type = AAC  # behind a tag that MP3 has, too
    if file_type == AAC or (file_type == M4A and not _begins_well(file)):
        return _in_new_box(file, file_type)
    if file_type == MP3 and shape.start and shape.start.place:
        return _from(file, shape.start.place)
    changed = shape.end != size
    if changed:
        file.truncate(shape.end)
    if shape.is_open:
        _close(file, shape)
        changed = True
    if shape.wave:
        changed |= riff.correct_lengths(file, shape.wave)
    file.flush()
    return Repaired(file, os.fstat(file.fileno()).st_size, file_type, changed)


def _begins_well(file: BinaryIO) -> bool:
    file.seek(4)
    return file.read(4) == FIRST_BOX


def _close(file: BinaryIO, shape: Outline) -> None:
    """The end mark, for a picture that is all there without it."""
    if not guard.has_all_its_pixels(file, JPEG):
        raise CutShort(JPEG.name)
    file.seek(shape.end)
    file.write(END_OF_JPEG)


def _from(file: BinaryIO, place: int) -> Repaired:
    new = _beside()
    file.seek(place)
    shutil.copyfileobj(file, new)
    return _instead_of(file, new, MP3)


def _in_new_box(file: BinaryIO, file_type: FileType) -> Repaired:
    new = _beside()
    try:
        guard.remux(file, new, file_type)
    except BaseException:
        new.close()
        raise
    return _instead_of(file, new, M4A)


def _beside() -> BinaryIO:
    return cast(BinaryIO, tempfile.TemporaryFile(dir=settings.DATA_DIR))


def _instead_of(file: BinaryIO, new: BinaryIO, file_type: FileType) -> Repaired:
    file.close()
    new.flush()
    return Repaired(new, os.fstat(new.fileno()).st_size, file_type, True)
