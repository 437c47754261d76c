"""Identifies the database: by the file of SQLite; by the server, timeline, database and table of Postgres.

A copy that was put back, a restored dump, another server or a new timeline is another database, though its rows are
the same. What a server doesn't tell is left out, and not compared.
"""

import ctypes
import os
from contextlib import nullcontext
from sys import byteorder

from django.db import DatabaseError, connection, transaction

# A dump that is restored into the same database makes the table anew.
PLACE = """SELECT (SELECT oid FROM pg_database WHERE datname = current_database()),
    'generation_sendledger'::regclass::oid"""
SERVER = "SELECT system_identifier FROM pg_control_system()"
# The names of statx(2) for "from the current folder" and for the field.
AT_FDCWD, BIRTH_TIME = -100, 0x800
TIMELINE = "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)"


def read() -> str:
    """As words that `is_another` compares; "" where nothing can be known."""
    found = _of_sqlite() if connection.vendor == "sqlite" else _of_postgres()
    return " ".join(f"{name}:{value}" for name, value in found.items())


def is_another(before: str, now: str) -> bool:
    """Whether what is known of both differs; two that have nothing in common are different ones."""
    old, new = (dict(word.split(":", 1) for word in words.split()) for words in (before, now))
    if not old or not new:
        return False
    common = old.keys() & new.keys()
    return not common or any(old[name] != new[name] for name in common)


def is_failover(before: str, now: str) -> bool:
    """Whether a standby has taken over: of all that is known of both, the timeline alone differs."""
    old, new = (dict(word.split(":", 1) for word in words.split()) for words in (before, now))
    return {name for name in old.keys() & new.keys() if old[name] != new[name]} == {"timeline"}


def reopen() -> None:
    """A file that was put in the place of another is seen by a new connection only: the old one reads on in the old."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        connection.close()


def _of_sqlite() -> dict[str, object]:
    """Its number and when it was made. The number alone is soon given to another one; no program can set the time."""
    try:
        number = os.stat(connection.settings_dict["NAME"]).st_ino
    except OSError:  # in memory
        return {}
    return (
        {"file": number, "made": made}
        if (made := _made(connection.settings_dict["NAME"]))
        else {"file": number}
    )


def _made(path: str) -> str:
    """When a file was made, of Linux alone and where its file system says so (statx(2)); else ""."""
    found = ctypes.create_string_buffer(256)
    try:
        failed = ctypes.CDLL(None).statx(AT_FDCWD, os.fsencode(path), 0, BIRTH_TIME, found)
    except AttributeError:  # another system
        return ""
    if failed or not int.from_bytes(found.raw[:4], byteorder) & BIRTH_TIME:
        return ""
    seconds, nanoseconds = found.raw[80:88], found.raw[88:92]
    return f"{int.from_bytes(seconds, byteorder)}.{int.from_bytes(nanoseconds, byteorder):09d}"


def _of_postgres() -> dict[str, object]:
    names = ("database", "table", "server", "timeline")
    found = _row(f"{PLACE}, ({SERVER}), ({TIMELINE})") or _row(f"{PLACE}, ({SERVER})") or _row(PLACE) or ()
    return dict(zip(names, found, strict=False))


def _row(sql: str) -> tuple[object, ...] | None:
    """None where the server has no such function, or keeps it to itself."""
    try:
        # Outside of a transaction there is none to be kept from what fails in here.
        inside = transaction.atomic() if connection.in_atomic_block else nullcontext()
        with inside, connection.cursor() as cursor:
            cursor.execute(sql)
            row: tuple[object, ...] | None = cursor.fetchone()
            return row
    except DatabaseError:
        return None
