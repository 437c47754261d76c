"""Files that play or open everywhere, each with something about it that careful readers stumble over; made here."""

import io
import struct
import zlib
from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np
from PIL import Image

from tests.library.sounds import picture, sound

PAGE = b"<!DOCTYPE html><html><script>alert(1)</script><p>404 Not Found</p></html>"
SCRIPT = "<script>alert('loops')</script>"
Make = Callable[[], bytes]


def mp3(seconds: float = 2.0, *, rate: int = 44_100) -> bytes:
    return sound("mp3", seconds, rate=rate)


def frames() -> bytes:
    """An mp3 without the tag and the header that say how long it is."""
    content = mp3()
    start = content.index(b"\xff\xfb")
    return content[content.index(b"\xff\xfb", start + 200) :]


def id3(**texts: str) -> bytes:
    """ID3v2.3."""
    parts = b""
    for name, text in texts.items():
        value = b"\0" + (b"eng\0" if name == "COMM" else b"") + text.encode("latin-1")
        parts += name.encode() + struct.pack(">I", len(value)) + b"\0\0" + value
    size = bytes(len(parts) >> 7 * place & 0x7F for place in (3, 2, 1, 0))
    return b"ID3\3\0\0" + size + parts


def ape(*, in_front: bool) -> bytes:
    item = struct.pack("<II", 7, 0) + b"REPLAYGAIN_TRACK_GAIN\0" + b"-6.2 dB"
    at = 0xA0000000 if in_front else 0
    edge = b"APETAGEX" + struct.pack("<IIII", 2000, len(item) + 32, 1, at) + bytes(8)
    foot = b"APETAGEX" + struct.pack("<IIII", 2000, len(item) + 32, 1, at & 0x80000000) + bytes(8)
    return edge + item + foot if in_front else item + foot


def id3v1() -> bytes:
    return b"TAG" + b"Tone".ljust(125, b"\0")


def wav(claim: int | None = None, *, riff: int | None = None) -> bytes:
    """One second of 16 kHz mono."""
    data = (8000 * np.sin(np.arange(16_000) / 6)).astype("<i2").tobytes()
    body = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16)
    body += b"data" + struct.pack("<I", len(data) if claim is None else claim) + data
    return b"RIFF" + struct.pack("<I", 4 + len(body) if riff is None else riff) + b"WAVE" + body


def long_form(name: bytes) -> bytes:
    plain = wav(0xFFFFFFFF)
    sizes = struct.pack("<QQQI", len(plain) + 28, 32_000, 16_000, 0)
    head = name + b"\xff\xff\xff\xffWAVE" + b"ds64" + struct.pack("<I", len(sizes)) + sizes
    return head + plain[12:]


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def m4a() -> bytes:
    return sound("m4a", 2.0)


def wide_first() -> bytes:
    """The empty box that stands behind the type box, in front of it: all the rest stays where it was."""
    content = m4a()
    length = int.from_bytes(content[:4], "big")
    assert content[length + 4 : length + 8] == b"free"
    return box(b"wide", b"") + content[:length] + content[length + 8 :]


def without_type() -> bytes:
    content = m4a()
    return content[:4] + b"free" + content[8:]


