"""Splits a text, or a query, into the words that the index stores, folded by text_folding.py.

A sign between letters parts and joins: AC/DC is `ac`, `dc` and `acdc`. Of a script without spaces each run of signs is
kept from each of its signs on, so that what stands side by side in a query has to stand so in the text.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Any

from apps.library.text_folding import UNSPACED, fold, is_letter

LONGEST_WORD = 60
LONGEST_TERMS = 200_000  # characters; a tsvector takes a megabyte
MOST_WORDS = 20  # of a query
GRAM = 8  # signs of a script without spaces that stand side by side, as one word
INSTRUMENTAL = "§instrumental"  # a word of instrumental takes that nobody can type
# Before the words of a title, of tags and of a prompt, which are kept once more so. Folding leaves them in no word.
MARKS = ("¹", "²", "³")
TITLE = MARKS[0]

Group = list[list[str]]  # ways of writing one word of a query, each with the words that must be there

_RUN = re.compile(f"[{UNSPACED}]+|[^{UNSPACED}]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_LATIN_SIGNS = re.compile(r"(?<=[a-z])!(?=[a-z])|@(?=[a-z])|(?<=[a-z])\$|\$(?=[a-z])")
_LOOKS_LIKE = {"!": "i", "@": "a", "$": "s"}


def terms(*texts: str) -> str:
    """The different words of the texts, folded, in order, with one space between them.

    What stands between signs is a word, and what is left without the signs, too: `ac dc acdc` of AC/DC.
    """
    return _cut(" ".join(dict.fromkeys(_words(" ".join(texts)))))


def groups(query: str) -> list[Group]:
    """What must be there for a query: of each of its words one of the ways of writing it."""
    found = [_ways(chunk) for chunk in dict.fromkeys(fold(query).split())]
    return [[_in_windows(way) for way in ways] for ways in found if ways][:MOST_WORDS]


def document(
    team_id: Any, title: str, lyrics: str = "", *, tags: str = "", prompt: str = "", instrumental: bool
) -> str:
    """What a take with these texts is found by."""
    found, plain = [team_sign(team_id), *map(_sign, _signs(title))], []
    if instrumental:
        found.append(INSTRUMENTAL)
    for mark, text in zip(MARKS, (title, tags, prompt), strict=True):
        if text:
            words = list(_words(text))
            found += [mark + word for word in words]
            plain += words
    return _cut(" ".join(dict.fromkeys(chain(found, plain, _words_of_lyrics(lyrics) if lyrics else ()))))


def signs(query: str) -> list[Group]:
    """For a query without words: its signs, which titles are looked at for."""
    return [[[_sign(sign)]] for sign in _signs(query)[:MOST_WORDS]]


def fits(query: str, text: str) -> bool:
    """Whether a search of this text alone would find it."""
    words, wanted = set(_words(text)), groups(query)
    if not wanted:
        return bool(_signs(query)) and set(_signs(query)) <= set(_signs(text))
    begins = {part: any(word.startswith(part) for word in words) for way in chain(*wanted) for part in way}
    return all(any(all(map(begins.__getitem__, way)) for way in group) for group in wanted)


def team_sign(team_id: Any) -> str:
    """A word that every take of the team has and nobody can type: one team's songs don't slow down another's search."""
    return f"§{team_id.hex}"


def _cut(found: str) -> str:
    return found if len(found) <= LONGEST_TERMS else found[:LONGEST_TERMS].rpartition(" ")[0]


class _Separated(dict[int, str]):
    """What parts words: a space stays, and every other sign that is no letter is one and the same."""

    def __missing__(self, code: int) -> str:
        self[code] = kept = chr(code) if is_letter(chr(code)) or code == ord(" ") else "-"
        return kept


_SEPARATED = _Separated()


def _words(text: str) -> Iterator[str]:
    """All by which the text is found. Of a script without spaces, what begins at each of its signs."""
    return chain.from_iterable(map(_words_of_chunk, dict.fromkeys(fold(text).split())))


@lru_cache(maxsize=16)
def _words_of_lyrics(text: str) -> tuple[str, ...]:
    """Remembered, for the takes of a song share them, and its edits."""
    return tuple(dict.fromkeys(_words(text)))


@lru_cache(maxsize=1 << 14)
def _words_of_chunk(chunk: str) -> tuple[str, ...]:
    """Remembered, for songs share most of their words: an import of thousands parts each once."""
    if chunk.isalnum() and chunk.isascii():
        return (chunk[:LONGEST_WORD],)
    return tuple(chain.from_iterable(map(_from_each_sign, chain.from_iterable(_ways(chunk)))))


def _from_each_sign(word: str) -> list[str]:
    return [word[first : first + GRAM] for first in range(len(word))] if _UNSPACED.match(word) else [word]


def _ways(chunk: str) -> list[list[str]]:
    """Of a word with signs in it: split by them, joined, and with signs read as the letters that they look like."""
    plain = chunk.translate(_SEPARATED)
    ways = [_runs(plain.split("-")), _runs([plain.replace("-", "")])]
    if any(sign in chunk for sign in _LOOKS_LIKE):
        spelt = _LATIN_SIGNS.sub(lambda found: _LOOKS_LIKE[found[0]], chunk).translate(_SEPARATED)
        ways += [_runs(spelt.split("-")), _runs([spelt.replace("-", "")])]
    different: list[list[str]] = []
    for way in ways:
        if way and way not in different:
            different.append(way)
    return different


def _runs(pieces: Iterable[str]) -> list[str]:
    """Signs of a script without spaces apart from others: of `東京tower` both can be asked for."""
    runs = chain.from_iterable(map(_RUN.findall, pieces))
    return [run if _UNSPACED.match(run) else run[:LONGEST_WORD] for run in runs]


def _in_windows(words: Iterable[str]) -> list[str]:
    """A long run as parts that overlap, for the index knows no longer ones."""
    return list(chain.from_iterable(map(_windows, words)))[:MOST_WORDS]


def _windows(word: str) -> list[str]:
    if len(word) <= GRAM or not _UNSPACED.match(word):
        return [word]
    last = len(word) - GRAM
    return [word[first : first + GRAM] for first in (*range(0, last, GRAM // 2), last)]


def _signs(text: str) -> list[str]:
    """The signs that are neither letters nor spaces, each once."""
    plain = fold(text).replace(" ", "")
    if plain.isalnum() and plain.isascii():  # most titles, quickly
        return []
    return list(dict.fromkeys(sign for sign in plain if not is_letter(sign)))


def _sign(sign: str) -> str:
    """As a word of a title, which means nothing to either database: its wide form in place of one of ASCII."""
    return TITLE + (chr(ord(sign) + 0xFEE0) if sign.isascii() else sign)
