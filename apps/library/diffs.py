"""What was changed in the words of a song, line by line, or in a description, word by word."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

SAME, GONE, NEW = "same", "gone", "new"


@dataclass(frozen=True)
class Line:
    """`kind` is SAME, GONE (stood there before) or NEW."""

    kind: str
    text: str


def lines(before: str, after: str) -> list[Line]:
    """Every line of both, in order; what took the place of something comes after it. Space at a line's end is none."""
    old, new = (_lines(text) for text in (before, after))
    return list(_compared(old, new))


def words(before: str, after: str) -> list[Line]:
    """Runs of words, whatever space is between them."""
    found: list[Line] = []
    for piece in _compared(before.split(), after.split()):
        if found and found[-1].kind == piece.kind:
            found[-1] = Line(piece.kind, f"{found[-1].text} {piece.text}")
        else:
            found.append(piece)
    return found


def counted(found: list[Line]) -> str:
    """In words: "2 lines changed, 1 new". "" where both are the same."""
    gone, new = (sum(line.kind == kind for line in found) for kind in (GONE, NEW))
    changed = min(gone, new)
    parts = [(changed, "changed"), (new - changed, "new"), (gone - changed, "taken out")]
    named = [f"{count} {words}" for count, words in parts if count > 0]
    if not named:
        return ""
    first, *rest = named
    number, _, words = first.partition(" ")
    return ", ".join([f"{number} line{'' if number == '1' else 's'} {words}", *rest])


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def _compared(old: list[str], new: list[str]) -> Iterator[Line]:
    for kind, start, end, begin, until in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from (Line(SAME, text) for text in old[start:end])
        else:
            yield from (Line(GONE, text) for text in old[start:end])
            yield from (Line(NEW, text) for text in new[begin:until])
