"""Decoding a reference file to its end before it is sent on, within bounds: a small file may unpack to a huge one."""

from dataclasses import dataclass
from io import BytesIO
from threading import BoundedSemaphore
from time import monotonic
from typing import Any, BinaryIO

import av
from av.error import FFmpegError
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.library.archiving.faults import BadFile
from apps.library.archiving.kinds import JPEG, M4A, MP3, PNG, WAV, WEBP, Type

THUMB_PX = 320
# What large cameras make. A JPEG is made smaller while it is read; the others are unpacked whole, at 4 bytes a pixel.
MOST_MEGAPIXELS = {JPEG: 50, PNG: 20, WEBP: 20}
AT_ONCE = BoundedSemaphore(2)  # of all threads of this process: what is unpacked takes memory
LONGEST_S = 3600
SHORTEST_S = 0.2
FORMATS = ["JPEG", "PNG", "WEBP"]
# The container is fixed by the first bytes: a playlist under an audio name would make FFmpeg open other files.
CONTAINERS = {M4A: "mp4", MP3: "mp3", WAV: "wav"}
# What FFmpeg may decode of it, of the hundreds of codecs that it knows.
CODECS = {
    M4A: ("aac", "alac"),
    MP3: ("mp3float", "mp3"),
    WAV: (
        *("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_s64le"),
        *("pcm_f32le", "pcm_f64le", "pcm_alaw", "pcm_mulaw"),
    ),
}
FASTEST_HZ = 192_000
LARGEST_FRAME = 65_536  # samples; MP3 has 1,152, FFmpeg reads WAV in pieces of a few thousand
HEARD_WITHIN_S = 60.0
BROKEN = (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError)


@dataclass(frozen=True)
class Seen:
    """What was learnt: size and a small WebP of a picture, seconds of audio."""

    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    thumb: bytes = b""


def examine(file: BinaryIO, found: Type) -> Seen:
    """Decodes all of it, when it is its turn. Raises BadFile: what is wrong, in words for who chose it."""
    with AT_ONCE:
        file.seek(0)
        return _look_at(file, found) if found.kind == "image" else _hear(file, found)


def measure(file: BinaryIO, found: Type) -> None:
    """The sizes that a picture claims, before anything of it is unpacked. Raises BadFile."""
    if found.kind != "image":
        return
    file.seek(0)
    try:
        with Image.open(file, formats=FORMATS) as picture:
            _refuse_huge(picture, found)
    except Image.DecompressionBombError as error:
        raise _huge(found) from error
    except BROKEN as error:
        raise _unreadable(found) from error


def _look_at(file: BinaryIO, found: Type) -> Seen:
    try:
        with Image.open(file, formats=FORMATS) as picture:
            _refuse_huge(picture, found)
            picture.verify()  # PNG: the checksum of every part
        file.seek(0)
        with Image.open(file, formats=FORMATS) as picture:
            width, height = picture.size
            picture.draft("RGB", (2 * THUMB_PX, 2 * THUMB_PX))  # JPEG: all is read, but less is kept
            return Seen(width, height, thumb=_small(picture))
    except Image.DecompressionBombError as error:
        raise _huge(found) from error
    except BROKEN as error:
        raise _unreadable(found) from error


def _refuse_huge(picture: Image.Image, found: Type) -> None:
    if picture.width * picture.height > MOST_MEGAPIXELS[found] * 1_000_000:
        raise _huge(found, f", {picture.width} × {picture.height}")


def _huge(found: Type, size: str = "") -> BadFile:
    most = f"Up to {MOST_MEGAPIXELS[found]} megapixels are taken."
    return BadFile(f"This {found.name} unpacks to a picture that is too large{size}. {most}")


def _unreadable(found: Type) -> BadFile:
    return BadFile(
        f"This {found.name} can't be read: it is damaged or was cut short. Choose another copy of it."
    )


def _small(picture: Image.Image) -> bytes:
    """Made of its pixels alone: nothing else of the file is ever shown by this site.

    Made smaller before anything else, for every other step makes a copy of the whole.
    """
    shorter = min(picture.size)
    if shorter > 2 * THUMB_PX:
        width, height = (2 * THUMB_PX * side // shorter + 1 for side in picture.size)
        picture.thumbnail((width, height))
    upright = ImageOps.exif_transpose(picture)
    small = ImageOps.fit(upright.convert("RGB"), (THUMB_PX, THUMB_PX))
    thumb = BytesIO()
    Image.frombytes("RGB", small.size, small.tobytes()).save(thumb, "WEBP", quality=80, method=4)
    return thumb.getvalue()


def _hear(file: BinaryIO, found: Type) -> Seen:
    only = {"codec_whitelist": ",".join(CODECS[found])}
    try:
        with av.open(
            file, mode="r", format=CONTAINERS[found], metadata_errors="ignore", options=only
        ) as container:
            stream = _one_stream(container, found)
            said_s = (
                float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
            )
            heard_s = _play(container, stream, found)
    except (FFmpegError, *BROKEN, IndexError) as error:
        raise _unreadable(found) from error
    # MP3 says it by its outline; where it says nothing, its length here is a guess.
    if said_s and found != MP3 and heard_s < said_s - max(0.5, 0.03 * said_s):
        raise BadFile(
            f"This {found.name} was cut short: it ends at {heard_s:.0f} s instead of {said_s:.0f} s."
        )
    if heard_s < SHORTEST_S:
        raise BadFile(f"This {found.name} holds no sound.")
    return Seen(duration_s=round(heard_s, 2))


def _one_stream(container: Any, found: Type) -> Any:
    """A cover in the tags counts as a picture stream, moving pictures as a video."""
    moving = [
        each for each in container.streams.video if not each.disposition & each.disposition.attached_pic
    ]
    if moving:
        raise BadFile("This is a video. Save its sound as MP3, WAV or M4A.")
    if len(container.streams.audio) != 1:
        raise BadFile(f"This {found.name} holds {len(container.streams.audio)} sound tracks instead of one.")
    stream = container.streams.audio[0]
    if stream.codec_context.name not in CODECS[found]:
        plain = {M4A: "AAC", MP3: "MP3 sound", WAV: "PCM sound"}[found]
        raise BadFile(
            f"This {found.name} holds {stream.codec_context.name} sound. Flow Music takes {plain} in it. Save it anew."
        )
    if stream.codec_context.sample_rate > FASTEST_HZ:
        raise _too_fine(found)
    if stream.duration and stream.time_base and stream.duration * stream.time_base > LONGEST_S:
        raise _endless(found)
    return stream


def _play(container: Any, stream: Any, found: Type) -> float:
    """Seconds, each frame by its own rate: by that of the last one, a file could choose how long it is."""
    heard_s, enough = 0.0, monotonic() + HEARD_WITHIN_S
    for frame in container.decode(stream):
        if frame.sample_rate > FASTEST_HZ:
            raise _too_fine(found)
        if frame.sample_rate < 1 or frame.samples > LARGEST_FRAME:
            raise _unreadable(found)
        heard_s += frame.samples / frame.sample_rate
        if heard_s > LONGEST_S:
            raise _endless(found)
        if monotonic() > enough:
            raise BadFile(f"This {found.name} takes too long to read. Save it anew as a plain {found.name}.")
    return heard_s


def _too_fine(found: Type) -> BadFile:
    return BadFile(f"This {found.name} has more than {FASTEST_HZ:,} samples a second. Save it with 48,000.")


def _endless(found: Type) -> BadFile:
    return BadFile(f"This {found.name} lasts longer than an hour. Cut out the part that matters.")
