"""The combinations of a sweep: prompts with models down the side, lyrics with ghostwriters along the top.

A ghostwriter does nothing beside own lyrics (post-flowmusic-music), so there such combinations are one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

GHOSTWRITERS = {"": "Flow Music decides", "standard": "Ghostwriter, standard", "pro": "Ghostwriter, pro"}
MODELS = {"": "Default", "lyria-3-pro": "Lyria 3 Pro", "lyria-3.5": "Lyria 3.5"}


@dataclass(frozen=True)
class Head:
    """A row or a column: what it puts into the parameters, and how it is called."""

    params: Mapping[str, Any]
    title: str
    aside: str = ""


@dataclass(frozen=True)
class Matrix:
    rows: Sequence[Head]
    columns: Sequence[Head]

    @classmethod
    def of(cls, inputs: Mapping[str, Sequence[str]]) -> "Matrix":
        """`inputs`: lists of prompt, lyrics ("" for none), ghostwriter and model ("" for left out)."""
        rows = [
            _head(
                {"prompt": prompt, "model": model},
                _shortened(prompt),
                MODELS.get(model, model) if model else "",
            )
            for prompt, model in product(inputs["prompt"], inputs.get("model") or [""])
        ]
        return cls(rows, list(_columns(inputs)))

    def __len__(self) -> int:
        return len(self.rows) * len(self.columns)

    def cells(self) -> Iterator[tuple[int, int, dict[str, Any]]]:
        """Row, column and the parameters of each combination."""
        for (y, row), (x, column) in product(enumerate(self.rows), enumerate(self.columns)):
            yield y, x, {**row.params, **column.params}


def _columns(inputs: Mapping[str, Sequence[str]]) -> Iterator[Head]:
    for lyrics in inputs.get("lyrics") or [""]:
        if lyrics:
            yield _head({"lyrics": lyrics}, "Own lyrics", _shortened(_first_line(lyrics)))
        else:
            for name in inputs.get("ghostwriter") or [""]:
                yield _head({"ghostwriter": name}, GHOSTWRITERS.get(name, name), "no own lyrics")


def _head(params: Mapping[str, str], title: str, aside: str) -> Head:
    return Head({name: text for name, text in params.items() if text}, title, aside)


def _first_line(lyrics: str) -> str:
    lines = [line.strip() for line in lyrics.splitlines()]
    return next((line for line in lines if line and not line.startswith("[")), lyrics.strip())


def _shortened(text: str, most: int = 90) -> str:
    words = " ".join(text.split())
    return words if len(words) <= most else words[:most].rsplit(" ", 1)[0] + "…"
