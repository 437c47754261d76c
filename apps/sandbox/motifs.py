"""The motifs of the covers, each drawn on SIZE by SIZE pixels: twice the final size makes smooth edges."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PIL.ImageDraw import ImageDraw

from apps.sandbox.colours import Colour, Palette, blend

SIZE = 2048
Motif = Callable[[ImageDraw, Palette, np.random.Generator], None]


def _ground(draw: ImageDraw, top: Colour, bottom: Colour, first: int = 0, last: int = SIZE) -> None:
    """A vertical gradient between two rows."""
    for row in range(first, last, 4):
        draw.rectangle((0, row, SIZE, row + 4), blend(top, bottom, (row - first) / (last - first)))


def _disc(draw: ImageDraw, x: float, y: float, radius: float, colour: Colour) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), colour)


def _land(draw: ImageDraw, heights: np.ndarray, colour: Colour) -> None:
    """Fills everything below a line of heights (pixels from the top)."""
    xs = np.linspace(0, SIZE, len(heights))
    draw.polygon([(0, SIZE), *zip(xs.tolist(), heights.tolist(), strict=True), (SIZE, SIZE)], colour)


def _ridge(random: np.random.Generator, base: float, height: float) -> np.ndarray:
    """A smooth line of hills around `base`."""
    x = np.linspace(0, 1, 256)
    waves = sum(
        np.sin(2 * np.pi * (count * x + random.random())) / count**0.8 for count in (0.6, 1.3, 2.4, 4.1)
    )
    return np.asarray(base - height * waves / 2.2)


def sunset(draw: ImageDraw, colours: Palette, random: np.random.Generator) -> None:
    """A sun over the sea and its way on the water."""
    horizon = round(float(random.uniform(0.5, 0.64)) * SIZE)
    middle = round(horizon * 0.55)
    _ground(draw, colours.deep, colours.main, 0, middle)
    _ground(draw, colours.main, blend(colours.pale, colours.warm, 0.6), middle, horizon)
    x, radius = float(random.uniform(0.3, 0.7)) * SIZE, float(random.uniform(0.12, 0.19)) * SIZE
    _disc(draw, x, horizon - radius * float(random.uniform(-0.1, 0.8)), radius, colours.cream)
    _ground(draw, colours.deep, colours.night, horizon, SIZE)
    y = horizon + 36.0
    while y < SIZE * 0.97:
        width = radius * float(random.uniform(0.25, 1.0)) * (1.15 - 0.6 * (y - horizon) / (SIZE - horizon))
        shift = float(random.normal(0, radius * 0.12))
        box = (x + shift - width, y, x + shift + width, y + 16)
        draw.rounded_rectangle(box, 8, blend(colours.cream, colours.warm, (y - horizon) / (SIZE - horizon)))
        y += float(random.uniform(40, 62))


def hills(draw: ImageDraw, colours: Palette, random: np.random.Generator) -> None:
    """Ranges behind each other, the far ones in the haze, and a low moon."""
    _ground(draw, blend(colours.pale, colours.warm, 0.35), colours.cream, 0, round(SIZE * 0.7))
    _disc(
        draw,
        float(random.uniform(0.2, 0.8)) * SIZE,
        float(random.uniform(0.18, 0.34)) * SIZE,
        float(random.uniform(0.07, 0.12)) * SIZE,
        blend(colours.cream, (255, 255, 255), 0.6),
    )
    layers = 5
    for layer in range(layers):
        share = layer / (layers - 1)
        near = blend(colours.main, colours.night, max(0.0, share * 1.5 - 0.5))
        colour = blend(colours.pale, near, min(1.0, 0.3 + share))
        _land(draw, _ridge(random, (0.46 + 0.115 * layer) * SIZE, (0.09 - 0.006 * layer) * SIZE), colour)


def arcs(draw: ImageDraw, colours: Palette, random: np.random.Generator) -> None:
    """Rings of a record, seen from a corner."""
    draw.rectangle((0, 0, SIZE, SIZE), colours.cream)
    x, y = (SIZE * float(random.choice([-0.02, 0.28, 0.72, 1.02])) for _ in range(2))
    inks = [
        colours.deep,
        colours.cream,
        colours.warm,
        colours.pale,
        colours.main,
        colours.cream,
        colours.night,
    ]
    first, step = int(random.integers(len(inks))), SIZE * float(random.uniform(0.085, 0.115))
    for ring in range(16, 0, -1):
        _disc(draw, x, y, ring * step, inks[(first + ring) % len(inks)])


def rain(draw: ImageDraw, colours: Palette, random: np.random.Generator) -> None:
    """Bars that fall, short and long."""
    _ground(draw, colours.night, blend(colours.night, colours.deep, 0.6))
    inks = [*colours.inks(), colours.warm, colours.main]
    for x in range(24, SIZE, 56):
        y = float(random.uniform(-300, 100))
        while y < SIZE:
            length = float(random.gamma(2.2, 130)) + 40
            if random.random() < 0.78:
                ink = inks[int(random.integers(len(inks)))]
                draw.rounded_rectangle((x, y, x + 30, y + length), 15, ink)
            y += length + float(random.uniform(26, 120))


def blooms(draw: ImageDraw, colours: Palette, random: np.random.Generator) -> None:
    """Flowers cut out of paper."""
    draw.rectangle((0, 0, SIZE, SIZE), colours.cream)
    inks = colours.inks()
    places = [(column, row) for row in range(3) for column in range(3)]
    for index, (column, row) in enumerate(places):
        x = (column + 0.5 + float(random.uniform(-0.16, 0.16))) * SIZE / 3
        y = (row + 0.5 + float(random.uniform(-0.16, 0.16))) * SIZE / 3
        radius = SIZE * float(random.uniform(0.11, 0.18))
        ink = inks[(index + int(random.integers(2))) % len(inks)]
        _flower(draw, x, y, radius, ink, int(random.integers(5, 9)), float(random.random()))
        middle = colours.night if ink != colours.deep else colours.warm
        _disc(draw, x, y, radius * 0.27, middle)


def _flower(
    draw: ImageDraw, x: float, y: float, radius: float, colour: Colour, petals: int, turn: float
) -> None:
    angles = np.linspace(0, 2 * np.pi, 240)
    reach = radius * (0.78 + 0.22 * np.cos(petals * (angles + turn * 2 * np.pi)))
    draw.polygon(
        list(zip((x + reach * np.cos(angles)).tolist(), (y + reach * np.sin(angles)).tolist(), strict=True)),
        colour,
    )


def lines(draw: ImageDraw, colours: Palette, random: np.random.Generator) -> None:
    """The plan of an underground that nobody built."""
    draw.rectangle((0, 0, SIZE, SIZE), colours.night)
    grid = SIZE / 8
    for index in range(9):
        ink = colours.inks()[index % 4]
        stops = _route(random, grid)
        draw.line(stops, ink, width=44, joint="curve")
        for x, y in stops[1:-1:2]:
            _disc(draw, x, y, 40, colours.cream)
            _disc(draw, x, y, 22, colours.night)


def _route(random: np.random.Generator, grid: float) -> list[tuple[float, float]]:
    """From one edge to the opposite one, straight or at 45 degrees."""
    row = int(random.integers(1, 8))
    points = []
    for column in range(-1, 10):
        points.append((column * grid, row * grid))
        row = min(7, max(1, row + int(random.choice([-1, 0, 0, 1]))))
    return points if random.random() < 0.5 else [(y, x) for x, y in points]


def waves(draw: ImageDraw, colours: Palette, random: np.random.Generator) -> None:
    """Bands of water, each a little further along."""
    _ground(draw, colours.pale, colours.cream, 0, SIZE // 2)
    _disc(draw, SIZE * float(random.uniform(0.25, 0.75)), SIZE * 0.24, SIZE * 0.11, colours.warm)
    x = np.linspace(0, 1, 256)
    count, length = 9, float(random.uniform(1.2, 2.4))
    for band in range(count):
        share = band / (count - 1)
        height = (
            SIZE
            * (0.03 + 0.012 * band)
            * np.sin(2 * np.pi * (length * x + 0.17 * band + random.random() * 0.1))
        )
        ink = blend(
            blend(colours.pale, colours.main, min(1.0, share * 2)),
            colours.night,
            max(0.0, share * 1.7 - 0.75),
        )
        _land(draw, SIZE * (0.34 + 0.075 * band) + height, ink)


def moons(draw: ImageDraw, colours: Palette, random: np.random.Generator) -> None:
    """A disc that is eclipsed, with its orbit and companions."""
    _ground(draw, colours.night, colours.deep)
    x, y = (SIZE * float(random.uniform(0.42, 0.58)) for _ in range(2))
    for orbit in range(4):
        radius = SIZE * (0.24 + 0.1 * orbit)
        ring = blend(colours.deep, colours.pale, 0.35)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=ring, width=6)
        angle = float(random.uniform(0, 2 * math.pi))
        ink = (colours.warm, colours.pale, colours.main, colours.cream)[orbit]
        _disc(draw, x + radius * math.cos(angle), y + radius * math.sin(angle), SIZE * 0.024, ink)
    _disc(draw, x, y, SIZE * 0.17, colours.warm)
    shadow = float(random.uniform(0.35, 1.2)) * SIZE * 0.17
    _disc(
        draw,
        x + shadow * 0.8,
        y - shadow * 0.5,
        SIZE * 0.155,
        blend(colours.night, colours.deep, y / SIZE - 0.08),
    )


MOTIFS: tuple[Motif, ...] = (sunset, hills, arcs, rain, blooms, lines, waves, moons)
