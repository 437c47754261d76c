"""What a person sees: one line of progress per step, and each process's lines under its name."""

import os
import sys
from typing import TextIO

_COLOURS = (36, 35, 33, 32, 34, 31, 96, 95)


class Terminal:
    """Prefixes lines with the name of their process; in colour on a terminal, unless NO_COLOR is set."""

    def __init__(self, out: TextIO | None = None, *, width: int = 7) -> None:
        self._out = out or sys.stdout
        self._width = width
        self._names: list[str] = []
        self._colour = self._out.isatty() and not os.environ.get("NO_COLOR")

    def say(self, text: str = "") -> None:
        """A line of the supervisor's own."""
        self._write(f"{text}\n")

    def line(self, name: str, text: str) -> None:
        """A line that the process of this name wrote."""
        if name not in self._names:
            self._names.append(name)
        prefix = f"{name:<{self._width}} |"
        if self._colour:
            prefix = f"\x1b[{_COLOURS[self._names.index(name) % len(_COLOURS)]}m{prefix}\x1b[0m"
        self._write(f"{prefix} {text}\n")

    def strong(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self._colour else text

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except OSError:
            # Nobody reads any more (`make run | head`, a closed terminal): the studio goes on without words.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._out.fileno())
            os.close(nowhere)
