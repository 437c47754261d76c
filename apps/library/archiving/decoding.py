"""Decodes audio to its end, within limits: the same check for songs that were paid for and for uploads.

A packet that doesn't decode is passed over, as players do it: joined files, tags in the middle and bytes behind the end
are ordinary. What decides is how long the sound is that was heard, against the length that was announced.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any, BinaryIO

import av
import numpy as np
from av.error import FFmpegError

from apps.library.archiving import mpeg
from apps.library.archiving.errors import BadFile, Unreadable
from apps.library.archiving.file_types import M4A, MP3, WAV, FileType
from apps.library.archiving.loudness import Loudness

# The container is fixed by what was asked for: a playlist under an audio name would make FFmpeg open others.
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
STILLS = ("mjpeg", "png")  # a cover, or the pictures of chapters
MOST_STILLS_A_SECOND = 1.0
LONGEST_S = 3600.0
# Heard and announced may differ by the larger of the two; of what is shorter than that, by a quarter of it.
OFF_BY_S, OFF_BY, OFF_BY_MOST = 1.0, 0.02, 0.25
FASTEST_HZ = 192_000
LARGEST_FRAME = 65_536  # samples; MP3 has 1,152, FFmpeg reads WAV in pieces of a few thousand
HEARD_WITHIN_S = 50.0
SHORTEST_SONG_S = 0.5
SONGS = {"m4a": M4A, "mp3": MP3, "wav": WAV}
BROKEN = (FFmpegError, OSError, ValueError, IndexError, EOFError, OverflowError)


@dataclass(frozen=True)
class MeasuredSound:
    """`duration_s` is measured; `peaks` and `rms` as loudness.Loudness.parts gives them, `loudness_db` as gated_db."""

    duration_s: float
    peaks: list[int]
    rms: list[int]
    loudness_db: float | None


def hear(file: BinaryIO, kind: str, *, expected_s: float | None) -> MeasuredSound:
    """Decodes a whole song. BadFile when it can't be decoded, or lasts otherwise than the record said."""
    found, loudness = SONGS[kind], Loudness()
    _refuse_pages(file)
    try:
        measured_s = play(file, found, loudness, is_known=bool(expected_s))
    except Unreadable as error:
        raise BadFile(f"The {kind} that arrived can't be played.") from error
    if expected_s and not is_near(measured_s, expected_s):
        raise BadFile(f"The {kind} that arrived lasts {measured_s:.0f} s instead of {expected_s:.0f} s.")
    if measured_s < SHORTEST_SONG_S:
        raise BadFile(f"The {kind} that arrived holds no sound.")
    peaks, rms = loudness.parts()
    return MeasuredSound(measured_s, peaks, rms, loudness.gated_db(measured_s))


def is_near(heard_s: float, announced_s: float) -> bool:
    allowed_s = max(min(OFF_BY_S, OFF_BY_MOST * announced_s), OFF_BY * announced_s)
    return abs(heard_s - announced_s) <= allowed_s


def play(
    file: BinaryIO, file_type: FileType, loudness: Loudness | None = None, *, is_known: bool = False
) -> float:
    """Decodes all of it. Returns its seconds. Raises BadFile: what is wrong with it, in words.

    `is_known`: somebody else knows how long it is, so that what it says of itself doesn't count.
    """
    announced_s = mpeg.announced_s(file, mpeg.find_start(file)) if file_type == MP3 else None
    file.seek(0)
    only = {"codec_whitelist": ",".join((*CODECS[file_type], *STILLS))}
    try:
        with av.open(
            file, mode="r", format=CONTAINERS[file_type], metadata_errors="ignore", options=only
        ) as container:
            stream = one_stream(container, file_type)
            if file_type != MP3:  # where an mp3 says nothing, its length there is a guess
                announced_s = _seconds(stream)
            heard_s = _play(container, stream, file_type, loudness)
    except BROKEN as error:
        raise Unreadable(file_type.name) from error
    if not is_known and announced_s and heard_s < announced_s and not is_near(heard_s, announced_s):
        raise BadFile(
            f"This {file_type.name} was cut short: it ends at {heard_s:.0f} s instead of {announced_s:.0f} s."
        )
    return heard_s


