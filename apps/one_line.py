"""Names that people give, of themselves, of teams, of songs: one line, without signs that hide or turn what stands
beside them. So they do no harm wherever they are shown, mailed, logged or made a file's name.
"""

import re
import unicodedata

# Default_Ignorable_Code_Point of Unicode: soft hyphen, zero width, BOM, direction marks, variation selectors …
IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Families of emoji and several scripts are written with these two, which are "format" signs like the harmful ones.
JOINERS = "\u200c\u200d"
# What stays in a name: variation selectors show an emoji in colour, and are no more than a look of the sign before.
_HIDDEN = re.compile(f"[{IGNORABLE}]".replace("\ufe00-\ufe0f", ""))
# A joiner does something between emoji, and in scripts whose letters take other shapes; between Latin ones it hides.
_JOINER = re.compile("(?<=[^\0-\u02ff\\s])[\u200c\u200d](?=[^\0-\u02ff\\s])")


def clean(text: str) -> str:
    """NFC, without control and direction marks and what isn't seen, single spaces."""
    text = without_hidden(unicodedata.normalize("NFC", text))
    return " ".join("".join(sign if _shows(sign) else " " for sign in text).split()).strip(JOINERS)


def without_hidden(text: str) -> str:
    """For what is shown: signs that aren't seen are gone, without a gap. The joiners of emoji families stay."""
    if text.isascii():
        return text
    joiners = {found.start() for found in _JOINER.finditer(text)}
    return "".join(sign for place, sign in enumerate(text) if place in joiners or not _HIDDEN.match(sign))


def _shows(sign: str) -> bool:
    return sign in JOINERS or unicodedata.category(sign)[0] not in "CZ"
