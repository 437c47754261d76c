"""The one door for values of a remote side: every field of a record is read by a function of this module.

What comes out fits the column that it goes to, on both databases, and can be shown: numbers are clamped or dropped,
text is cut and holds no NUL, addresses are addresses, lists and nesting end. Booleans are never numbers here, though
Python thinks so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

Item = TypeVar("Item")

LONGEST_ID, LONGEST_ADDRESS = 400, 254  # that the columns take
LONGEST_TEXT = 100_000
MOST_ITEMS, DEEPEST = 20_000, 40  # of a list or an object; of lists in lists
MOST_INTEGER, MOST_SMALL = 2**31 - 1, 2**15 - 1  # that columns of both databases take
MOST_BIG = 2**63 - 1
MOST_CREDITS, MOST_TOKENS = 10**9, 10**12  # with room for what is added to them
LONGEST_S = 86_400.0  # a song of a day
MOST_PAIRS = 5_000
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
# An e-mail address, as far as pages and the API's own paths care. A pattern of Django's URLs is made of it.
ADDRESS = r"[^@\s]+@[^@/\s]+"
_UNSAFE = re.compile(r"[\x00-\x20\x7f]")


class ParseError(ValueError):
    """A field that nothing can be done without is missing or of the wrong kind."""


def mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ParseError(f"the {what} is not an object")
    return value


def essential(value: object, name: str) -> str:
    """An id or e-mail: text without spaces, of sane length."""
    if not isinstance(value, str) or not _is_usable(value):
        raise ParseError(f"{name} is missing or unusable")
    return value


def _is_usable(value: str) -> bool:
    return 0 < len(value) <= LONGEST_ID and not _UNSAFE.search(value) and storable(value) == value


def address(value: object, name: str = "email") -> str:
    """An e-mail address: what isn't one can't be named in an address of a page, nor to the API."""
    found = essential(value, name)
    if len(found) > LONGEST_ADDRESS or not re.fullmatch(ADDRESS, found):
        raise ParseError(f"{name} is no address")
    return found


def tidy(value: Any, depth: int = 0) -> Any:
    """Decoded JSON as both databases take it, at any depth: no NUL, no NaN, no number, list or nesting without end."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return max(-MOST_BIG, min(value, MOST_BIG))
    if not isinstance(value, dict | list):
        return value
    if depth == DEEPEST:
        return None
    if isinstance(value, list):
        return [tidy(item, depth + 1) for item in value[:MOST_ITEMS]]
    items = islice(value.items(), MOST_ITEMS)
    return {storable(str(key)): tidy(item, depth + 1) for key, item in items}


def storable(value: str) -> str:
    """Without NUL and half surrogate pairs, which JSON can spell and a database can't hold."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def text(value: object, longest: int = LONGEST_TEXT) -> str | None:
    """Text that the database can hold; an empty one is none."""
    return storable(value[:longest]) or None if isinstance(value, str) else None


def whole(value: object) -> int | None:
    """An integer that the database can hold; figures as 12.0 or "12" are taken too."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        value = int(value)
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if abs(value) <= MOST_BIG else None


def count(value: object, most: int = MOST_INTEGER, least: int = 0) -> int | None:
    """A figure of how many, clamped to what its column takes; None if it isn't one."""
    if isinstance(value, float) and math.isinf(value):
        return most if value > 0 else least
    if isinstance(value, int) and not isinstance(value, bool):
        return max(least, min(value, most))
    found = whole(value)
    return None if found is None else max(least, min(found, most))


def amount(value: object) -> float | None:
    """A figure with or without a fraction, as of credits; text that is one is taken too."""
    try:
        found = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None
    return found if found is not None and abs(found) < 1e15 else None


def flag(value: object) -> bool | None:
    """True or False; None for everything else."""
    return value if isinstance(value, bool) else None


def seconds(value: object) -> float | None:
    """A time in a song; a figure that no song can have is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= LONGEST_S else None


def moment(value: object) -> datetime | None:
    """ISO 8601 with or without `Z`, offset and fraction, as an aware time in UTC.

    Without a zone it is UTC already. A time that nothing of this can have is none: it could not be shown in every zone.
    """
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if EARLIEST <= found < LATEST else None


def pairs(value: object) -> tuple[tuple[float, float], ...] | None:
    """[[start, end], …] in seconds, without the pairs that are not two figures."""
    if not isinstance(value, list):
        return None
    found = []
    for pair in value[:MOST_PAIRS]:
        ends = [seconds(end) for end in pair] if isinstance(pair, list) and len(pair) == 2 else []
        if len(ends) == 2 and ends[0] is not None and ends[1] is not None:
            found.append((ends[0], ends[1]))
    return tuple(found)


def reason(value: object) -> tuple[str | None, str | None]:
    """(code, message) of an `error`, which is an object in job records and a string elsewhere."""
    if isinstance(value, Mapping):
        code, message = value.get("code"), value.get("message")
        return text(str(code)) if isinstance(code, str | int) else None, text(message) or text(
            str(dict(value))
        )
    return None, text(value)


def each(items: object, parse: Callable[[object], Item], most: int = MOST_ITEMS) -> tuple[Item, ...]:
    """The entries of a list that can be read; one bad entry does not hide the others."""
    found: list[Item] = []
    for item in items[:most] if isinstance(items, list) else []:
        try:
            found.append(parse(item))
        except ParseError:
            continue
    return tuple(found)
