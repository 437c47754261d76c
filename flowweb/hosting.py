"""Which kind of start this is, on one machine or hosted, and what a hosted one must be given.

Hosted, nothing that keeps songs or money is guessed: the disk of most hosts is thrown away with every release.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from flowweb import database, env, store
from flowweb.env import SettingError

LOCAL = env.flag("FLOWWEB_LOCAL")
# Somebody says in so many words that this host has a disk that stays.
OWN_DISK = bool(env.text("FLOWWEB_DATA", ""))
# What a start has to say although nothing stops it: one line each.
notices: list[str] = []


def public_url(port: int) -> str:
    address = env.site("PUBLIC_URL", f"http://127.0.0.1:{port}" if LOCAL else None)
    if not LOCAL and address.startswith("http://"):
        if not env.flag("INSECURE_HTTP"):
            raise SettingError(
                "PUBLIC_URL must start with https:// when hosted (in a private network: INSECURE_HTTP=on)."
            )
        notices.append(f"INSECURE_HTTP is on: passwords and cookies go to {address} unencrypted.")
    return address


def site_hosts(address: str, port: int) -> frozenset[str]:
    """Every Host header that is answered. On one machine also loopback, on this start's own port."""
    suffix = "" if port == 80 else f":{port}"
    own = {f"127.0.0.1{suffix}", f"localhost{suffix}"} if LOCAL else set()
    return frozenset({urlsplit(address).netloc} | own)


def database_of(folder: Path) -> dict[str, Any]:
    default = f"sqlite:///{quote(str(folder / 'flowweb.sqlite3'))}" if LOCAL else None
    config = database.config("DATABASE_URL", default)
    if config["ENGINE"].endswith("sqlite3") and not (LOCAL or OWN_DISK):
        raise SettingError(
            "DATABASE_URL names SQLite, which needs a disk that stays: set FLOWWEB_DATA to a folder on it, "
            "or use Postgres."
        )
    return config


def redis_of(folder: Path) -> str:
    address = env.redis_url("REDIS_URL", f"unix://{folder / 'redis.sock'}" if LOCAL else None)
    if env.is_open_redis(address):
        notices.append(
            "REDIS_URL has no password, and Redis is on another host: whoever reaches it can write into the queue."
        )
    return address


def bucket() -> str:
    """The bucket of audio and covers, "" for files under FLOWWEB_DATA."""
    name = store.bucket()
    if not (name or LOCAL or OWN_DISK):
        raise SettingError(
            "AWS_STORAGE_BUCKET_NAME is not set: audio needs a bucket, or FLOWWEB_DATA where a disk stays."
        )
    return name


def threads(name: str, *, local: int, hosted: int) -> int:
    """At least two: one that waits for the outside must leave one that works."""
    return env.integer(name, local if LOCAL else hosted, least=2, most=64)
