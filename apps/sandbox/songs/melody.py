"""A tune that can be remembered: one four-bar phrase for the verse and one for the chorus, repeated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from apps.sandbox.songs.brief import Brief
from apps.sandbox.songs.harmony import scale_pitch
from apps.sandbox.songs.plan import SongPlan, SongSection

# (start, length) in beats within a bar
Rhythm = tuple[tuple[float, float], ...]
RHYTHMS: dict[int, tuple[Rhythm, ...]] = {
    4: (
        ((0, 1), (1, 0.5), (1.5, 1), (2.5, 1.4)),
        ((0, 0.5), (0.5, 0.5), (1, 1), (2, 1), (3, 0.9)),
        ((0, 1.5), (1.5, 0.5), (2, 1.8)),
        ((0.5, 0.5), (1, 0.5), (1.5, 0.5), (2, 1.6)),
        ((0, 1), (1, 1), (2, 0.5), (2.5, 0.5), (3, 0.9)),
    ),
    3: (
        ((0, 1), (1, 1), (2, 0.9)),
        ((0, 2), (2, 0.9)),
        ((0, 1.5), (1.5, 0.5), (2, 0.9)),
        ((0, 1), (1, 0.5), (1.5, 0.5), (2, 0.9)),
    ),
}
ENDINGS: dict[int, Rhythm] = {4: ((0, 0.5), (0.5, 0.5), (1, 2.6)), 3: ((0, 2.7),)}
RANGE = (0, 11)  # degrees of the scale that a voice reaches


@dataclass(frozen=True)
class Note:
    """`start` and `length` in beats from the beginning of the song."""

    start: float
    length: float
    pitch: int
    strength: float


@dataclass(frozen=True)
class Phrase:
    """Four bars of rhythm and, for each note, how many steps the tune moves."""

    rhythms: tuple[Rhythm, ...]
    moves: tuple[int, ...]
    start: int


def phrase(meter: int, random: np.random.Generator, start: int) -> Phrase:
    bank = RHYTHMS[meter]
    first, second = (bank[int(index)] for index in random.choice(len(bank), 2, replace=False))
    rhythms = (first, second, first, ENDINGS[meter])
    # Mostly steps, now and then a leap; as often down as up, so that it stays within a voice's range.
    moves = random.choice([-2, -1, -1, 0, 1, 1, 2, 3, -3], sum(map(len, rhythms)))
    return Phrase(rhythms, tuple(int(move) for move in moves), start)


def tune(brief: Brief, plan: SongPlan, degrees: list[int], random: np.random.Generator) -> list[Note]:
    """The lead's notes: in verses and choruses, or in all sections but the intro if nobody sings."""
    phrases = {"verse": phrase(brief.meter, random, 4), "chorus": phrase(brief.meter, random, 7)}
    notes: list[Note] = []
    for section in plan.sections:
        if section.name in phrases:
            notes += _section(brief, section, degrees, phrases[section.name])
        elif section.name == "outro" and not brief.sung:
            notes += _section(brief, section, degrees, phrases["verse"])
    return notes


def _section(brief: Brief, section: SongSection, degrees: list[int], phrase: Phrase) -> list[Note]:
    notes: list[Note] = []
    position, move = phrase.start, 0
    for bar in range(section.first, section.first + section.bars):
        within = (bar - section.first) % 4
        if within == 0:
            position, move = phrase.start, 0
        for start, length in phrase.rhythms[within]:
            position = _step(
                position, phrase.moves[move], degrees[bar], on_chord=start % 1 == 0 and length >= 1
            )
            move += 1
            strength = 1.0 if start == 0 else 0.85
            notes.append(Note(bar * brief.meter + start, length, scale_pitch(brief, position), strength))
    return notes


def _step(position: int, move: int, chord: int, *, on_chord: bool) -> int:
    """The next degree: turned back at the ends of the range, pulled to the chord where it would rub against it."""
    low, high = RANGE
    wanted = position + move
    wanted = position - move if not low <= wanted <= high else wanted
    if not on_chord:
        return wanted
    return min(
        range(low, high + 1), key=lambda degree: ((degree - chord) % 7 not in (0, 2, 4), abs(degree - wanted))
    )
