"""Strict readers for environment variables: a wrong value stops the start with one line."""

import base64
import binascii
import os
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import dj_database_url
import dj_email_url


class SettingError(Exception):
    """A setting that is missing or wrong. Its text is one line: which setting, and what would be right."""


def text(name: str, default: str | None = None) -> str:
    """The variable's value without surrounding white space; an empty one counts as not given."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise SettingError(f"{name} is not set. See the table of settings in README.md.")
    return default


def secret(name: str, *, least: int) -> str:
    value = text(name)
    if len(value) < least:
        raise SettingError(f"{name} is too short: it must be at least {least} random characters.")
    return value


def flag(name: str, *, default: bool = False) -> bool:
    """`on`/`off` (also 1/0, true/false, yes/no)."""
    value = text(name, "on" if default else "off").lower()
    if value in {"on", "1", "true", "yes"}:
        return True
    if value in {"off", "0", "false", "no"}:
        return False
    raise SettingError(f"{name} is {value!r}, but must be on or off.")


def integer(name: str, default: int, *, least: int, most: int) -> int:
    value = text(name, str(default))
    if not value.isdecimal() or not least <= int(value) <= most:
        raise SettingError(f"{name} is {value!r}, but must be a whole number from {least} to {most}.")
    return int(value)


def url(name: str, default: str | None = None) -> str:
    """An absolute URL without a trailing slash, query or password; "" only where that is the default."""
    value = text(name, default).rstrip("/")
    if value == default == "":
        return ""
    parts = _split(name, value)
    more = parts.username or parts.query or parts.fragment
    if parts.scheme not in {"https", "http"} or not parts.hostname or more:
        raise SettingError(f"{name} must be a full address such as https://music.example.com.")
    return value


def origin(address: str) -> str:
    """scheme://host[:port] of an address, "" for none."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if address else ""


def redis_url(name: str, default: str) -> str:
    """A server's address. The number of a database behind it is left out: the broker has 0, the cache 1."""
    value = text(name, default)
    parts = _split(name, value)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise SettingError(f"{name} must start with redis://, rediss:// or unix://.")
    return value if parts.scheme == "unix" else parts._replace(path="").geturl()


def database(name: str, default: str) -> dict[str, object]:
    """DATABASE_URL as Django's dictionary; SQLite and Postgres only."""
    value = text(name, default)
    try:
        config = dict(dj_database_url.parse(value, conn_max_age=60, conn_health_checks=True))
    except ValueError:
        raise SettingError(f"{name} can't be read as a database address.") from None
    engine = str(config.get("ENGINE", ""))
    if engine.endswith("sqlite3"):
        config |= {
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": False,
            "OPTIONS": dict(SQLITE_OPTIONS),
        }
    elif not engine.endswith("postgresql"):
        raise SettingError(f"{name} must start with postgres:// or sqlite://.")
    return config


# FULL: a job that was sent must still be known to be sent after a power cut. IMMEDIATE: writers queue for the
# lock at BEGIN, where `timeout` waits, instead of failing in the middle of a transaction.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}


def store_origins(bucket: str) -> list[str]:
    """Where the links of the S3-compatible store lead: its own address, or the bucket's at Amazon."""
    own, region = text("AWS_S3_ENDPOINT_URL", ""), text("AWS_S3_REGION_NAME", "")
    if not bucket or own:
        return [origin(own)] if bucket else []
    hosts = [f"{bucket}.s3.amazonaws.com", f"{bucket}.s3.{region}.amazonaws.com" if region else ""]
    return [f"https://{host}" for host in hosts if host]


def email(name: str, default: str) -> dict[str, object]:
    """EMAIL_URL (smtp://…, console:) as Django's EMAIL_* settings."""
    value = text(name, default)
    try:
        config = dj_email_url.parse(value)
    except (KeyError, ValueError):
        config = {}
    if not config.get("EMAIL_BACKEND"):
        raise SettingError(f"{name} must be like smtps://user:password@host:465 or console:.")
    return {key: value for key, value in config.items() if key.startswith("EMAIL_") and value is not None}


def field_keys(name: str) -> tuple[tuple[str, bytes], ...]:
    """`kid:base64key,…` as pairs of key id and 32 bytes; the first one encrypts."""
    pairs = [part.strip().partition(":") for part in text(name).split(",") if part.strip()]
    ring = tuple((kid, _key(name, encoded)) for kid, _, encoded in pairs)
    if not ring or any(not kid.isalnum() for kid, _ in ring) or len({kid for kid, _ in ring}) != len(ring):
        raise SettingError(f"{name} must be kid:base64key, several divided by commas, each kid once.")
    return ring


def _key(name: str, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise SettingError(f"{name}: each key must be 32 bytes in base64.")
    return key


def folder(name: str, default: Path) -> Path:
    """A directory that exists (made if need be) and can be written to."""
    path = Path(text(name, str(default))).expanduser().resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise SettingError(f"{name} is {path}, which can't be made or isn't a folder.") from None
    if not os.access(path, os.W_OK):
        raise SettingError(f"{name} is {path}, which can't be written to.")
    return path


def _split(name: str, value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise SettingError(f"{name} can't be read as an address.") from None
    return parts
