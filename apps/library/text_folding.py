"""Folds letters to what people type without that keyboard: the same way for what is indexed, searched and compared.

What a sign becomes is looked up once and remembered; `str.translate` does the rest.
"""

import re
import unicodedata

from apps.one_line import IGNORABLE

# Scripts that write no space between words: CJK with kana, Thai, Lao, Burmese, Khmer, and their like.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\u1b00-\u1b7f\ua980-\ua9ff\uaa60-\uaa7f"
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_IGNORED = re.compile(f"[{IGNORABLE}]")
_UNSPACED = re.compile(f"[{UNSPACED}]")
# Named otherwise than "LATIN SMALL LETTER L WITH STROKE": æ, œ, þ, ð, ı …; and what stands for an apostrophe.
_OTHERS = {
    "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ß": "ss", "ı": "i", "ȷ": "j", "ŋ": "n", "ĸ": "k", "ə": "e", "ɛ": "e",
    "ɔ": "o", "ɑ": "a", "ɩ": "i", "ʋ": "v", "ɣ": "g", "ʒ": "z", "ƕ": "hv", "ȣ": "ou", "ꜵ": "ao", "ꜩ": "tz",
    "\u0640": "", "ʼ": "'", "ʻ": "'", "ʹ": "'", "ʽ": "'", "ˈ": "'", "´": "'", "’": "'", "‘": "'",
}  # fmt: skip
_NAMED = re.compile(
    r"(LATIN|CYRILLIC) SMALL LETTER (\S+(?: \S+)?) WITH .*|LATIN LETTER SMALL CAPITAL ([A-Z])"
)


def fold(text: str) -> str:
    """Compatible forms made one, without accents, case, strokes and signs that aren't seen; spaces are plain ones.

    Signs that are no letters stay as they are. Folding twice changes nothing.
    """
    plain = text.casefold()
    if not plain.isascii():
        # An acute accent that stands alone would become a space with an accent.
        plain = unicodedata.normalize("NFKD", text.replace("´", "'")).casefold()
        plain = unicodedata.normalize("NFKD", plain)
    return plain.translate(_LETTERS)


def is_letter(sign: str) -> bool:
    """Whether it is part of a word: letters, figures, and the marks that `fold` has left."""
    return unicodedata.category(sign)[0] in "LNM"


class _Folded(dict[int, str]):
    """Fills itself: each sign is looked at once."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_sign(chr(code))
        return folded


def _fold_sign(sign: str) -> str:
    kind = unicodedata.category(sign)
    if sign in _OTHERS:
        return _OTHERS[sign]
    if _IGNORED.match(sign):
        return ""
    if kind[0] in "ZC":
        return " "
    if kind[0] == "M":
        # An accent. In scripts without spaces tones and vowels are written so, and make another word.
        is_accent = kind == "Me" or unicodedata.combining(sign)
        return "" if is_accent and not _UNSPACED.match(sign) else sign
    return _base_of(sign) if kind[0] == "L" else sign


def _base_of(letter: str) -> str:
    """Of ø it is o, by its name: LATIN SMALL LETTER O WITH STROKE."""
    found = _NAMED.fullmatch(unicodedata.name(letter, ""))
    if not found:
        return letter
    if found[3]:
        return found[3].lower()
    try:
        return fold(unicodedata.lookup(f"{found[1]} SMALL LETTER {found[2]}"))
    except KeyError:
        return letter


_LETTERS = _Folded()
