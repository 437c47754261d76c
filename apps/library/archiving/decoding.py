"""Hearing a file through before it is kept: it must decode to its end and last what it should."""

from dataclasses import dataclass
from typing import BinaryIO

import av
import numpy as np
from av.error import FFmpegError

from apps.library.archiving.faults import BadFile
from apps.library.archiving.loudness import Loudness

# The container is fixed by what was asked for: a playlist under an audio name would make FFmpeg open others.
CONTAINERS = {"m4a": "mp4", "mp3": "mp3", "wav": "wav"}
SHORTEST_S = 0.5
LONGEST_S = 3600.0
OFF_BY_S = 2.0
OFF_BY = 0.03


@dataclass(frozen=True)
class Heard:
    """`duration_s` is measured; `peaks` and `rms` as loudness.Loudness.parts gives them, `loudness_db` as gated_db."""

    duration_s: float
    peaks: list[int]
    rms: list[int]
    loudness_db: float | None


def hear(file: BinaryIO, kind: str, *, expected_s: float | None) -> Heard:
    """Decodes the whole file. BadFile when it can't be decoded or lasts otherwise than the record said."""
    _refuse_pages(file)
    file.seek(0)
    try:
        said_s, measured_s, loudness = _decode(file, kind)
    except (FFmpegError, ValueError, IndexError) as error:
        raise BadFile(f"The {kind} that came can't be played.") from error
    for right_s in (expected_s, said_s):
        if right_s and abs(measured_s - right_s) > max(OFF_BY_S, OFF_BY * right_s):
            raise BadFile(f"The {kind} that came lasts {measured_s:.0f} s instead of {right_s:.0f} s.")
    if measured_s < SHORTEST_S:
        raise BadFile(f"The {kind} that came holds no sound.")
    peaks, rms = loudness.parts()
    return Heard(measured_s, peaks, rms, loudness.gated_db(measured_s))


def _decode(file: BinaryIO, kind: str) -> tuple[float | None, float, Loudness]:
    """Seconds that the container claims, seconds that were decoded, and how loud they are."""
    loudness, samples, rate = Loudness(), 0, 1
    with av.open(file, mode="r", format=CONTAINERS[kind], metadata_errors="ignore") as container:
        stream = container.streams.audio[0]
        said_s = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
        to_float = av.AudioResampler(format="fltp")
        for frame in container.decode(stream):
            rate = frame.sample_rate
            for piece in to_float.resample(frame):
                loudness.add(np.asarray(piece.to_ndarray(), np.float32))
            samples += frame.samples
            if samples > LONGEST_S * rate:
                raise BadFile(f"The {kind} that came is longer than an hour.")
    return said_s, samples / rate, loudness


def _refuse_pages(file: BinaryIO) -> None:
    """A proxy's error page, which may come with a 200."""
    file.seek(0)
    start = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"{")):
        raise BadFile("A web page came instead of the file.")
