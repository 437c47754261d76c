"""Files that somebody might choose, good and bad; small, and made here."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

from tests.library.odd_files import box
from tests.library.sounds import picture, sound

MARK = b"<script>alert(1)</script>"


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is that large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return png((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 999)), (b"IEND", b""))


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("run.html", MARK)
    return file.getvalue()


def long_wav(seconds: int, *, rate: int = 1000, format: int = 1) -> bytes:
    """Silence of few samples a second, 8 bit: small for its length."""
    head = struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, format, 1, rate, rate, 1, 8, b"data", seconds * rate)
    body = head + b"\x80" * (seconds * rate)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def without_bits(content: bytes) -> bytes:
    """A WAV that says: 0 bits per sample."""
    return content[:34] + b"\0\0" + content[36:]


def in_header(content: bytes, sign: bytes, place: int = 20) -> bytes:
    return content[:place] + sign + content[place:]


def unfolding(size: int = 250_000, count: int = 600) -> bytes:
    """An M4A of which each packet is the same bytes: put into a new one, it is as many times as large."""
    parts = dict(_boxes(sound("m4a", 1.0)))
    before = box(b"free", bytes(8)) + box(b"ftyp", parts[b"ftyp"])
    tables = {
        b"stsz": struct.pack(">III", 0, size, count),
        b"stco": struct.pack(">II", 0, count) + struct.pack(">I", len(before) + 8) * count,
        b"stsc": struct.pack(">IIIII", 0, 1, 1, 1, 1),
        b"stts": struct.pack(">IIII", 0, 1, count, 1024),
    }
    return before + box(b"mdat", bytes(size)) + box(b"moov", _with_tables(parts[b"moov"], tables))


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    while content:
        length = int.from_bytes(content[:4], "big")
        yield content[4:8], content[8:length]
        content = content[length:]


def _with_tables(content: bytes, tables: dict[bytes, bytes]) -> bytes:
    made = b""
    for kind, inside in _boxes(content):
        if kind in {b"trak", b"mdia", b"minf", b"stbl"}:
            made += box(kind, _with_tables(inside, tables))
        elif kind not in {b"sgpd", b"sbgp", b"edts"}:
            made += box(kind, tables.get(kind, inside))
    return made


def damaged(content: bytes) -> bytes:
    """Whole by its outline, but not inside."""
    middle = len(content) // 2
    return (
        content[:middle]
        + bytes(byte ^ 0xFF for byte in content[middle : middle + 64])
        + content[middle + 64 :]
    )


# Refused while it is received: words that say why.
AT_ONCE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "This file is empty."),
    "a GIF": (lambda: b"GIF89a" + b"\0" * 99, "This is a GIF. Save it as PNG or JPEG."),
    "a FLAC": (lambda: b"fLaC" + b"\0" * 99, "This is a FLAC. Save it as WAV or MP3."),
    "a PDF": (lambda: b"%PDF-1.7 " + b"x" * 99, "This is a PDF."),
    "a ZIP": (zipped, "This is a ZIP. Unpack it"),
    "a page": (lambda: b"<!DOCTYPE html><p>" + b"x" * 99, "This is a web page"),
    "a drawing": (lambda: b"<svg xmlns='x'>" + b"x" * 99, "This is a web page or a drawing made of text"),
    "a HEIC": (lambda: b"\0\0\0\x18ftypheic" + b"\0" * 99, "This is a HEIC or AVIF image."),
    "anything": (lambda: b"hello" * 99, "This is none of the kinds that can be sent."),
    "a cut JPEG": (lambda: picture()[:-9], "This JPEG was cut short"),
    "a cut PNG": (lambda: picture(kind="PNG")[:-9], "This PNG was cut short"),
    "a cut WebP": (lambda: picture(kind="WEBP")[:-9], "This WebP was cut short"),
    "half a WAV": (lambda: sound("wav")[:260_000], "This WAV was cut short"),
    "a cut M4A": (lambda: sound("m4a")[:-999], "This M4A was cut short"),
    "a cut MP3": (lambda: sound("mp3")[:-999], "This MP3 was cut short"),
    "a JPEG and more": (
        lambda: picture() + b"x" * 99_999,
        "Something else follows the end of this JPEG",
    ),
    "a JPEG and a video": (
        lambda: picture() + sound("m4a"),
        "Something else follows the end of this JPEG",
    ),
    "a phone's JPEG and a video": (
        lambda: picture() + sound("m4a") + b"SEFT",
        "Something else follows the end of this JPEG",
    ),
    "a PNG and more": (
        lambda: picture(kind="PNG") + b"x" * 99_999,
        "Something else follows the end of this PNG",
    ),
    "a PNG and a page that runs": (
        lambda: picture(kind="PNG") + b"<?php phpinfo();",
        "Something else follows the end of this PNG",
    ),
    "a WAV and a picture": (
        lambda: sound("wav") + picture(),
        "Something else follows the end of this WAV",
    ),
    "an M4A and a picture": (
        lambda: sound("m4a") + picture(kind="PNG"),
        "Something else follows the end of this M4A",
    ),
    "an M4A and another one": (
        lambda: sound("m4a") + sound("m4a"),
        "Something else follows the end of this M4A",
    ),
    "a FLAC behind a tag": (
        lambda: b"ID3\3\0\0\0\0\0\0fLaC" + b"\0" * 99,
        "This is a FLAC. Save it as WAV or MP3.",
    ),
    "an MP3 and a picture": (
        lambda: sound("mp3") + picture(),
        "Something else follows the end of this MP3",
    ),
    "a JPEG and a ZIP": (lambda: picture() + zipped(), "This JPEG is a ZIP as well"),
    "an MP3 and a ZIP": (lambda: sound("mp3") + zipped(), "This MP3 is a ZIP as well"),
    "a JPEG and a PDF": (
        lambda: in_header(picture(), b"%PDF-1.7"),
        "This JPEG is another kind of file as well",
    ),
    "a WAV and a PDF": (
        lambda: in_header(sound("wav"), b"%PDF-1.7", 44),
        "This WAV is another kind of file as well",
    ),
    "a bomb": (lambda: claiming(30_000, 30_000), "unpacks to an image that is too large"),
    "a large WebP": (lambda: picture(size=(7000, 3000), kind="WEBP"), "Up to 20 megapixels are taken"),
    "a JPEG of scans": (
        lambda: b"\xff\xd8\xff\xda\x00\x02\x01" + b"\xff\xda\x00\x02\x01" * 2000 + b"\xff\xd9",
        "This JPEG is made of more than 30 scans",
    ),
}
# Refused when it is looked through, before it is sent on.
BEFORE_SENDING: dict[str, tuple[Callable[[], bytes], str]] = {
    "a damaged PNG": (lambda: damaged(picture((1, 2, 3), kind="PNG")), "This PNG can't be read"),
    "a PNG without its pixels": (lambda: claiming(10, 9999), "This PNG can't be read"),
    "an endless WAV": (lambda: long_wav(3700), "lasts longer than an hour"),
    "a WAV of very many samples": (lambda: long_wav(1, rate=200_000), "more than 192,000 samples a second"),
    "a WAV that is no PCM": (lambda: long_wav(3, format=0x55), "This WAV holds mp3float sound"),
    "a WAV of no bits": (lambda: without_bits(long_wav(3)), "This WAV"),
    "a WAV of nothing": (lambda: long_wav(0), "This WAV holds no sound"),
    "an MP3 that is none": (lambda: b"ID3\x04\0\0\0\0\0\0" + b"\0" * 4000, "This MP3 can't be read"),
}
