"""Lyrics as sections by their tags, as `[Verse 1]`, each with its lines."""

import re
from dataclasses import dataclass, field

_TAG = re.compile(r"\s*\[([^\[\]]{1,60})\]\s*")


@dataclass
class Section:
    """`name` is "" for lines before the first tag."""

    name: str = ""
    lines: list[str] = field(default_factory=list)


def sections_of(lyrics: str) -> list[Section]:
    sections = [Section()]
    for line in lyrics.splitlines():
        tag = _TAG.fullmatch(line)
        if tag:
            sections.append(Section(tag[1].strip()))
        elif line.strip():
            sections[-1].lines.append(line.strip())
    return [section for section in sections if section.name or section.lines]
