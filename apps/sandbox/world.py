"""What the operations share, and what they are given of a request."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.sandbox.callers import Caller
from apps.sandbox.media_files import MediaFiles
from apps.sandbox.responses import Silence
from apps.sandbox.scenarios import Scenarios
from apps.sandbox.state import SandboxState

# Whoever waits looks at the clock again after so long: a machine may sleep, and a test may move the clock.
LONGEST_SLEEP_S = 1.0


@dataclass
class World:
    """One sandbox: its memory, its songs, and a bell that rings when a job was taken or has been ended by somebody."""

    state: SandboxState
    media_files: MediaFiles
    speed: float
    closing: threading.Event = field(default_factory=threading.Event)
    bell: threading.Condition = field(default_factory=threading.Condition)
    rings: int = 0

    def ring(self) -> None:
        with self.bell:
            self.rings += 1
            self.bell.notify_all()

    def wait(self, seconds: float, heard: int) -> None:
        """Until the bell rings, `seconds` at most. `heard` is `rings` before the caller looked: none is missed."""
        with self.bell:
            if self.rings == heard and not self.closing.is_set():
                self.bell.wait(max(0.0, seconds))

    def pause(self, seconds: float) -> None:
        """Waits as long as something takes that has no job to ask for; gives no answer if the sandbox ends."""
        if self.closing.wait(seconds):
            raise Silence(hold=False)

    def reset(self) -> None:
        self.state.reset()
        self.media_files.clear()

    def close(self) -> None:
        self.closing.set()
        self.ring()


@dataclass(frozen=True)
class SandboxRequest:
    """A request that has been read.

    `arguments` are the decoded variable parts of the path, `called` the scenarios of the prompt and those ordered
    for this call, `base` is "http://host:port" as the client wrote it. `upload` is the raw body in a file,
    which is gone after the answer.
    """

    arguments: tuple[str, ...]
    query: dict[str, str]
    form: dict[str, Any]
    caller: Caller
    called: Scenarios
    base: str
    range: str | None
    if_range: str | None
    content_type: str = ""
    upload: Path | None = None
