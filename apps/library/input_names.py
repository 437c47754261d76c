"""Names that people give: one line, without signs that hide, turn or break what stands beside them."""

import re
import unicodedata

from apps.one_line import JOINERS, clean

_UNSAFE = re.compile(r'[\\/:*?"<>|]')
# Devices of Windows, whatever follows behind a dot.
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=\s*(?:\.|$))", re.IGNORECASE
)
_LONGEST = 200  # bytes; a file system takes 255, and the take's letter and a number come after it


class InvalidInput(ValueError):
    """What was asked for can't be done; the text says why, to the person who asked."""


def fold(text: str) -> str:
    """By which `Demo`, `DEMO` and `démo` are one."""
    plain = unicodedata.normalize("NFKD", text)
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return bare.casefold().strip() or text.casefold()


def of_file(text: str) -> str:
    """A part of a file's name on any system: no path, nothing hidden, no device; "" when nothing is left."""
    name = clean(_UNSAFE.sub(" ", text)).strip(". ")[:100]
    name = name.encode()[:_LONGEST].decode(errors="ignore").strip(". ").strip(JOINERS)
    return _RESERVED.sub(r"\1_", name, count=1) if _RESERVED.match(name) else name


def fitting(text: str, most: int, what: str) -> str:
    """The cleaned name; InvalidInput when it is longer than `most`."""
    name = clean(text)
    if len(name) > most:
        raise InvalidInput(f"{what} has at most {most} characters. This one has {len(name)}.")
    return name


def first_words(prompt: str, most: int = 48) -> str:
    text = " ".join(prompt.split())
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0].rstrip(",.;:") + "…"
