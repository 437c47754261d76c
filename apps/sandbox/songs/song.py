"""What one take is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.sandbox.songs import brief as briefs
from apps.sandbox.songs import plan as plans
from apps.sandbox.songs import words
from apps.sandbox.songs.brief import Brief
from apps.sandbox.songs.plan import SUNG, SongPlan

INSTRUMENTAL = "[Instrumental]"


@dataclass(frozen=True)
class PlayedSong:
    """`seed` is the clip's uuid: chance between two takes of one prompt follows from it. `take` is 0 or 1: the second
    one is arranged differently on purpose.

    `timing` are [start, end] seconds of the sung lines, None if nothing is sung.
    """

    brief: Brief
    plan: SongPlan
    seed: str
    take: int
    title: str
    lyrics: str
    timing: list[list[float]] | None

    @property
    def seconds(self) -> float:
        return self.plan.seconds

    @classmethod
    def of_request(cls, request: dict[str, Any], seed: str, take: int) -> PlayedSong:
        """The song that the body of a POST /music asks for."""
        brief = briefs.read(request)
        lyrics = _lyrics(request, brief, plans.draw(brief, seed), seed)
        return cls.of(brief, seed, take, words.title(brief.prompt), lyrics)

    @classmethod
    def of(
        cls, brief: Brief, seed: str, take: int, title: str = "", lyrics: str = INSTRUMENTAL
    ) -> PlayedSong:
        """The song that a brief describes, with these words."""
        plan = plans.draw(brief, seed)
        lines = words.sung_lines(lyrics) if brief.sung else 0
        timing = plans.timing(brief, plan, lines) if lines else None
        return cls(brief, plan, seed, take, title, lyrics, timing)


def _lyrics(request: dict[str, Any], brief: Brief, plan: SongPlan, seed: str) -> str:
    """Own words as they were given; written ones; or the API's word for none."""
    if not brief.sung:
        return INSTRUMENTAL
    if own := request.get("lyrics"):
        return str(own)
    sections = [section.name for section in plan.sections if section.name in SUNG]
    return words.write(brief.prompt, seed, sections, pro=request.get("ghostwriter") == "pro")
