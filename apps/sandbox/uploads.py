"""What POST /files takes: kinds of files, how large they may be, and how their bytes begin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from apps.sandbox.responses import refuse

MEGABYTE = 1024 * 1024
HEAD = 16


@dataclass(frozen=True)
class UploadKind:
    """`formats` are what the bytes may be."""

    kind: str
    suffix: str
    formats: tuple[str, ...]

    @property
    def megabytes(self) -> int:
        return 20 if self.kind == "image" else 40


KINDS = {
    "image/jpeg": UploadKind("image", "jpg", ("jpeg",)),
    "image/png": UploadKind("image", "png", ("png",)),
    "image/webp": UploadKind("image", "webp", ("webp",)),
    "audio/mpeg": UploadKind("audio", "mp3", ("mp3",)),
    "audio/wav": UploadKind("audio", "wav", ("wav",)),
    "audio/mp4": UploadKind("audio", "m4a", ("mp4",)),
    "audio/x-m4a": UploadKind("audio", "m4a", ("mp4",)),
    "audio/aac": UploadKind("audio", "m4a", ("mp4", "aac")),
}


def kind_of(content_type: str) -> UploadKind:
    """Refuses with 400 what the page doesn't list."""
    named = content_type.partition(";")[0].strip().lower()
    if named not in KINDS:
        raise refuse(400, f"Content-Type ({named or 'none'}) not supported. Valid values: {', '.join(KINDS)}")
    return KINDS[named]


def check_size(content_type: str, size: int) -> None:
    """413 above the limit of the kind; before a byte is read."""
    kind = KINDS.get(content_type.partition(";")[0].strip().lower(), KINDS["audio/wav"])
    if size > kind.megabytes * MEGABYTE:
        raise refuse(
            413, f"File size ({size} bytes) exceeds the {kind.megabytes} MB limit for {kind.kind} files"
        )


def check_bytes(path: Path, content_type: str, kind: UploadKind) -> None:
    with path.open("rb") as file:
        found = format_of(file.read(HEAD))
    if found is None and not path.stat().st_size:
        raise refuse(400, "Request body is empty")
    if found not in kind.formats:
        actual = found or "unknown"
        raise refuse(400, f"Content-Type ({content_type}) does not match the file content ({actual})")


def format_of(head: bytes) -> str | None:
    """By the first bytes alone, as the API does it."""
    if head[:4] == b"RIFF":
        return {b"WAVE": "wav", b"WEBP": "webp"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return "mp4"
    for start, name in ((b"\xff\xd8\xff", "jpeg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"ID3", "mp3")):
        if head.startswith(start):
            return name
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "aac" if head[1] & 0x06 == 0 else "mp3"
    return None
