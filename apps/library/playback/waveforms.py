"""Waveforms as the path of an SVG: one upright line per bar, mirrored, in a box that may be stretched.

The line width comes from CSS (`vector-effect: non-scaling-stroke`), so bars stay 2 px wide in any width. The smallest,
of which a page has forty, are letters that player/bars.js turns into such a path.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from apps.library.models import Clip

SMALL = 64  # a list's line
SIZES = (SMALL, 100, 150, 384)  # a list's line, a page's big one on a phone, the player, a page's big one
LAYERED = (100, 384)
STEP = 3  # of the box, per bar
HEIGHT = 100
LOWEST = 1  # half a bar of silence: a dot
NOUGHT = ord("@")  # the letter of 0, which bars.js knows, too: none of the others has to be escaped
# The small ones show the loudness alone, and its differences a little more than they are felt: verse and chorus are
# told apart at a glance, where the peaks of most songs are as high all the way.
CONTRAST = 1.6


def drawn(clip: Clip, size: int) -> dict[str, object]:
    """`size` bars as `path` for a box of `width` x `height`; of a page's big ones also `loud`, the second layer."""
    picture: dict[str, object] = {"size": size, "width": size * STEP, "height": HEIGHT}
    if size in LAYERED:
        peaks, loud = (_layer(tuple(parts or ()), size) for parts in (clip.peaks, clip.rms))
        return picture | {"path": peaks, "loud": loud}
    return picture | {"path": _path(_loudness(tuple(clip.rms or ()), size))}


def letters(clip: Clip) -> str:
    """The bars of the smallest size, a letter for half the height of each: "A" is silence, "q" the loudest."""
    return "".join(chr(NOUGHT + half) for half in _loudness(tuple(clip.rms or ()), SMALL))


@lru_cache(maxsize=256)
def _layer(parts: tuple[int, ...], size: int) -> str:
    """Of a big one. The page of a take has four of them, and each of its tools shows them again: kept are 2 MB."""
    return path_of(fewer(parts, size))


@lru_cache(maxsize=1024)
def _loudness(parts: tuple[int, ...], size: int) -> list[int]:
    """Half the height of each bar. A page has forty of these, and the same songs are looked at again and again."""
    return _halves(_contrast(fewer(parts, size)))


def _contrast(bars: list[int]) -> list[int]:
    highest = max(bars, default=0) or 1
    return [round(255 * (bar / highest) ** CONTRAST) for bar in bars]


def fewer(parts: Sequence[int], size: int) -> list[int]:
    """The highest of each `size`-th of the parts."""
    edges = [index * len(parts) // size for index in range(size + 1)]
    return [max(parts[start : max(end, start + 1)], default=0) for start, end in pairwise(edges)]


def path_of(bars: list[int]) -> str:
    """Bars 0 to 255 as `M1 20v60m3-5v-50 …`: one down, the next one up. A bar begins beside where the one before ended,
    so that most steps are one digit: a list has thousands of them.
    """
    return _path(_halves(bars))


def _halves(bars: list[int]) -> list[int]:
    highest = HEIGHT // 2 - LOWEST
    return [max(LOWEST, round(bar / 255 * highest)) for bar in bars]


def _path(reach: list[int]) -> str:
    half = HEIGHT // 2
    path, down = [f"M1 {half - reach[0]}v{2 * reach[0]}"] if reach else [], 1
    for before, up in pairwise(reach):
        path.append(f"m{STEP}{(up - before) * down:+d}v{-2 * up * down}")
        down = -down
    return "".join(path).replace("+", " ")


def marks(seconds: float | None) -> list[tuple[int, float]]:
    """Times for a ruler, each with its place in percent: about eight, at round distances."""
    if not seconds or seconds <= 0:
        return []
    whole_hours = 3600 * (1 + int(seconds // (9 * 3600)))  # however long: a ruler has about eight
    step = next((step for step in (5, 10, 15, 30, 60, 120, 300, 600) if seconds / step <= 9), whole_hours)
    return [(at, 100 * at / seconds) for at in range(0, int(seconds * 0.97), step)]


def _ghost() -> str:
    """Bars of a song that isn't there, right of two sleeves in a box of 540 x 76."""
    shape = (8, 18, 16, 22, 20, 30, 26, 24, 27, 22, 30, 32, 25, 9, 12, 30, 33, 31, 28, 6)
    bars = [shape[index * len(shape) // 145] * (4 + (index * 7919) % 5) // 8 for index in range(145)]
    return "".join(f"M{100 + 3 * index} {38 - max(1, up)}V{38 + max(1, up)}" for index, up in enumerate(bars))


GHOST = _ghost()
