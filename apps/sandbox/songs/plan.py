"""How long a take is and what its sections are: all that a job record needs, long before a note is played."""

from __future__ import annotations

from dataclasses import dataclass

from apps.sandbox.songs.brief import Brief, generator

TAIL_S = 1.6
LONG_SONG_BARS = 40
SUNG = ("verse", "chorus")


@dataclass(frozen=True)
class SongSection:
    """`first` is the number of its first bar, from 0."""

    name: str
    first: int
    bars: int


@dataclass(frozen=True)
class SongPlan:
    """`seconds` includes the last sound's dying away."""

    sections: tuple[SongSection, ...]
    bars: int
    seconds: float


def draw(brief: Brief, seed: str) -> SongPlan:
    """Intro, verses and choruses in turn, outro. One take is a bar or two longer than another."""
    wanted = (brief.seconds - TAIL_S) / brief.bar
    bars = max(3, round(wanted + generator("length", seed).uniform(-1, 1)))
    edge = 2 if bars >= 8 else 1
    sections = [
        SongSection("intro", 0, edge),
        *_middle(edge, bars - 2 * edge, 8 if bars > LONG_SONG_BARS else 4),
    ]
    sections.append(SongSection("outro", bars - edge, edge))
    return SongPlan(tuple(sections), bars, round(bars * brief.bar + TAIL_S, 2))


def _middle(first: int, bars: int, chunk: int) -> list[SongSection]:
    """Verses and choruses of `chunk` bars; what is left over goes to the last one."""
    if chunk < bars < 2 * chunk:
        chunk = bars // 2  # A short song has a chorus too.
    count = max(1, bars // chunk)
    names = [SUNG[index % 2] for index in range(count)]
    lengths = [chunk] * (count - 1) + [bars - chunk * (count - 1)]
    return [
        SongSection(name, first + chunk * index, length)
        for index, (name, length) in enumerate(zip(names, lengths, strict=True))
    ]


def timing(brief: Brief, plan: SongPlan, lines: int) -> list[list[float]]:
    """[start, end] in seconds of each line of the lyrics, evenly over the sections that are sung."""
    sung = [section for section in plan.sections if section.name in SUNG]
    bars = sum(section.bars for section in sung)
    # All sung sections are next to each other, so a line's place among their bars is its place in time.
    start = sung[0].first * brief.bar
    step = bars * brief.bar / max(lines, 1)
    return [
        [round(start + step * index, 2), round(start + step * (index + 0.9), 2)] for index in range(lines)
    ]
