"""Small real files: audio by FFmpeg's encoders, pictures by Pillow."""

from functools import lru_cache
from io import BytesIO

import av
import numpy as np
from PIL import Image

CODECS = {
    "m4a": ("mp4", "aac"),
    "mp3": ("mp3", "libmp3lame"),
    "wav": ("wav", "pcm_s16le"),
    "aac": ("adts", "aac"),
    "mp2": ("mp2", "mp2"),
}
RATE = 44_100
# The head of one whose length nobody says: any samples may follow.
WAV = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\1\0\x44\xac\0\0\x88\x58\1\0\2\0\x10\0data\xff\xff\xff\xff"


@lru_cache
def sound(
    kind: str, seconds: float = 3.0, *, level: float = 0.5, quiet_half: bool = False, rate: int = RATE
) -> bytes:
    """A 440 Hz tone in stereo; with `quiet_half` the second half is 20 dB lower."""
    container, codec = CODECS[kind]
    times = np.arange(round(seconds * rate)) / rate
    wave = level * np.sin(2 * np.pi * 440 * times)
    if quiet_half:
        wave[wave.size // 2 :] *= 0.1
    samples = np.ascontiguousarray(np.stack([wave, wave]).astype(np.float32))
    file = BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout="stereo")
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format.name, "stereo", rate, stream.frame_size or 1024)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return file.getvalue()


@lru_cache
def picture(
    colour: tuple[int, int, int] = (240, 120, 90), size: tuple[int, int] = (300, 300), kind: str = "JPEG"
) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()
