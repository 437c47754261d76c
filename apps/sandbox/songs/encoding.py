"""The three formats of the API: wav (16 bit), m4a (AAC) and mp3 (constant bit rate, so that seeking is exact)."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import cast

import av
import numpy as np
from numpy.typing import NDArray

from apps.sandbox.songs.instruments import RATE

BIT_RATE = 192_000
# How much of a file that is no audio is looked through before it is given up.
SHORT_LOOK = {"probesize": "262144"}
# The quick ways of both encoders: half the time, and a sandbox's tune is no hi-fi record.
QUICK = {"aac": {"aac_coder": "fast"}, "libmp3lame": {"compression_level": "8"}}
# Codec, container and options; the index of an m4a goes to the front, so that it plays before it is all there.
FORMATS: dict[str, tuple[str, str, dict[str, str]]] = {
    "m4a": ("aac", "ipod", {"movflags": "+faststart"}),
    "mp3": ("libmp3lame", "mp3", {}),
}


def write_wav(samples: NDArray[np.int16], path: Path) -> None:
    """`samples` of shape (n, 2)."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())


def read_wav(path: Path) -> NDArray[np.int16]:
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def decode(path: Path) -> NDArray[np.int16]:
    """Any file as 44.1 kHz stereo; raises OSError or ValueError (as av does) for what can't be played."""
    with av.open(str(path)) as file:
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
        frames = [
            part.to_ndarray().reshape(-1, 2)
            for frame in (*file.decode(audio=0), None)
            for part in resampler.resample(frame)
        ]
    return np.concatenate(frames) if frames else np.zeros((0, 2), np.int16)


def seconds(path: Path) -> float | None:
    """How long a file says that it lasts; None if it says nothing or can't be read."""
    try:
        with av.open(str(path), options=SHORT_LOOK) as file:
            return round(file.duration / av.time_base, 2) if file.duration else None
    except (OSError, ValueError):
        return None


def encode(samples: NDArray[np.int16], path: Path, suffix: str, tags: dict[str, str]) -> None:
    """Writes "m4a" or "mp3" with tags (title, comment …)."""
    codec, container, options = FORMATS[suffix]
    with av.open(str(path), "w", format=container, container_options=options) as output:
        output.metadata.update(tags)
        stream = cast(
            av.AudioStream, output.add_stream(codec, rate=RATE, layout="stereo", options=QUICK[codec])
        )
        stream.bit_rate = BIT_RATE
        for first in range(0, len(samples), RATE):
            second = np.ascontiguousarray(samples[first : first + RATE]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(second, format="s16", layout="stereo")
            frame.sample_rate = RATE
            frame.pts = first
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
