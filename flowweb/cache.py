"""The cache in Redis: JSON in place of pickle, and beside the broker in one database."""

import json
from typing import Any

from django.core.cache.backends.redis import RedisCache

_MOST_AT_ONCE = 500


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
