"""Leaves a mark of every call outside the database before its socket opens: in Redis and in the file store.

A mark is a number, a time, and the ids of team and job: nothing that would help anybody, and no title. Marks are only
ever added, so any number of processes may leave them in any order; the greatest number counts. One of the two places
is enough, and each has a deadline: a store that hangs delays nothing for long.
"""

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TypeVar, cast
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection
from redis import Redis
from redis.exceptions import RedisError

from apps.cache import RedisPool

logger = logging.getLogger(__name__)
T = TypeVar("T")

FOLDER = "sent-marks"
SERIES = re.compile("[0-9a-f]{32}")
REDIS_S, STORE_S = 2.0, 3.0
LEFT_ALONE_S = 60.0  # a store that did not answer in time is not waited for again before
MOST_WAITING = 4  # calls to it that hang side by side
MOST_MARKS, TIDIED_EVERY = 1000, 100


@dataclass(frozen=True, order=True)
class Mark:
    """One call: the how manieth, when, for which team and job (their ids, "" where that is not known)."""

    number: int
    at: datetime
    team: str = ""
    job: str = ""

    @property
    def is_reminder(self) -> bool:
        """Of no call, but of how many there were (`remind_redis`)."""
        return not self.job

    def __str__(self) -> str:
        return f"{self.number:012d}_{int(self.at.timestamp())}_{self.team}_{self.job}"

    @classmethod
    def parse(cls, text: str) -> "Mark | None":
        try:
            number, at, team, job = text.split("_")
            return cls(int(number), datetime.fromtimestamp(int(at), UTC), team, job)
        except ValueError:
            return None


class NoMarkLeft(Exception):
    """Neither Redis nor the file store takes a mark, so nothing may be sent."""


def leave(series: UUID, mark: Mark) -> list[Mark]:
    """In both places. Returns the marks of this number and later ones, this one among them. Raises NoMarkLeft."""
    in_redis = _leave_in_redis(series, mark)
    in_store = _store.within(lambda: _leave_in_store(series, mark), patient=in_redis is None)
    if in_redis is not None:
        return in_redis
    if not in_store:
        raise NoMarkLeft
    return [each for each in in_files(series) or [] if each.number >= mark.number]


def newest_in_redis(series: UUID) -> int | None:
    """0 without a mark, None when it doesn't answer."""
    try:
        found = cast(list[tuple[str, float]], _redis().zrange(_key(series), -1, -1, withscores=True))
    except RedisError:
        return None
    return int(found[0][1]) if found else 0


def remind_redis(series: UUID, mark: Mark) -> None:
    """It has lost marks, or never got them."""
    try:
        _redis().zadd(_key(series), {str(mark): mark.number})
    except RedisError:
        logger.warning("Redis takes no mark")


def in_files(series: UUID) -> list[Mark] | None:
    """Those in the file store, the oldest first. None when it doesn't answer."""
    names = _store.within(lambda: _list(f"{FOLDER}/{series.hex}")[1])
    return None if names is None else _parsed(names)


def since(series: UUID, number: int) -> list[Mark]:
    """All later ones that are known anywhere, one for each number."""
    found = in_files(series) or []
    try:
        found += _parsed(cast(list[str], _redis().zrangebyscore(_key(series), f"({number}", "+inf")))
    except RedisError:
        logger.warning("Redis tells no marks")
    return sorted({mark.number: mark for mark in sorted(found) if mark.number > number}.values())


def of_others(series: UUID) -> list[Mark]:
    """What other databases have left here. This one may be an older state of them, from before it had marks."""
    names = set(_store.within(lambda: _list(FOLDER)[0]) or [])
    try:
        names |= {str(key).rpartition(":")[2] for key in _redis().scan_iter(_key("*"), count=1000)}
    except RedisError:
        logger.warning("Redis tells no marks")
    others = sorted(name for name in names - {series.hex} if SERIES.fullmatch(name))
    return [mark for name in others for mark in since(UUID(name), 0)]


def files_stand_apart() -> bool:
    """Whether a copy of the database can't have brought them along: SQLite and local files lie in one folder."""
    return connection.vendor != "sqlite" or not isinstance(default_storage, FileSystemStorage)


def _leave_in_redis(series: UUID, mark: Mark) -> list[Mark] | None:
    try:
        with _redis().pipeline(transaction=True) as pipe:
            pipe.zadd(_key(series), {str(mark): mark.number})
            pipe.zrangebyscore(_key(series), mark.number, "+inf")
            pipe.zremrangebyrank(_key(series), 0, -MOST_MARKS - 1)
            return _parsed(pipe.execute()[1])
    except RedisError:
        logger.warning("Redis takes no mark")
        return None


def _leave_in_store(series: UUID, mark: Mark) -> bool:
    folder = f"{FOLDER}/{series.hex}"
    default_storage.save(f"{folder}/{mark}", ContentFile(b"sent\n"))
    if mark.number % TIDIED_EVERY == 0:
        for name in _list(folder)[1]:
            old = Mark.parse(name)
            if old and old.number <= mark.number - MOST_MARKS:
                default_storage.delete(f"{folder}/{name}")
    return True


def _list(folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []
    return list(folders), list(names)


def _parsed(texts: list[str]) -> list[Mark]:
    return sorted(mark for text in texts if (mark := Mark.parse(text)))


def _key(series: UUID | str) -> str:
    return f"flowweb:{FOLDER}:{series.hex if isinstance(series, UUID) else series}"


@cache
def _redis() -> "Redis":
    """Its own connections, whose deadline is shorter than that of the broker."""
    times = {"socket_timeout": REDIS_S, "socket_connect_timeout": REDIS_S}
    return Redis(connection_pool=RedisPool.from_url(settings.REDIS_URL, decode_responses=True, **times))


class _Store:
    """Calls to the file store, each in a thread of its own and waited for no longer than its deadline."""

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(MOST_WAITING)
        self._alone_until = 0.0

    def within(self, call: Callable[[], T], *, patient: bool = True) -> T | None:
        """What the call returns; None if it fails or takes too long. Not `patient`: nor waits where it just hung."""
        if not patient and time.monotonic() < self._alone_until:
            return None
        if not self._places.acquire(blocking=False):
            return None
        answer: list[T] = []
        thread = threading.Thread(target=self._run, args=(call, answer), daemon=True)
        thread.start()
        thread.join(STORE_S)
        if thread.is_alive():
            logger.warning("the file store does not answer in time")
            self._alone_until = time.monotonic() + LEFT_ALONE_S
        return answer[0] if answer else None

    def _run(self, call: Callable[[], T], answer: list[T]) -> None:
        try:
            answer.append(call())
        except Exception as error:  # of whatever store it is
            logger.warning("the file store fails: %s", type(error).__name__)
        finally:
            self._places.release()


_store = _Store()
