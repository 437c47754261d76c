"""Titles and lyrics, made with the prompt's own words."""

from __future__ import annotations

import re

from apps.sandbox.songs.brief import generator

PLAIN = """
and are but for from her his into its not off one our out over she some than that the their them then there they this
through too two under very was were will with without you your about like make made me more most no only please song
songs track music tune style beat beats bpm tempo vocal vocals voice singer singing male female lead choir words lyrics
verse chorus close short long soft slow fast sad happy bright dark minor major instrumental upbeat mellow warm hip lo-fi
piano guitar bass drums drum snare synth strings brass upright acoustic electric
"""
FIRST_WORDS = """
Harbour Window Lantern Station River Morning Copper Paper Winter Garden Ferry Velvet Northern Glass Summer Hollow
Second Silver Borrowed Midnight Attic Tidal Amber Quiet
"""
NOT_IN_A_TITLE, BEGINNINGS = frozenset(PLAIN.split()), tuple(FIRST_WORDS.split())
# Endings of words that can't stand where a noun has to.
UNLIKE_NOUNS = ("ed", "ing", "ly", "ous", "ful", "al", "ic")
VERSE = (
    "The {a} is waiting by the door",
    "I count the lights along the shore",
    "Somebody hums a line of {b}",
    "And leaves the radio on for me",
    "There is a road behind the rain",
    "It calls the {a} by your name",
    "The kettle sings, the streets are new",
    "And every window looks for you",
    "We kept the {b} in a coat",
    "And set it sailing like a boat",
)
CHORUS = (
    "Oh, {a}, stay a little longer",
    "The night is slow, the tide is stronger",
    "Oh, {a}, turn the lights down low",
    "I have a {b} and nowhere to go",
    "Hold on, hold on, we are nearly there",
    "With {b} dust in the morning air",
)


def nouns(prompt: str) -> list[str]:
    """The words of a prompt that could name a song, in order, each once."""
    text = re.sub(r"\[[^\[\]]*\]", " ", prompt[:2000])
    found = (word.strip("'’-").lower() for word in re.findall(r"[^\W\d_][^\W\d_'’-]{2,14}", text))
    return [
        word
        for word in dict.fromkeys(found)
        if word not in NOT_IN_A_TITLE and not word.endswith(UNLIKE_NOUNS)
    ]


def title(prompt: str) -> str:
    """Two words; the same for both takes."""
    random = generator("title", prompt)
    words = nouns(prompt)[:6] or ["song"]
    first = BEGINNINGS[int(random.integers(len(BEGINNINGS)))]
    return f"{first} {words[int(random.integers(len(words)))].capitalize()}"


def write(prompt: str, seed: str, sections: list[str], *, pro: bool) -> str:
    """Lyrics tagged with their sections. The better ghostwriter writes four lines where the other one writes two."""
    random = generator("lyrics", seed)
    words = [*nouns(prompt)[:6], "lantern", "silver"]
    a, b = (words[int(index)] for index in random.choice(len(words), 2, replace=False))
    size = 4 if pro else 2
    chorus = lines(CHORUS, int(random.integers(3)), size, a, b)
    blocks, verses = [], 0
    for section in sections:
        if section == "chorus":
            blocks.append("\n".join(["[Chorus]", *chorus]))
        else:
            verses += 1
            first = int(random.integers(5))
            blocks.append("\n".join([f"[Verse {verses}]", *lines(VERSE, first, size, a, b)]))
    return "\n\n".join(blocks)


def lines(bank: tuple[str, ...], couplet: int, size: int, a: str, b: str) -> list[str]:
    return [bank[(2 * couplet + index) % len(bank)].format(a=a, b=b) for index in range(size)]


def sung_lines(lyrics: str) -> int:
    """Lines that are sung: not the empty ones, and not the tags of sections."""
    return sum(map(len, _sung_by_section(lyrics)))


def sections_of(lyrics: str, timing: list[list[float]]) -> list[list[float]]:
    """[start, end] of each section with a sung line, from those of the lines."""
    pairs = iter(timing)
    timed = [[next(pairs) for _ in lines] for lines in _sung_by_section(lyrics)]
    return [[section[0][0], section[-1][1]] for section in timed if section]


def _sung_by_section(lyrics: str) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for line in filter(None, map(str.strip, lyrics.splitlines())):
        if re.fullmatch(r"\[[^\]]*\]", line):
            sections.append([])
        else:
            sections[-1].append(line)
    return sections
