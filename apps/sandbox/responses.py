"""What an operation gives back, and the ways in which it gives nothing back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class FileSlice:
    """`length` bytes of a file from `start` on: a song is too big to be read into memory for every listener."""

    path: Path
    start: int
    length: int


@dataclass(frozen=True)
class SandboxResponse:
    """One HTTP answer. `cut` sends only half of the body that Content-Length promises and then closes."""

    status: int
    body: bytes = b""
    content_type: str | None = JSON
    headers: tuple[tuple[str, str], ...] = ()
    file: FileSlice | None = None
    cut: bool = False
    close: bool = False

    @property
    def length(self) -> int:
        return self.file.length if self.file else len(self.body)


class Refusal(Exception):
    """An operation's "no": unwinds whatever transaction is open and becomes the answer."""

    def __init__(self, answer: SandboxResponse) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Silence(Exception):
    """No answer at all. `hold` keeps the connection open until the client leaves; otherwise it is closed at once."""

    def __init__(self, *, hold: bool) -> None:
        super().__init__("hold" if hold else "drop")
        self.hold = hold


def as_json(data: Any, status: int = 200) -> SandboxResponse:
    return SandboxResponse(status, json.dumps(data, ensure_ascii=False).encode())


def error(status: int, message: str, **headers: str) -> SandboxResponse:
    """The pages' error body: `{"error": text, "code": status}`."""
    body = json.dumps({"error": message, "code": status}, ensure_ascii=False).encode()
    return SandboxResponse(
        status, body, headers=tuple((name.replace("_", "-"), text) for name, text in headers.items())
    )


def refuse(status: int, message: str, **headers: str) -> Refusal:
    return Refusal(error(status, message, **headers))


def html(status: int, text: str) -> SandboxResponse:
    return SandboxResponse(status, text.encode(), content_type=HTML)


EMPTY = SandboxResponse(204, content_type=None)
