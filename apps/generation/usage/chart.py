"""Draws the columns of the spending chart on the server.

Places are in percent across and in pixels up, so that it fits any width without an inline style.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import floor, log10

from django.template.defaultfilters import capfirst, pluralize

from apps.accounts.templatetags.formatting import figure
from apps.generation.usage.spending import Period

HEIGHT = 240
GAP = 2
LABELS = 5


@dataclass(frozen=True)
class BarSegment:
    """One colour of a column: "songs", "edits" or "elsewhere"."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True)
class Column:
    """`slot_x`, `slot_width`: where the pointer finds it. `x`, `width`: the bar in it. In percent."""

    span: Period
    name: str
    short: str
    slot_x: str
    slot_width: str
    x: str
    width: str
    parts: list[BarSegment]
    shares_text: str
    verdict: str
    agrees: bool

    @property
    def spoken(self) -> str:
        """All of it in sentences, for who doesn't see the column."""
        charged = f"{self.name}: {figure(self.span.charged)} credit{pluralize(self.span.charged)}"
        return (
            ". ".join([charged, *(capfirst(each) for each in (self.shares_text, self.verdict) if each)]) + "."
        )


@dataclass(frozen=True)
class Label:
    x: str
    anchor: str
    text: str


@dataclass(frozen=True)
class Tick:
    y: float
    value: int


@dataclass(frozen=True)
class Chart:
    columns: list[Column]
    labels: list[Label]
    ticks: list[Tick]
    height: int = HEIGHT

    @property
    def newest_first(self) -> list[Column]:
        return self.columns[::-1]


def draw(spans: Sequence[Period], today: date) -> Chart:
    top = _ceiling(max((span.charged for span in spans), default=0))
    step = 100 / max(1, len(spans))
    columns = [_column(span, number, step, top, today) for number, span in enumerate(spans)]
    ticks = [Tick(y=HEIGHT - HEIGHT * value / top, value=value) for value in (top // 2, top)]
    return Chart(columns, _labels(spans, step, today), ticks)


def _ceiling(most: float) -> int:
    """A round number above it, whose half is whole."""
    if most <= 10:
        return 10
    power = 10 ** floor(log10(most))
    return next(
        int(power * part) for part in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10) if power * part >= most
    )


def _column(span: Period, number: int, step: float, top: int, today: date) -> Column:
    shares_text, verdict = _shares(span), _verdict(span)
    return Column(
        span=span,
        name=name(span, today),
        short=name(span, today, month="%b"),
        slot_x=f"{number * step:.3f}%",
        slot_width=f"{step:.3f}%",
        x=f"{(number + 0.14) * step:.3f}%",
        width=f"{0.72 * step:.3f}%",
        parts=_parts(span, top),
        shares_text=shares_text,
        verdict=verdict,
        agrees=verdict == AGREES,
    )


def _parts(span: Period, top: int) -> list[BarSegment]:
    """From the ground up, with a little room between them."""
    parts: list[BarSegment] = []
    ground = float(HEIGHT)
    for kind in ("songs", "edits", "elsewhere"):
        value = getattr(span, kind)
        if value > 0:
            height = max(1.0, HEIGHT * value / top - (GAP if parts else 0))
            parts.append(BarSegment(kind, round(ground - height, 2), round(height, 2)))
            ground -= height + GAP
    return parts


AGREES = "agrees with Flow Music"


def _shares(span: Period) -> str:
    if not span.charged:
        return "nothing spent"
    shares = (("for songs", span.songs), ("for edits", span.edits), ("elsewhere", span.elsewhere))
    return ", ".join(f"{figure(value)} {what}" for what, value in shares if value)


def _verdict(span: Period) -> str:
    """Whether Flow Music charged what was counted here."""
    if not span.counted:
        return ""
    if span.difference == 0:
        return AGREES
    more = "more" if span.difference > 0 else "less"
    return f"Flow Music charged {figure(abs(span.difference))} {more} than counted here"


def name(span: Period, today: date, *, month: str = "%B") -> str:
    """13 November; 9 to 15 November; November 2025."""
    year = "" if span.last.year == today.year else f" {span.last.year}"
    if span.first == span.last:
        return f"{span.first.day} {span.first:{month}}{year}"
    if (span.last - span.first).days >= 7:
        return f"{span.first:{month} %Y}"
    start = (
        f"{span.first.day}"
        if span.first.month == span.last.month
        else f"{span.first.day} {span.first:{month}}"
    )
    return f"{start} to {span.last.day} {span.last:{month}}{year}"


def _labels(spans: Sequence[Period], step: float, today: date) -> list[Label]:
    """From the newest back, so many as there is room for on a phone."""
    every = max(1, -(-len(spans) // LABELS))
    labels = []
    for number in range(len(spans) - 1, -1, -every):
        first, last = number == 0, number == len(spans) - 1
        x = 100.0 if last else 0.0 if first else (number + 0.5) * step
        text = "today" if last and spans[number].last == today else _short(spans[number], today)
        labels.append(Label(f"{x:.3f}%", "end" if last else "start" if first else "middle", text))
    return labels[::-1]


def _short(span: Period, today: date) -> str:
    if (span.last - span.first).days >= 7:
        return f"{span.first:%b %Y}"
    return f"{span.first.day} {span.first:%b}"
