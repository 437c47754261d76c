"""What a prompt says about the music. The two takes of a song share it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

DEFAULT_BPM, SLOW_BPM, FAST_BPM = 96, 72, 136
SLOWEST, FASTEST = 40, 220
SHORT_S, LONG_S = 8.0, 180.0
SHORTEST_S, LONGEST_S = 25.0, 37.0

DARK = {
    "sad",
    "minor",
    "dark",
    "gloomy",
    "melancholy",
    "melancholic",
    "lonely",
    "moody",
    "haunting",
    "blue",
    "lost",
}
BRIGHT = {"happy", "bright", "major", "joyful", "sunny", "cheerful", "uplifting", "playful", "warm"}
SLOW = {"slow", "ballad", "lullaby", "calm"}
FAST = {"fast", "upbeat", "energetic", "driving"}
STYLES = {
    "waltz": {"waltz"},
    "disco": {"disco", "house", "dance", "funk", "club"},
    "rock": {"rock", "punk", "grunge", "surf", "metal", "indie"},
    "lofi": {"lofi", "lo-fi", "chill", "chillhop", "jazz", "jazzy"},
}
UNSUNG = re.compile(
    r"\b(instrumental|(no|without) (a )?(vocals?|voices?|singers?|singing|words|lyrics))\b", re.I
)


def generator(*parts: object) -> np.random.Generator:
    """Random choices that come out the same for the same words on every machine."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode(errors="replace")).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


@dataclass(frozen=True)
class Brief:
    """`meter` is beats per bar, `root` the key as a MIDI note, `seconds` the length to aim at."""

    prompt: str
    bpm: int
    meter: int
    minor: bool
    style: str
    sung: bool
    root: int
    seconds: float

    @property
    def beat(self) -> float:
        """Seconds per beat."""
        return 60 / self.bpm

    @property
    def bar(self) -> float:
        return self.beat * self.meter


def read(request: dict[str, Any]) -> Brief:
    """The brief in the body of a POST /music."""
    prompt: str = request["prompt"]
    words = set(re.findall(r"[a-z]+(?:-[a-z]+)*", prompt.lower()))
    style = next((style for style, names in STYLES.items() if words & names), "pop")
    random = generator("brief", prompt)
    key, leaning, length = int(random.integers(0, 10)), random.random(), random.random()
    return Brief(
        prompt=prompt,
        bpm=_bpm(prompt, words),
        meter=3 if style == "waltz" else 4,
        minor=bool(words & DARK) if words & (DARK | BRIGHT) else leaning < 0.4,
        style=style,
        sung=_sung(request),
        root=55 + key - 5,
        seconds=_seconds(prompt, length),
    )


def _bpm(prompt: str, words: set[str]) -> int:
    found = re.search(r"\b(\d{2,3})\s*bpm\b", prompt, re.I)
    if found:
        return min(max(int(found[1]), SLOWEST), FASTEST)
    if words & SLOW:
        return SLOW_BPM
    return FAST_BPM if words & FAST else DEFAULT_BPM


def _sung(request: dict[str, Any]) -> bool:
    """Own words are always sung; otherwise the prompt decides, unless an instrumental is forced."""
    if request.get("instrumental"):
        return False
    return bool(request.get("lyrics")) or not UNSUNG.search(request["prompt"])


def _seconds(prompt: str, share: float) -> float:
    lower = prompt.lower()
    if "[long]" in lower:
        return LONG_S
    return SHORT_S if "[short]" in lower else SHORTEST_S + share * (LONGEST_S - SHORTEST_S)
