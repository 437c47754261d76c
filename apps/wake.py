"""Wakes a Celery task by name once the running transaction is committed.

Messages are hints: a tick finds what is due, so a broker that is down, or does not answer, must not fail a request nor
hold it up (docs/design.md, section 1). They don't expire: that would compare two hosts' clocks, and a late one does
no harm.
"""

import logging
import time
from functools import lru_cache

from celery import current_app
from django.db import transaction
from kombu import Connection
from kombu.exceptions import OperationalError
from kombu.pools import producers
from kombu.transport import redis
from redis.exceptions import RedisError

from apps.cache import PacedRedisConnection, PacedRedisTLSConnection

logger = logging.getLogger(__name__)

ANSWERS_WITHIN_S = 3.0
AWAY_FOR_S = 5.0
_away_until = 0.0  # of the process, monotonic


class PacedChannel(redis.Channel):
    """On connections that end."""

    connection_class = PacedRedisConnection
    connection_class_ssl = PacedRedisTLSConnection


class PacedTransport(redis.Transport):
    Channel = PacedChannel


def wake(task: str, *ids: str | int) -> None:
    """Ask for the named task, with ids only, after commit. Never raises because of the broker."""
    # robust: what the rows say is committed by then; no trouble with the broker may look like one with them.
    transaction.on_commit(lambda: _send(task, ids), robust=True)


def _send(task: str, ids: tuple[str | int, ...]) -> None:
    global _away_until
    if time.monotonic() < _away_until:
        return  # several are sent for a page: one wait is enough
    try:
        with producers[_connection()].acquire(block=True, timeout=ANSWERS_WITHIN_S) as producer:
            current_app.send_task(task, args=ids, producer=producer, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        _away_until = time.monotonic() + AWAY_FOR_S
        logger.warning("could not wake %s: %s", task, type(error).__name__)


@lru_cache(maxsize=1)
def _connection() -> Connection:
    """The broker, for those who must not wait: the time-outs of whoever listens to it are much longer."""
    made: Connection = current_app.connection_for_write()
    made.transport_cls = PacedTransport  # type: ignore[assignment]  # a class is taken as well as a name
    soon = {"socket_timeout": ANSWERS_WITHIN_S, "socket_connect_timeout": ANSWERS_WITHIN_S}
    made.transport_options = (made.transport_options or {}) | soon
    return made