def one_stream(container: Any, file_type: FileType) -> Any:
    """A cover in the tags counts as a picture stream, as do the pictures of chapters; moving pictures are a video."""
    if any(not _is_still(each) for each in container.streams.video):
        raise BadFile("This is a video. Save its sound as MP3, WAV or M4A.")
    if len(container.streams.audio) != 1:
        raise BadFile(
            f"This {file_type.name} holds {len(container.streams.audio)} sound tracks instead of one."
        )
    stream = container.streams.audio[0]
    name = stream.codec_context.name if stream.codec_context else "unknown"
    if name not in CODECS[file_type]:
        plain = {M4A: "AAC", MP3: "MP3 sound", WAV: "PCM sound"}[file_type]
        called = "MPEG layer II" if name.startswith("mp2") else name
        raise BadFile(
            f"This {file_type.name} holds {called} sound. Flow Music takes {plain} in it. Save it again."
        )
    if stream.codec_context.sample_rate > FASTEST_HZ:
        raise _too_fine(file_type)
    if (_seconds(stream) or 0) > LONGEST_S and file_type != MP3:
        raise _endless(file_type)
    return stream


def _is_still(stream: Any) -> bool:
    if stream.disposition & stream.disposition.attached_pic:
        return True
    if stream.codec_context is None or stream.codec_context.name not in STILLS:
        return False
    seconds = _seconds(stream) or 0
    return 0 < stream.frames <= max(1.0, seconds * MOST_STILLS_A_SECOND)


def _seconds(stream: Any) -> float | None:
    return float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None


def _play(container: Any, stream: Any, file_type: FileType, loudness: Loudness | None) -> float:
    """Seconds, each frame by its own rate: by that of the last one, a file could choose how long it is."""
    heard_s, enough = 0.0, monotonic() + HEARD_WITHIN_S
    to_float = av.AudioResampler(format="fltp")
    for frame in _frames(container, stream):
        if frame.sample_rate > FASTEST_HZ:
            raise _too_fine(file_type)
        if frame.sample_rate < 1 or frame.samples > LARGEST_FRAME:
            raise Unreadable(file_type.name)
        heard_s += frame.samples / frame.sample_rate
        if heard_s > LONGEST_S:
            raise _endless(file_type)
        if monotonic() > enough:
            raise BadFile(
                f"This {file_type.name} takes too long to read. Save it again as a plain {file_type.name}."
            )
        if loudness is not None:
            to_float = _listen(to_float, frame, loudness)
    return heard_s


def _listen(to_float: Any, frame: Any, loudness: Loudness) -> Any:
    """A frame of another rate or number of channels, as in files put together, needs another resampler."""
    try:
        pieces = to_float.resample(frame)
    except (FFmpegError, ValueError):
        to_float = av.AudioResampler(format="fltp")
        pieces = to_float.resample(frame)
    for piece in pieces:
        loudness.add(np.asarray(piece.to_ndarray(), np.float32))
    return to_float


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    """Of every packet that decodes. Where the container itself can't be read on, the sound ends."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError:
            return
        if packet is None:
            return
        try:
            yield from packet.decode()
        except FFmpegError:
            continue


def _too_fine(file_type: FileType) -> BadFile:
    return BadFile(
        f"This {file_type.name} has more than {FASTEST_HZ:,} samples a second. Save it with 48,000."
    )


def _endless(file_type: FileType) -> BadFile:
    return BadFile(f"This {file_type.name} lasts longer than an hour. Cut out the part that matters.")


def _refuse_pages(file: BinaryIO) -> None:
    """A proxy's error page, which may come with a 200."""
    file.seek(0)
    start = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"{")):
        raise BadFile("A web page came instead of the file.")
