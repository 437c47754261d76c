"""Whether beat is there: when the last tick came, by Redis' own clock, which all processes share."""

import logging
import threading
import time
from typing import cast

from django.core.cache import caches
from redis.exceptions import RedisError

from apps.cache import Cache

logger = logging.getLogger(__name__)

MISSED_AFTER_S = 60.0
KEY, KEPT_S = "last-tick", 24 * 60 * 60
NONE = "no tick since this site started"


def note() -> None:
    """One has come."""
    _cache().set(KEY, True, KEPT_S)


def age() -> float | None:
    """Seconds since the last one; None when none came in a day, or Redis forgot it. Raises RedisError, OSError."""
    left = _cache().seconds_left(KEY)
    return None if left is None else max(0.0, KEPT_S - left)


def words() -> str:
    """How old the last one is, for whoever runs the site."""
    try:
        seconds = age()
    except (RedisError, OSError):
        return ""
    if seconds is None:
        return NONE
    missing = f"no tick for {seconds:.0f} s: is beat running?"
    return missing if seconds > MISSED_AFTER_S else f"last tick {seconds:.0f} s ago"


def is_due(name: str, seconds: float) -> bool:
    """True for one caller per period, by the same clock: ticks that have piled up cost nothing."""
    return bool(_cache().add(f"turn:{name}", True, seconds))


def watch() -> None:
    """In a thread of its own: a worker says in its log that no tick comes."""
    threading.Thread(target=_watch, name="ticks", daemon=True).start()


def _watch() -> None:
    while True:
        time.sleep(MISSED_AFTER_S)
        warn()


def warn() -> None:
    try:
        seconds = age()
    except (RedisError, OSError):
        return  # said already, by whoever needed it
    if seconds is None or seconds > MISSED_AFTER_S:
        logger.warning("%s", words())


def _cache() -> Cache:
    return cast(Cache, caches["default"])
