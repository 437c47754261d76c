"""Abstract artwork, 1024 by 1024: the prompt chooses hue and motif, the take how it is laid out.

A colour in the prompt is the hue, and some things have a motif of their own.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from apps.sandbox import motifs
from apps.sandbox.colours import palette
from apps.sandbox.motifs import MOTIFS, SIZE, Motif
from apps.sandbox.songs.brief import generator

FINAL = 1024
QUALITY = 90
GRAIN = 3.0
HUES = {
    "red": 25, "orange": 58, "amber": 75, "gold": 88, "yellow": 100, "green": 145, "teal": 190, "blue": 255,
    "indigo": 275, "violet": 300, "purple": 308, "pink": 355,
}  # fmt: skip
SEEN: tuple[tuple[Motif, set[str]], ...] = (
    (motifs.sunset, {"sun", "sunset", "sunrise", "beach", "horizon"}),
    (motifs.hills, {"hills", "hill", "mountain", "mountains", "valley", "desert"}),
    (motifs.rain, {"rain", "rainy", "storm"}),
    (motifs.blooms, {"flower", "flowers", "garden", "blossom", "meadow"}),
    (motifs.waves, {"wave", "waves", "sea", "ocean", "tide"}),
    (motifs.moons, {"moon", "moons", "planet", "planets", "stars", "space"}),
)


def paint(prompt: str, uuid: str, path: Path) -> None:
    """Writes a JPEG. The second take is a sister of the first: same motif, neighbouring hue."""
    shared, own = generator("cover", prompt), generator("cover", uuid)
    chance = float(shared.uniform(0, 360))
    named = [HUES[word] for word in re.findall(r"[a-z]+", prompt.lower()) if word in HUES]
    hue = named[0] + float(own.uniform(-9, 9)) if named else chance + float(own.uniform(-28, 28))
    motif = _motif(prompt, shared)
    image = Image.new("RGB", (SIZE, SIZE))
    motif(ImageDraw.Draw(image), palette(hue, own), own)
    small = image.resize((FINAL, FINAL), Image.Resampling.BOX)
    _grained(small, own).save(path, "JPEG", quality=QUALITY)


def _motif(prompt: str, random: np.random.Generator) -> Motif:
    chance = MOTIFS[int(random.integers(len(MOTIFS)))]
    seen = (motif for word in re.findall(r"[a-z]+", prompt.lower()) for motif, words in SEEN if word in words)
    return next(seen, chance)


def _grained(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """A little paper under the ink."""
    grain = random.normal(0, GRAIN, (FINAL, FINAL, 1)).astype(np.float32)
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))
