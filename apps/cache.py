"""The cache: Redis, with JSON in place of pickle, beside the broker in one database; and while Redis is away, the
memory of this process, so that pages and limits go on.

What is counted meanwhile (failed sign-ins) is counted per process, which is better than not at all, and better than
that nobody gets in. Redis is asked again a few seconds later.
"""

import json
import logging
import time
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis import Connection, ConnectionPool, SSLConnection, UnixDomainSocketConnection
from redis.exceptions import RedisError

from apps.socket_deadlines import CONNECT_S, Pace, paced

logger = logging.getLogger(__name__)

_MOST_AT_ONCE = 500
TOTAL_S = 3.0  # several are needed for a page
AWAY_FOR_S = 5.0


class Json:
    """What lies in Redis is data: whoever can write there must not be able to run code here."""

    def dumps(self, value: Any) -> int | bytes:
        # Redis counts with whole numbers itself; True is none of them.
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        """Raises ValueError for what isn't JSON."""
        return json.loads(data)


class SharedRedis(RedisCache):
    """Django's own empties the whole database when it is cleared, and with it the queue."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """What is no JSON wasn't written here, and counts as not there."""
        try:
            return super().get(key, default, version)
        except ValueError:
            return default

    def clear(self) -> None:
        client = self._cache.get_client(None, write=True)
        pattern = self.make_key("*", version="*")  # type: ignore[arg-type]  # of every version
        batch: list[bytes] = []
        for key in client.scan_iter(pattern, count=_MOST_AT_ONCE):
            batch.append(key)
            if len(batch) == _MOST_AT_ONCE:
                client.delete(*batch)
                batch.clear()
        if batch:
            client.delete(*batch)


class _PacedRedis:
    """Before a kind of connection: each command has its time."""

    _sock: Any

    def _connect(self) -> Any:
        return paced(super()._connect(), Pace(TOTAL_S))  # type: ignore[misc]

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        if self._sock:
            self._sock.pace.restart()
        super().send_packed_command(command, check_health=check_health)  # type: ignore[misc]


class PacedRedisConnection(_PacedRedis, Connection):
    pass


class PacedRedisTLSConnection(_PacedRedis, SSLConnection):
    pass


class PacedRedisUnixConnection(_PacedRedis, UnixDomainSocketConnection):
    pass


PACED: dict[Any, type[Connection]] = {
    Connection: PacedRedisConnection,
    SSLConnection: PacedRedisTLSConnection,
    UnixDomainSocketConnection: PacedRedisUnixConnection,  # type: ignore[dict-item]
}


class RedisPool(ConnectionPool):
    """Of connections that end."""

    def __init__(self, connection_class: Any = Connection, **options: Any) -> None:
        times = {"socket_timeout": TOTAL_S, "socket_connect_timeout": CONNECT_S}
        super().__init__(PACED[connection_class], **(times | options))


class Cache(SharedRedis):
    """Never raises because of Redis."""

    _away_until = 0.0  # of the process, monotonic

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params | {"OPTIONS": params.get("OPTIONS", {}) | {"pool_class": RedisPool}})
        self._spare = LocMemCache("while Redis is away", {**params, "OPTIONS": {}})

    def _ask(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= Cache._away_until:
            try:
                answer = getattr(super(), name)(*args, **kwargs)
            except (RedisError, OSError) as error:
                logger.warning("the cache does not answer: %s", type(error).__name__)
                if not Cache._away_until:
                    self._spare.clear()
                Cache._away_until = time.monotonic() + AWAY_FOR_S
            else:
                Cache._away_until = 0.0
                return answer
        return getattr(self._spare, name)(*args, **kwargs)

    def responds(self) -> bool:
        """Whether Redis does, asked now."""
        try:
            super().get("answers")
        except (RedisError, OSError):
            return False
        return True

    def seconds_left(self, key: str) -> float | None:
        """Until the key goes, by Redis' own clock. None: it isn't there. Raises RedisError, OSError."""
        client = self._cache.get_client(None)
        left: Any = client.pttl(self.make_and_validate_key(key))
        return left / 1000 if left >= 0 else None

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("add", *args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("touch", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("delete", *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("get_many", *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("has_key", *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("incr", *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("set_many", *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("delete_many", *args, **kwargs)

    def clear(self) -> Any:
        return self._ask("clear")