def with_chapter_pictures(*, a_second: int = 1) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        tone = output.add_stream("aac", rate=44_100, layout="stereo")
        stills = output.add_stream("mjpeg", rate=a_second, width=64, height=64, pix_fmt="yuvj420p")
        stills.codec_context.time_base = Fraction(1, a_second)
        for number in range(3 * a_second):
            still = av.VideoFrame.from_image(Image.new("RGB", (64, 64), (60 * number % 256, 90, 120)))
            still.pts = number
            output.mux(stills.encode(still.reformat(format="yuvj420p")))
        output.mux(stills.encode(None))
        samples = np.full((2, 3 * 44_100), 0.1, np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate = 44_100
        resampler = av.AudioResampler("fltp", "stereo", 44_100, 1024)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(tone.encode(piece))
        output.mux(tone.encode(None))
    return file.getvalue()


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def photo(**options: object) -> bytes:
    """Much detail, so that a line that is missing is one that was there."""
    noise = np.random.default_rng(9).integers(0, 256, (200, 300, 3), np.uint8)
    return _saved(Image.fromarray(noise), "JPEG", **options)


def png_with(kind: bytes, content: bytes) -> bytes:
    """A chunk behind the head."""
    whole = picture(size=(300, 200), kind="PNG")
    chunk = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return whole[:33] + chunk + whole[33:]


def grey_16_bit() -> bytes:
    ramp = np.tile(np.linspace(0, 65_535, 400).astype("<u2"), (400, 1))
    return _saved(Image.fromarray(ramp), "PNG")


def logo(colour: tuple[int, int, int]) -> bytes:
    """A square on nothing."""
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    image.paste((*colour, 255), (100, 100, 300, 300))
    return _saved(image, "PNG")


def lying() -> bytes:
    """A photo from a phone held upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return photo(exif=exif)


PHONE_TRAILER = (
    b"\0\1\x0a\x0e\0\0\0Image_UTC_Data1700000000000SEFHk\0\0\0\1\0\0\0\0\0\1\x0a#\0\0\0#\0\0\0\x18\0\0\0SEFT"
)
MUCH_TEXT = b'{"node": "sampler", "steps": 30}' * 100_000

# With the seconds that are heard in it.
SOUNDS: dict[str, tuple[str, Make, float]] = {
    "two joined": ("mp3", lambda: mp3() + id3(TIT2="second") + mp3(), 4.0),
    "two joined of other rates": ("mp3", lambda: mp3() + mp3(rate=48_000), 4.0),
    "zeros in the middle": ("mp3", lambda: mp3()[:9000] + bytes(2000) + mp3()[9000:], 2.0),
    "a gain tag at the end": ("mp3", lambda: mp3() + ape(in_front=False) + id3v1(), 2.0),
    "text behind the end": ("mp3", lambda: mp3() + b"downloaded from somewhere " * 20, 2.0),
    "a page behind the end": ("mp3", lambda: mp3() + PAGE * 9, 2.0),
    "zeros behind the end": ("mp3", lambda: mp3() + bytes(200_000), 2.0),
    "zeros before the tag": ("mp3", lambda: bytes(700) + mp3(), 2.0),
    "junk before the sound": ("mp3", lambda: bytes(range(1, 200)) * 2 + frames(), 2.0),
    "an old tag in front": ("mp3", lambda: ape(in_front=True) + frames(), 2.0),
    "a script in its title": ("mp3", lambda: id3(TIT2=SCRIPT) + frames(), 2.0),
    "notes in its comment": ("mp3", lambda: id3(COMM=PAGE.decode()) + frames(), 2.0),
    "the largest positive length": ("wav", lambda: wav(0x7FFFFFFF, riff=0x7FFFFFFF), 1.0),
    "a length for a pipe": ("wav", lambda: wav(0x7FFFF000, riff=0x7FFFF024), 1.0),
    "the length of a recorder that was stopped": ("wav", lambda: wav(0x80000000, riff=0x80000024), 1.0),
    "no length at all": ("wav", lambda: wav(0, riff=0), 1.0),
    "some bytes short": ("wav", lambda: wav()[:-99], 1.0),
    "a second list behind the sound": ("wav", lambda: wav() + PAGE, 1.0),
    "the long form BW64": ("wav", lambda: long_form(b"BW64"), 1.0),
    "the long form RF64": ("wav", lambda: long_form(b"RF64"), 1.0),
    "boxes of a live stream": ("m4a", lambda: m4a() + box(b"emsg", b"x" * 90) + box(b"prft", b"y" * 24), 2.0),
    "a player's box": ("m4a", lambda: m4a() + box(b"PLrt", b"***** ratings"), 2.0),
    "a wide box first": ("m4a", wide_first, 2.0),
    "no type box": ("m4a", without_type, 2.0),
    "pictures of chapters": ("m4a", with_chapter_pictures, 3.0),
    "a bare stream behind a tag": ("aac", lambda: id3(TIT2="live") + sound("aac", 2.0), 2.0),
    "a bare stream": ("aac", lambda: sound("aac", 2.0), 2.0),
}
# With the size of the upright picture.
PICTURES: dict[str, tuple[Make, tuple[int, int]]] = {
    "a phone's trailer": (lambda: photo() + PHONE_TRAILER, (300, 200)),
    "no end mark": (lambda: photo()[:-2], (300, 200)),
    "half an end mark": (lambda: photo()[:-1], (300, 200)),
    "no end mark but zeros": (lambda: photo()[:-2] + bytes(4000), (300, 200)),
    "no end mark, progressive": (lambda: photo(progressive=True)[:-2], (300, 200)),
    "a page in its comment": (lambda: photo(comment=PAGE), (300, 200)),
    "a lying photo": (lying, (200, 300)),
    "16 bits of grey": (grey_16_bit, (400, 400)),
    "a black logo": (lambda: logo((0, 0, 0)), (400, 400)),
    "a white logo": (lambda: logo((255, 255, 255)), (400, 400)),
    "a workflow": (lambda: png_with(b"zTXt", b"workflow\0\0" + zlib.compress(MUCH_TEXT)), (300, 200)),
    "a prompt": (lambda: png_with(b"iTXt", b"prompt\0\1\0\0\0" + zlib.compress(MUCH_TEXT)), (300, 200)),
    "a large profile": (lambda: png_with(b"iCCP", b"print\0\0" + zlib.compress(MUCH_TEXT)), (300, 200)),
    "an animation": (
        lambda: _saved(
            Image.new("RGB", (90, 60)),
            "PNG",
            save_all=True,
            append_images=[Image.new("RGB", (90, 60), (9, 9, 9))],
        ),
        (90, 60),
    ),
}
