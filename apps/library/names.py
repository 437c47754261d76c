"""Names that people give: one line, without signs that hide, turn or break what stands beside them."""

import unicodedata

# Families of emoji and several scripts are written with these two, which are "format" signs like the harmful ones.
_JOINERS = "\u200c\u200d"


class Unfit(ValueError):
    """What was asked for can't be done; the text says why, to the person who asked."""


def clean(text: str) -> str:
    """NFC, without control and direction marks, single spaces."""
    text = unicodedata.normalize("NFC", text)
    return " ".join("".join(sign if _shows(sign) else " " for sign in text).split()).strip(_JOINERS)


def fold(text: str) -> str:
    """By which `Demo`, `DEMO` and `démo` are one."""
    plain = unicodedata.normalize("NFKD", text)
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return bare.casefold().strip() or text.casefold()


def fitting(text: str, most: int, what: str) -> str:
    """The cleaned name; Unfit when it is longer than `most`."""
    name = clean(text)
    if len(name) > most:
        raise Unfit(f"{what} has at most {most} characters. This one has {len(name)}.")
    return name


def _shows(sign: str) -> bool:
    return sign in _JOINERS or unicodedata.category(sign)[0] not in "CZ"
