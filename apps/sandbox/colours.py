"""Colours that go together, in OKLCH: the same lightness and strength look the same in every hue."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

Colour = tuple[int, int, int]


def oklch(lightness: float, chroma: float, hue: float) -> Colour:
    """sRGB of a lightness (0–1), chroma (0–0.3) and hue (degrees); clipped where no screen can show it."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    red, green, blue = (round(255 * _gamma(min(max(value, 0.0), 1.0))) for value in linear)
    return red, green, blue


def _gamma(value: float) -> float:
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def blend(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


@dataclass(frozen=True)
class Palette:
    """`night` and `cream` are grounds, the others stand out from both."""

    night: Colour
    deep: Colour
    main: Colour
    warm: Colour
    pale: Colour
    cream: Colour

    def inks(self) -> list[Colour]:
        return [self.main, self.warm, self.deep, self.pale]


def palette(hue: float, random: np.random.Generator) -> Palette:
    """Neighbours of a hue and one that answers them from the other side."""
    turn = float(random.choice([-1, 1]))
    answer = hue + turn * float(random.uniform(95, 190))
    return Palette(
        night=oklch(0.23, 0.05, hue + turn * 25),
        deep=oklch(0.42, 0.09, hue + turn * 18),
        main=oklch(0.66, 0.14, hue),
        warm=oklch(0.78, 0.14, answer),
        pale=oklch(0.87, 0.06, hue - turn * 30),
        cream=oklch(0.95, 0.025, answer),
    )
