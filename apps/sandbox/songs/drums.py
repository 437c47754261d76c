"""A drum kit and what each style plays on it."""

from __future__ import annotations

from functools import cache

import numpy as np

from apps.sandbox.songs.instruments import RATE, Samples, envelope, times

# Each character is a sixteenth of a bar of four beats, a twelfth of a waltz's: "x" loud, "o" soft, "." silent.
PATTERNS: dict[str, dict[str, str]] = {
    "pop": {"kick": "x.....x.x.......", "snare": "....x.......x...", "hat": "x.o.x.o.x.o.x.o."},
    "disco": {
        "kick": "x...x...x...x...", "clap": "....x.......x...", "open": "..x...x...x...x.", "hat": "o.o.o.o.o.o.o.o."
    },
    "rock": {"kick": "x.....x.x.x.....", "snare": "....x.......x...", "hat": "x.x.x.x.x.x.x.x."},
    "lofi": {"kick": "x......o..x.....", "brush": "....x.......x..o", "hat": "o.o.x.o.o.o.x.oo"},
    "waltz": {"kick": "x...........", "brush": "....x...x...", "hat": "....o...o..."},
}  # fmt: skip
# Level, place between left (-1) and right (1)
PLACES = {
    "kick": (0.95, 0.0), "snare": (0.7, 0.05), "clap": (0.5, -0.08), "brush": (0.55, 0.1), "hat": (0.3, 0.3),
    "open": (0.32, -0.3),
}  # fmt: skip
SWING = {"lofi": 0.16, "waltz": 0.04}  # how late every second step comes, in steps


def _noise(seconds: float, seed: int) -> Samples:
    return np.random.default_rng(seed).uniform(-1, 1, int(seconds * RATE))


def _bright(noise: Samples, times_over: int = 1) -> Samples:
    """Takes the lows away, by differences."""
    for _ in range(times_over):
        noise = np.diff(noise, prepend=0.0) * 0.6
    return noise


@cache
def sound(name: str) -> Samples:
    """One stroke."""
    strokes = {"kick": _kick, "snare": _snare, "clap": _clap, "brush": _brush, "hat": _hat, "open": _open}
    return strokes[name]()


def _kick() -> Samples:
    t = times(0.32)
    # The pitch falls from 160 to 48 Hz; its integral is the phase.
    phase = 2 * np.pi * (48 * t + 112 / 28 * (1 - np.exp(-28 * t)))
    click = _bright(_noise(0.32, 1)[: len(t)]) * np.exp(-400 * t) * 0.25
    return (np.sin(phase) * np.exp(-9 * t) + click) * envelope(len(t), 0.001, 0.05)


def _snare() -> Samples:
    t = times(0.24)
    body = np.sin(2 * np.pi * 186 * t) * np.exp(-22 * t) * 0.55
    return (body + _bright(_noise(0.24, 2)[: len(t)]) * np.exp(-17 * t) * 0.9) * envelope(len(t), 0.001, 0.03)


def _clap() -> Samples:
    t = times(0.26)
    hands = sum(np.where(t >= late, np.exp(-90 * (t - late)), 0) for late in (0, 0.011, 0.023))
    return (
        _bright(_noise(0.26, 3)[: len(t)])
        * (0.6 * hands + np.exp(-16 * t) * 0.4)
        * envelope(len(t), 0.001, 0.03)
    )


def _brush() -> Samples:
    t = times(0.3)
    swish = np.clip(t / 0.02, 0, 1) * np.exp(-11 * t)
    return _bright(_noise(0.3, 4)[: len(t)]) * swish * 0.9 * envelope(len(t), 0.002, 0.05)


def _hat() -> Samples:
    t = times(0.07)
    return _bright(_noise(0.07, 5)[: len(t)], 2) * np.exp(-70 * t) * envelope(len(t), 0.0005, 0.01)


def _open() -> Samples:
    t = times(0.26)
    return _bright(_noise(0.26, 6)[: len(t)], 2) * np.exp(-13 * t) * envelope(len(t), 0.001, 0.03)


def strokes(style: str, meter: int) -> list[tuple[float, str, float]]:
    """(beat within the bar, drum, level) of one bar."""
    late = SWING.get(style, 0.0)
    return [
        ((step + (late if step % 2 else 0)) / (len(row) / meter), drum, 1.0 if mark == "x" else 0.5)
        for drum, row in PATTERNS[style].items()
        for step, mark in enumerate(row)
        if mark != "."
    ]
