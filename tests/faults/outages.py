"""Ways in which a database goes away for a while. Each returns when it is away; nobody is asked to bring it back."""

import os
import sqlite3
import time
from collections.abc import Callable

import psycopg
from django.db import connection

AWAY_S = 1.2
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


def hold_the_write_lock() -> None:
    """SQLite: another process has the lock for longer than anybody waits for it, and dies with it."""
    locked, telling = os.pipe()
    if os.fork() == 0:
        try:
            other = sqlite3.connect(connection.settings_dict["NAME"], timeout=5)
            other.execute("BEGIN IMMEDIATE")
            os.write(telling, b"!")
            time.sleep(AWAY_S)
        finally:
            os._exit(0)
    os.close(telling)
    assert os.read(locked, 1) == b"!", "the lock was not to be had"
    os.close(locked)


def cut_every_connection() -> None:
    """Postgres: the server ends every session, as an operator or a proxy may."""
    with _server() as server:
        server.execute(CUT, [connection.settings_dict["NAME"]])


def close_the_database() -> None:
    """Postgres: nobody gets in for a while, as during a restart or a failover."""
    name = connection.settings_dict["NAME"]
    with _server() as server:
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        server.execute(CUT, [name])
    if os.fork() == 0:
        try:
            time.sleep(AWAY_S)
            with _server() as server:
                server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        finally:
            os._exit(0)


def _server() -> psycopg.Connection:
    """A session in the server's own database."""
    known = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    wanted = {name: connection.settings_dict[key] for name, key in known.items()}
    return psycopg.connect(dbname="postgres", autocommit=True, **{k: v for k, v in wanted.items() if v})


# Those that the database of this run can suffer.
KNOWN: dict[str, list[Callable[[], None]]] = {
    "sqlite": [hold_the_write_lock],
    "postgresql": [cut_every_connection, close_the_database],
}
HERE = KNOWN[connection.vendor]
# A lock can't be taken from somebody who is in the middle of a transaction; a session can be ended there.
INSIDE = ["before UPDATE generation_job"] if connection.vendor == "postgresql" else []
