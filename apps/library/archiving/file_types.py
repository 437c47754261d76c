"""Recognises what a file is by its first bytes: never by its name, nor by what a browser says (post-flowmusic-files).

The content types are those of the page; a browser's `audio/x-wav` or `image/jpg` would be refused there.
"""

from dataclasses import dataclass
from io import BytesIO

from apps.library.archiving import mpeg
from apps.library.archiving.errors import BadFile

MEGABYTE = 1024 * 1024
MOST_IMAGE, MOST_AUDIO = 20 * MEGABYTE, 40 * MEGABYTE
HEAD = 16 * 1024  # bytes that are enough to tell
TAKEN = "Flow Music takes JPEG, PNG and WebP images, and MP3, WAV and M4A audio."


@dataclass(frozen=True)
class FileType:
    """`kind` is image or audio; `name` what people call it; `most` how large the API lets it be."""

    content_type: str
    kind: str
    name: str
    extension: str

    @property
    def most(self) -> int:
        return MOST_IMAGE if self.kind == "image" else MOST_AUDIO

    @property
    def what(self) -> str:
        return "image" if self.kind == "image" else "audio file"


JPEG = FileType("image/jpeg", "image", "JPEG", "jpg")
PNG = FileType("image/png", "image", "PNG", "png")
WEBP = FileType("image/webp", "image", "WebP", "webp")
MP3 = FileType("audio/mpeg", "audio", "MP3", "mp3")
WAV = FileType("audio/wav", "audio", "WAV", "wav")
M4A = FileType("audio/mp4", "audio", "M4A", "m4a")
TYPES = {each.content_type: each for each in (JPEG, PNG, WEBP, MP3, WAV, M4A)}
# Put into an M4A before it is kept or sent (repairs.py).
AAC = FileType("audio/aac", "audio", "AAC", "aac")

# What people have at hand instead, and what helps.
OTHERS = (
    (b"GIF8", "a GIF. Save it as PNG or JPEG"),
    (b"BM", "a BMP. Save it as PNG or JPEG"),
    (b"II*\0", "a TIFF or a camera's raw image. Save it as PNG or JPEG"),
    (b"MM\0*", "a TIFF or a camera's raw image. Save it as PNG or JPEG"),
    (b"fLaC", "a FLAC. Save it as WAV or MP3"),
    (b"OggS", "an Ogg file. Save it as MP3 or WAV"),
    (b"FORM", "an AIFF. Save it as WAV or MP3"),
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP. Unpack it and choose what is inside"),
    (b"\x1a\x45\xdf\xa3", "a video. Save its sound as MP3, WAV or M4A"),
)
LAYER_TWO = "MPEG layer II sound, as broadcasters use it. Save it as MP3"
UNKNOWN = "none of the kinds that can be sent"
HEIF = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")
PAGES = (b"<!doctype", b"<html", b"<?xml", b"<svg", b"<script")
# Of a second file that hides in the head of the first one. Words in a tag or a comment, whatever they say, are words:
# files are served with their type, `nosniff` and a sandbox.
HIDDEN = (b"%pdf-", b"pk\x03\x04")
HIDDEN_WITHIN = 1024
# What an M4A may begin with: old editing software puts an empty box first, and older files have no type box.
FIRST_BOXES = (b"wide", b"free", b"skip", b"mdat", b"moov")
LONG_WAVES = (b"RF64", b"BW64")  # of more than 4 GB, or made ready for that (EBU Tech 3306, ITU-R BS.2088)


def recognise(head: bytes) -> FileType:
    """By the first HEAD bytes, or all there are. Raises BadFile: what it is instead, and what to do."""
    if not head:
        raise BadFile("This file is empty.")
    found = _signed(head) or (_searched(head) if _other(head) == UNKNOWN else None)
    if found is None:
        raise BadFile(f"This is {_other(head)}. {TAKEN}")
    start = head[4:HIDDEN_WITHIN].lower()
    if any(sign in start for sign in HIDDEN):
        name = found.name
        raise BadFile(
            f"This {name} is another kind of file as well, so it is not taken. Save it again as a plain {name}."
        )
    return found


def _signed(head: bytes) -> FileType | None:
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(head[8:12])
    if head[:4] in LONG_WAVES and head[8:12] == b"WAVE":
        return WAV
    if head[4:8] == b"ftyp":
        return None if head[8:12] in HEIF else M4A
    if head[4:8] in FIRST_BOXES:
        return M4A
    if head.startswith((b"ID3", b"APETAGEX")):
        return MP3
    frame = mpeg.frame_at(head, 0)
    return MP3 if frame and frame.kind == 3 else None


def _searched(head: bytes) -> FileType | None:
    """Sound behind zeros, or behind the remnant of a stream."""
    start = mpeg.find_start(BytesIO(head))
    if start.frame is None:
        return MP3 if head[start.place :].startswith(b"ID3") else None
    return {3: MP3, "aac": AAC}.get(start.frame.kind)


def _other(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "a HEIC or AVIF image. Save it as JPEG or PNG"
    frame = mpeg.frame_at(head, 0)
    if frame and frame.kind == 2:
        return LAYER_TWO
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:16].lower().startswith(PAGES):
        return "a web page or a drawing made of text"
    return next((words for sign, words in OTHERS if head.startswith(sign)), UNKNOWN)
