"""Strict readers for environment variables: a wrong value stops the start with one line."""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import dj_email_url
import redis

# A name or an address as it stands in a Host header; `_` is in names that a network makes up for itself.
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")


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


def integer(
    name: str, default: int, *, least: int, most: int, variables: Mapping[str, str] = os.environ
) -> int:
    value = variables.get(name, "").strip() or str(default)
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


def site(name: str, default: str | None = None) -> str:
    """Where people find this site, as a browser spells it: no path, host in lower case, no usual port."""
    parts = urlsplit(url(name, default))
    if parts.path:
        raise SettingError(
            f"{name} must not have a path ({parts.path[:100]}): the site stands at the root of its host."
        )
    try:
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        host = ""
    if not _HOST.fullmatch(host):
        raise SettingError(f"{name} must be a full address such as https://music.example.com.")
    usual = {"https": 443, "http": 80}[parts.scheme]
    port = f":{parts.port}" if parts.port not in {None, usual} else ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def redis_url(name: str, default: str | None) -> str:
    """A server's address. Broker and cache share its database, each under a prefix of its own."""
    value = text(name, default)
    parts = _split(name, value)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise SettingError(f"{name} must start with redis://, rediss:// or unix://.")
    if parts.scheme == "unix" and not parts.path:
        raise SettingError(f"{name} must name a socket: unix:///path/to/redis.sock.")
    if parts.scheme != "unix" and not parts.hostname:
        raise SettingError(f"{name} must name a host: redis://redis.example.com:6379.")
    if parts.scheme != "unix" and not re.fullmatch(r"/?\d{0,5}", parts.path):
        raise SettingError(f"{name} must end with the number of a database, or with none.")
    try:
        # Makes an object, and calls nobody.
        redis.ConnectionPool.from_url(value).make_connection()
    except (ValueError, TypeError, redis.RedisError):
        raise SettingError(f"{name} has an option behind the ? that is unknown or wrong.") from None
    return value


def is_open_redis(address: str) -> bool:
    """Whether it is on another host and asks nobody for a password: who reaches it can write into the queue."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    loopback = host == "localhost" or host.startswith("127.") or host == "::1"
    return parts.scheme != "unix" and not loopback and not parts.password


def email(name: str, default: str) -> dict[str, object]:
    """EMAIL_URL (smtps://…, console:) as Django's EMAIL_* settings. What goes to a server goes by the outbox."""
    value = text(name, default)
    scheme, _, rest = value.partition(":")
    try:
        config = dj_email_url.parse(f"smtp:{rest}" if scheme in _TLS_OF else value)
    except (KeyError, ValueError):
        config = {}
    if not config.get("EMAIL_BACKEND"):
        raise SettingError(f"{name} must be like smtps://user:password@host:465 or console:.")
    if scheme in _TLS_OF:
        asked = (
            "ssl" if config["EMAIL_USE_SSL"] else "tls" if config["EMAIL_USE_TLS"] else ""
        )  # ?ssl=on, ?tls=on
        config |= _mail_server(_TLS_OF[scheme] or asked, _split(name, value).port)
    return {key: value for key, value in config.items() if key.startswith("EMAIL_") and value is not None}


# TLS from the first byte, or by STARTTLS; plain `smtp` as its port has it.
_TLS_OF = {
    "smtps": "ssl",
    "smtp+ssl": "ssl",
    "smtp+tls": "tls",
    "submission": "tls",
    "submit": "tls",
    "smtp": "",
}


def _mail_server(tls: str, port: int | None) -> dict[str, object]:
    tls = tls or {465: "ssl", 587: "tls"}.get(port or 0, "")
    return {
        "EMAIL_BACKEND": "apps.accounts.outbox.Outbox",
        "EMAIL_PORT": port or {"ssl": 465, "tls": 587, "": 25}[tls],
        "EMAIL_USE_SSL": tls == "ssl",
        "EMAIL_USE_TLS": tls == "tls",
        "EMAIL_TIMEOUT": 10,  # of one silence; the whole session has its own (apps/smtp.py)
    }


def sender(name: str, default: str) -> str:
    """An address, also with a name before it: `flowweb <music@example.com>`."""
    value = text(name, default)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(value)[1]):
        raise SettingError(f"{name} must be an address such as music@example.com.")
    return value


def field_keys(name: str) -> tuple[tuple[str, bytes], ...]:
    """`kid:base64key,…` as pairs of key id and 32 bytes; the first one encrypts."""
    pairs = [part.strip().partition(":") for part in text(name).split(",") if part.strip()]
    ring = tuple((kid, _key(name, encoded)) for kid, _, encoded in pairs)
    if not ring or any(not kid.isalnum() for kid, _ in ring) or len({kid for kid, _ in ring}) != len(ring):
        raise SettingError(f"{name} must be kid:base64key, several separated by commas, each kid once.")
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
