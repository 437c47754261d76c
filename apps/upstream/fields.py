"""Single fields of a remote record, read tolerantly.

Booleans are never numbers here, though Python thinks so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

Item = TypeVar("Item")

_LONGEST_ID = 400  # that a column takes
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
    return 0 < len(value) <= _LONGEST_ID and not _UNSAFE.search(value) and storable(value) == value


def storable(value: str) -> str:
    """Without NUL and half surrogate pairs, which JSON can spell and a database can't hold."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def text(value: object) -> str | None:
    """Text that the database can hold; an empty one is none."""
    return storable(value) or None if isinstance(value, str) else None


def whole(value: object) -> int | None:
    """An integer that the database can hold; figures as 12.0 or "12" are taken too."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        value = int(value)
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -(2**63) <= value < 2**63 else None


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
    return float(value) if 0 <= value < 1e9 else None


def moment(value: object) -> datetime | None:
    """ISO 8601 with or without `Z`, offset and fraction, as an aware time in UTC.

    Without a zone it is UTC already.
    """
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def pairs(value: object) -> tuple[tuple[float, float], ...] | None:
    """[[start, end], …] in seconds, without the pairs that are not two figures."""
    if not isinstance(value, list):
        return None
    found = []
    for pair in value:
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


def each(items: object, parse: Callable[[object], Item]) -> tuple[Item, ...]:
    """The entries of a list that can be read; one bad entry does not hide the others."""
    found: list[Item] = []
    for item in items if isinstance(items, list) else []:
        try:
            found.append(parse(item))
        except ParseError:
            continue
    return tuple(found)
