"""Works out when each line is sung, as far as that is known.

The API gives [start, end] pairs without text (docs/api.md, point 25). As many of them as lines: each line has
its pair. As many as sections: each section has. Otherwise nobody knows what a pair belongs to, and none is guessed:
only that somebody sings then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from apps.library.lyrics_sections import Section, sections_of
from apps.library.models import Clip

LINES, SECTIONS, VOICE = "lines", "sections", "voice"
A_DAY = 86_400.0


@dataclass(frozen=True)
class Span:
    """Seconds from the song's start."""

    start: float
    end: float


@dataclass(frozen=True)
class SungLine:
    text: str
    span: Span | None = None


@dataclass(frozen=True)
class SungPart:
    """A section; `name` is "" for lines before the first tag."""

    name: str
    lines: Sequence[SungLine]
    span: Span | None = None


@dataclass(frozen=True)
class Singing:
    """`known` says of what the times are: LINES, SECTIONS, VOICE (`spans`, of nothing more), or ""."""

    known: str
    parts: Sequence[SungPart]
    spans: Sequence[Span]


def singing(clip: Clip) -> Singing:
    """The words of a take in time."""
    sections, spans = sections_of(clip.shown_lyrics), times(clip.lyrics_timing, clip.duration_s)
    lines = sum(len(section.lines) for section in sections)
    sung = [section for section in sections if section.lines]
    if spans and len(spans) == lines:
        return Singing(LINES, list(_by_line(sections, iter(spans))), spans)
    if spans and len(spans) in (len(sung), len(sections)):
        silent = len(spans) != len(sections)
        return Singing(SECTIONS, list(_by_section(sections, iter(spans), skip_silent=silent)), spans)
    parts = [SungPart(section.name, [SungLine(text) for text in section.lines]) for section in sections]
    return Singing(VOICE if spans else "", parts, spans)


def times(timing: object, seconds: float | None) -> list[Span]:
    """The pairs, each ending before the next one starts; none at all if one of them can't be trusted.

    One that is no pair, goes backwards, comes out of turn or starts after the song's end makes the count of the others
    worth nothing.
    """
    last = min(seconds or A_DAY, A_DAY)
    pairs = timing if isinstance(timing, list) else []
    if not pairs or not all(_is_pair(pair) and 0 <= pair[0] < min(pair[1], last) for pair in pairs):
        return []
    if not all(before[0] < after[0] for before, after in pairwise(pairs)):
        return []
    ends = [*(after[0] for after in pairs[1:]), last]
    return [Span(start, min(end, latest)) for (start, end), latest in zip(pairs, ends, strict=True)]


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(type(each) in (int, float) for each in pair)


def _by_line(sections: Sequence[Section], spans: Iterator[Span]) -> Iterator[SungPart]:
    """A section lasts from its first line to its last one: what is between is played, not sung."""
    for section in sections:
        lines = [SungLine(text, next(spans)) for text in section.lines]
        sung = [line.span for line in lines if line.span]
        yield SungPart(section.name, lines, Span(sung[0].start, sung[-1].end) if sung else None)


def _by_section(
    sections: Sequence[Section], spans: Iterator[Span], *, skip_silent: bool
) -> Iterator[SungPart]:
    for section in sections:
        span = next(spans) if section.lines or not skip_silent else None
        yield SungPart(section.name, [SungLine(text) for text in section.lines], span)
