"""Scales and chords. Degrees count from 0, pitches are MIDI notes."""

from __future__ import annotations

from itertools import chain

import numpy as np

from apps.sandbox.songs.brief import Brief
from apps.sandbox.songs.plan import SongPlan, SongSection

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
PROGRESSIONS: dict[tuple[str, str], tuple[tuple[int, ...], ...]] = {
    ("major", "verse"): ((0, 4, 5, 3), (0, 5, 3, 4), (0, 2, 3, 4), (0, 3, 0, 4)),
    ("major", "chorus"): ((3, 4, 0, 5), (5, 3, 0, 4), (0, 4, 1, 3)),
    ("minor", "verse"): ((0, 5, 2, 6), (0, 3, 5, 6), (0, 6, 5, 6), (0, 2, 3, 5)),
    ("minor", "chorus"): ((5, 6, 0, 2), (5, 2, 6, 0), (3, 5, 0, 6)),
}
COLOURED = {"lofi", "disco"}  # styles whose chords have a seventh


def frequency(pitch: float) -> float:
    return float(440 * 2 ** ((pitch - 69) / 12))


def scale_pitch(brief: Brief, degree: int) -> int:
    """The pitch of a degree of the song's scale; degrees beyond 6 lie in the next octave."""
    octave, step = divmod(degree, 7)
    return brief.root + 12 * octave + (MINOR if brief.minor else MAJOR)[step]


def chords(brief: Brief, plan: SongPlan, random: np.random.Generator) -> list[int]:
    """The degree of each bar's chord. The last bar comes home."""
    mode = "minor" if brief.minor else "major"
    chosen = {
        part: PROGRESSIONS[mode, part][int(random.integers(len(PROGRESSIONS[mode, part])))]
        for part in ("verse", "chorus")
    }
    degrees = list(chain.from_iterable(_of_section(section, chosen) for section in plan.sections))
    return [*degrees[:-1], 0]


def _of_section(section: SongSection, chosen: dict[str, tuple[int, ...]]) -> list[int]:
    progression = chosen["chorus" if section.name == "chorus" else "verse"]
    return [progression[bar % 4] for bar in range(section.bars)]


def voicings(brief: Brief, degrees: list[int], centre: int) -> list[tuple[int, ...]]:
    """Each chord's pitches, every voice as near to `centre` as it gets, so that chords move smoothly."""
    tones = (0, 2, 4, 6) if brief.style in COLOURED else (0, 2, 4)
    return [
        tuple(sorted(_near(scale_pitch(brief, degree + tone), centre) for tone in tones))
        for degree in degrees
    ]


def _near(pitch: int, centre: int) -> int:
    return centre - 6 + (pitch - centre + 6) % 12
