"""What a new version of a clip begins with: the brief that it was played from, the chance in it, and which take."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from apps.sandbox.songs import brief as briefs
from apps.sandbox.songs.brief import Brief, generator
from apps.sandbox.songs.song import PlayedSong

STYLES = ("pop", *briefs.STYLES)
FAITHFUL = 0.3  # a cover that is weaker than this keeps the style


@dataclass(frozen=True)
class Score:
    brief: Brief
    seed: str
    take: int

    @classmethod
    def of_request(cls, request: dict[str, Any], seed: str, take: int) -> Score:
        return cls(briefs.read(request), seed, take)

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Score:
        return cls(Brief(**kept["brief"]), kept["seed"], kept["take"])

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    def song(self, title: str = "", lyrics: str = "") -> PlayedSong:
        return PlayedSong.of(self.brief, self.seed, self.take, title, lyrics)

    def cover(self, words: str, strength: float, chance: str, seconds: float) -> Score:
        """The same tune in another style, which the words may name; another chance gives another key."""
        brief = directed(self.brief, words)
        if brief.style == self.brief.style and strength >= FAITHFUL:
            brief = _styled(brief, STYLES[(STYLES.index(brief.style) + 1) % len(STYLES)])
        shift = int(generator("cover key", chance).integers(-3, 4))
        return Score(replace(brief, root=brief.root + shift, seconds=seconds), self.seed, 1 - self.take)

    def remix(self, prompt: str | None, chance: str, seconds: float, *, sung: bool) -> Score:
        """Sung anew: the same music unless another prompt is given."""
        brief = self.brief if prompt is None else briefs.read({"prompt": prompt})
        other = replace(brief, sung=sung, root=self.brief.root, seconds=seconds)
        return Score(other, f"{self.seed}/{chance}", self.take)

    def more(self, words: str, chance: str, seconds: float) -> Score:
        """New music that fits: same key and tempo unless the words want another, `seconds` long or a little more."""
        brief = directed(self.brief, words)
        whole = seconds + 2 * brief.bar + 2
        return Score(replace(brief, seconds=whole), f"{self.seed}/{chance}", self.take)


def directed(brief: Brief, words: str) -> Brief:
    """The brief with what the words say about tempo, mode, style and singing."""
    heard, silent = briefs.read({"prompt": words}), briefs.read({"prompt": ""})
    said = set(words.lower().split())
    changed = replace(
        brief,
        bpm=heard.bpm if heard.bpm != silent.bpm else brief.bpm,
        minor=heard.minor if said & (briefs.DARK | briefs.BRIGHT) else brief.minor,
        sung=brief.sung and heard.sung,
    )
    return _styled(changed, heard.style) if heard.style != silent.style else changed


def _styled(brief: Brief, style: str) -> Brief:
    return replace(brief, style=style, meter=3 if style == "waltz" else 4)
