"""How long a remote call may take in all, whatever it is doing."""

from __future__ import annotations

import time


class Deadline:
    """A point in time that two clocks agree on: the call ends when the first of them says so.

    The monotonic clock ignores corrections of the wall clock; the wall clock goes on while the machine
    sleeps. A process that was stopped or suspended therefore notices that its claim may have been taken
    over.
    """

    __slots__ = ("_monotonic", "_wall", "seconds")

    def __init__(self, seconds: float) -> None:
        """`seconds` from now; zero or less has already passed."""
        self.seconds = float(seconds)
        self._monotonic = time.monotonic()
        self._wall = time.time()

    def left(self) -> float:
        """Seconds that remain, never below zero."""
        gone = max(time.monotonic() - self._monotonic, time.time() - self._wall)
        return max(0.0, self.seconds - gone)

    def __repr__(self) -> str:
        return f"Deadline({self.left():.1f} of {self.seconds:g} s left)"
