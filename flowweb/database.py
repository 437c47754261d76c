"""DATABASE_URL as Django's dictionary: SQLite or Postgres. What would fail at the first query is said at the start."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import dj_database_url
from psycopg import Error, pq
from psycopg.conninfo import make_conninfo

from flowweb import env
from flowweb.env import SettingError

# FULL: a job that was sent must still be known to be sent after a power cut. IMMEDIATE: writers queue for the
# lock at BEGIN, where `timeout` waits, instead of failing in the middle of a transaction.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}
LONGEST_NAME = 63
# Seconds that a new connection may take, unless the address says otherwise.
CONNECT_TIMEOUT = 10
# A server that has gone without a word is noticed in half a minute (libpq: seconds, but the last one milliseconds).
GONE = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# libpq reads these only once it speaks TCP.
_NUMBERS = (
    "connect_timeout keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout"
).split()
# A folder in which no server listens: the driver reads all options before it looks there.
_NOWHERE = "/nowhere/at/all"


def config(name: str, default: str | None) -> dict[str, Any]:
    """Raises SettingError, never with the address itself in it: it holds a password."""
    value = env.text(name, default)
    try:
        found: dict[str, Any] = dict(dj_database_url.parse(value, conn_max_age=60, conn_health_checks=True))
        written = _options_of(value)
    except ValueError:
        raise SettingError(f"{name} can't be read as a database address.") from None
    engine = str(found.get("ENGINE", ""))
    if engine.endswith(".sqlite3"):
        return found | _sqlite(name, written)
    if engine == "django.db.backends.postgresql":
        return found | _postgres(name, str(found.get("NAME", "")), {**written, **found.get("OPTIONS", {})})
    raise SettingError(f"{name} must start with postgres:// or sqlite://.")


def _options_of(value: str) -> dict[str, str]:
    """What stands behind the ?, also without a value; dj_database_url passes over those."""
    query = "" if value == "sqlite://:memory:" else urlsplit(value).query
    return {
        key: text for key, text in parse_qsl(query, keep_blank_values=True) if key not in {"currentSchema"}
    }


def _sqlite(name: str, options: dict[str, str]) -> dict[str, Any]:
    if options:
        raise SettingError(f"{name} has options behind the ?, but none are known for SQLite.")
    return {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False, "OPTIONS": dict(SQLITE_OPTIONS)}


def _postgres(name: str, database: str, options: dict[str, Any]) -> dict[str, Any]:
    if not 0 < len(database) <= LONGEST_NAME:
        raise SettingError(
            f"{name} must end with the name of a database, of {LONGEST_NAME} characters at most."
        )
    options = dict(options)
    pooled = _pooled(name, options.pop("pgbouncer", False))
    _check_names(name, options)
    _check_certificates(name, options)
    _check_values(name, options)
    return {
        # Behind a pooler the next statement may reach another session of the server, which knows no cursor of ours.
        "DISABLE_SERVER_SIDE_CURSORS": pooled,
        "OPTIONS": {"connect_timeout": CONNECT_TIMEOUT}
        | GONE
        | options
        | ({"prepare_threshold": None} if pooled else {}),
    }


def _pooled(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise SettingError(f"{name}: pgbouncer must be true or false.")
    return value


def _check_names(name: str, options: dict[str, Any]) -> None:
    known = {default.keyword.decode() for default in pq.Conninfo.get_defaults()}
    unknown = sorted(options.keys() - known)
    if unknown:
        more = "s" if len(unknown) > 1 else ""
        raise SettingError(f"{name} has the unknown option{more} {', '.join(unknown)[:200]}: take it out.")
    twice = sorted(option for option, value in options.items() if isinstance(value, list))
    if twice:
        raise SettingError(f"{name} gives the option {twice[0]} more than once.")


def _check_certificates(name: str, options: dict[str, Any]) -> None:
    for option in ("sslrootcert", "sslcert", "sslkey"):
        path = str(options.get(option, ""))
        if path and not (option == "sslrootcert" and path == "system") and not os.access(path, os.R_OK):
            raise SettingError(f"{name}: {option} names a file that can't be read: {path[:200]}.")
    if options.get("sslmode") in {"verify-ca", "verify-full"} and not _has_root(options):
        raise SettingError(
            f"{name}: sslmode={options['sslmode']} needs a root certificate: "
            "add &sslrootcert=/path/to/root.crt, or &sslrootcert=system for a public one."
        )


def _has_root(options: dict[str, Any]) -> bool:
    """Named here, by libpq's own variable, or where libpq looks by itself."""
    usual = Path("~/.postgresql/root.crt").expanduser()
    return bool(options.get("sslrootcert") or os.environ.get("PGSSLROOTCERT") or usual.is_file())


def _check_values(name: str, options: dict[str, Any]) -> None:
    """The driver's own opinion. It is asked at an address where nobody is, so that the check calls no server."""
    for option in _NUMBERS:
        if type(options.get(option, 0)) is not int:
            raise SettingError(f"{name}: {option} must be a whole number.")
    elsewhere = {key: value for key, value in options.items() if key not in {"hostaddr", "service"}}
    elsewhere |= {"host": _NOWHERE, "dbname": "x", "user": "x"}
    try:
        attempt = pq.PGconn.connect(make_conninfo(**elsewhere).encode())
    except Error as error:
        raise SettingError(f"{name}: {_first_line(str(error))}") from None
    said = attempt.get_error_message()
    attempt.finish()
    if _NOWHERE not in said:
        raise SettingError(f"{name}: {_first_line(said)}")


def _first_line(text: str) -> str:
    return (text.strip().splitlines() or ["it can't be used."])[0][:300]
