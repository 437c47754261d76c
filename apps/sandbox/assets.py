"""Files that somebody uploaded or had drawn: rows; the bytes are in the media folder under the same name."""

from __future__ import annotations

from dataclasses import dataclass

from apps.sandbox.state import SandboxState

TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "m4a": "audio/mp4",
}


@dataclass(frozen=True)
class Asset:
    """`prompt` is what a picture was drawn from, None for an upload."""

    uuid: str
    tenant: str
    email: str
    suffix: str
    prompt: str | None = None


def insert(state: SandboxState, asset: Asset) -> None:
    state.execute("INSERT INTO assets VALUES (?, ?, ?, ?, ?)", *vars(asset).values())


def get(state: SandboxState, uuid: str, suffix: str) -> Asset | None:
    rows = state.rows("SELECT * FROM assets WHERE uuid = ? AND suffix = ?", uuid, suffix)
    return Asset(**dict(rows[0])) if rows else None
