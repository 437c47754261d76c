"""The library with 100,000 takes against the library with 1,000, on SQLite and on Postgres.

Each library is a database of its own, filled and read by a process of its own (tests/bench/shelves.py).
"""

import json
import os
import subprocess
import sys

import psycopg

from tests.run import postgres

SMALL, BIG = 1_000, 100_000
WORDS = {
    "first": "first page",
    "far": "page 1,000",  # of the small library the last one
    "search": "search with 50 hits",
}

Line = tuple[str, str, str]


def lines() -> list[Line]:
    """Milliseconds of each page of the big library, beside those of the small one."""
    try:
        with postgres.private_server() as server:
            return [*_compare("SQLite"), *_compare("Postgres", server)]
    except postgres.NoPostgres as error:
        return [*_compare("SQLite"), ("library on Postgres", "not measured", str(error))]


def _compare(name: str, server: str = "") -> list[Line]:
    small, big = _measure(SMALL, server), _measure(BIG, server)
    return [
        (
            f"library of {BIG:,} takes, {name}, {words}",
            f"{big[page]:.1f} ms",
            f"{big[page] / small[page]:.2f} × of {SMALL:,}",
        )
        for page, words in WORDS.items()
    ]


def _measure(takes: int, server: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.shelves", str(takes)],
        env={**os.environ, "DATABASE_URL": _empty_database(server, f"takes{takes}") if server else ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _empty_database(server: str, name: str) -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server.rpartition('/')[0]}/{name}"
