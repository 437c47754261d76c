"""Abstract artwork, 1024 by 1024: the prompt chooses hue and motif, the take how it is laid out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from apps.sandbox.colours import palette
from apps.sandbox.motifs import MOTIFS, SIZE
from apps.sandbox.songs.brief import generator

FINAL = 1024
QUALITY = 90
GRAIN = 3.0


def paint(prompt: str, uuid: str, path: Path) -> None:
    """Writes a JPEG. The second take is a sister of the first: same motif, neighbouring hue."""
    shared, own = generator("cover", prompt), generator("cover", uuid)
    hue = float(shared.uniform(0, 360)) + float(own.uniform(-28, 28))
    motif = MOTIFS[int(shared.integers(len(MOTIFS)))]
    image = Image.new("RGB", (SIZE, SIZE))
    motif(ImageDraw.Draw(image), palette(hue, own), own)
    small = image.resize((FINAL, FINAL), Image.Resampling.BOX)
    _grained(small, own).save(path, "JPEG", quality=QUALITY)


def _grained(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """A little paper under the ink."""
    grain = random.normal(0, GRAIN, (FINAL, FINAL, 1)).astype(np.float32)
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))
