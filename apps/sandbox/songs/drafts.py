"""Lyrics without a song: in the sections that were asked for, and how it could sound."""

from __future__ import annotations

import re

from apps.sandbox.songs import brief as briefs
from apps.sandbox.songs import words
from apps.sandbox.songs.brief import generator

USUAL = ("Verse 1", "Chorus", "Verse 2", "Chorus", "Bridge", "Chorus")
MOST_SECTIONS = 24
RETURNING = ("chorus", "hook", "refrain")
SOUNDS = {
    "pop": "Warm pop, electric piano and soft drums",
    "disco": "Bright disco, round bass, claps and strings",
    "rock": "Indie rock, driven guitars and live drums",
    "lofi": "Lo-fi, mellow keys, brushes and tape hiss",
    "waltz": "Slow waltz, piano and upright bass",
}


def write(prompt: str, structure: str, chance: str) -> str:
    """Words with a tag for each section of the structure, in its order; a chorus comes back as it was."""
    random = generator("draft", chance)
    bank = {True: words.CHORUS, False: words.VERSE}
    topics = [*words.nouns(prompt)[:6], "lantern", "silver"]
    a, b = (topics[int(index)] for index in random.choice(len(topics), 2, replace=False))
    first = {True: int(random.integers(3)), False: int(random.integers(5))}
    blocks, written = [], 0
    for name in sections(structure):
        returning = name.lower().startswith(RETURNING)
        start = first[returning] if returning else first[returning] + written
        written += 0 if returning else 2
        blocks.append("\n".join([f"[{name}]", *words.lines(bank[returning], start, 4, a, b)]))
    return "\n\n".join(blocks)


def sections(structure: str) -> list[str]:
    """The names in a free text such as "Verse 1 / Chorus / Bridge"."""
    names = [re.sub(r"[\[\]]", "", name).strip(" .:–-") for name in re.split(r"[/,;>→|\n]+", structure)]
    found = [name[:40] for name in names if name]
    return found[:MOST_SECTIONS] or list(USUAL)


def sound(prompt: str) -> str:
    """A prompt for the music that would suit."""
    brief = briefs.read({"prompt": prompt})
    mood = "wistful" if brief.minor else "hopeful"
    return f"{SOUNDS[brief.style]}, {brief.bpm} BPM, {mood}, intimate vocal"
