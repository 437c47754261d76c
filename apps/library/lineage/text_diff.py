"""Compares two versions of lyrics line by line, and two prompts word by word."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

SAME, GONE, NEW = "same", "gone", "new"
# Comparing takes time for each piece, and again for each pair of the same in both.
MOST_PIECES, MOST_PAIRS = 4_000, 20_000


@dataclass(frozen=True)
class DiffLine:
    """`kind` is SAME, GONE (stood there before) or NEW."""

    kind: str
    text: str


def lines(before: str, after: str) -> list[DiffLine]:
    """Every line of both, in order; what took the place of something comes after it. Space at a line's end is none."""
    old, new = (_lines(text) for text in (before, after))
    return list(_compared(old, new))


def words(before: str, after: str) -> list[DiffLine]:
    """Runs of words, whatever space is between them."""
    found: list[DiffLine] = []
    for piece in _compared(before.split(), after.split()):
        if found and found[-1].kind == piece.kind:
            found[-1] = DiffLine(piece.kind, f"{found[-1].text} {piece.text}")
        else:
            found.append(piece)
    return found


def counted(found: list[DiffLine]) -> str:
    """In words: "2 lines changed, 1 new". "" where both are the same."""
    gone, new = (sum(line.kind == kind for line in found) for kind in (GONE, NEW))
    changed = min(gone, new)
    parts = [(changed, "changed"), (new - changed, "new"), (gone - changed, "removed")]
    named = [f"{count} {words}" for count, words in parts if count > 0]
    if not named:
        return ""
    first, *rest = named
    number, _, words = first.partition(" ")
    return ", ".join([f"{number} line{'' if number == '1' else 's'} {words}", *rest])


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def _compared(old: list[str], new: list[str]) -> Iterator[DiffLine]:
    """Of what is neither the same at the beginning nor at the end; too much of it is all gone and all new."""
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    yield from (DiffLine(SAME, text) for text in old[:head])
    yield from _differing(old[head : len(old) - tail], new[head : len(new) - tail])
    yield from (DiffLine(SAME, text) for text in old[len(old) - tail :])


def _alike(old: list[str], new: list[str]) -> int:
    pairs = enumerate(zip(old, new, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(old), len(new)))


def _differing(old: list[str], new: list[str]) -> Iterator[DiffLine]:
    counts = Counter(new)
    if len(old) + len(new) > MOST_PIECES or sum(counts[text] for text in old) > MOST_PAIRS:
        opcodes: Sequence[tuple[str, int, int, int, int]] = [("replace", 0, len(old), 0, len(new))]
    else:
        opcodes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for kind, start, end, begin, until in opcodes:
        if kind == "equal":
            yield from (DiffLine(SAME, text) for text in old[start:end])
        else:
            yield from (DiffLine(GONE, text) for text in old[start:end])
            yield from (DiffLine(NEW, text) for text in new[begin:until])
