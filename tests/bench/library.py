"""The library with 100,000 takes against the library with 1,000, on SQLite and on Postgres.

Each library is a database of its own, filled and read by a process of its own (tests/bench/library_seed.py).
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from tests.run import postgres

SMALL, BIG = 1_000, 100_000
VISITS = 30
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
            return [*_compare("SQLite"), *_compare("Postgres", server.url)]
    except postgres.NoPostgres as error:
        return [*_compare("SQLite"), ("library on Postgres", "not measured", str(error))]


def _compare(name: str, server: str = "") -> list[Line]:
    """Turn by turn, so that whatever else the machine does slows down both alike; the quickest answers count."""
    with _shelves(SMALL, server) as small, _shelves(BIG, server) as big:
        took = {page: [(small(page), big(page)) for _ in range(VISITS)] for page in WORDS}
    best = {page: [min(each) for each in zip(*pairs, strict=True)] for page, pairs in took.items()}
    return [
        (f"library of {BIG:,} takes, {name}, {words}", f"{best[page][1]:.1f} ms", _ratio(*best[page]))
        for page, words in WORDS.items()
    ]


def _ratio(small: float, big: float) -> str:
    return f"{big / small:.2f} × of {SMALL:,}"


@contextmanager
def _shelves(takes: int, server: str) -> Iterator[Callable[[str], float]]:
    """A filled library; calling it with the name of a page gives milliseconds."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.library_seed", str(takes)],
        env={**os.environ, "DATABASE_URL": _empty_database(server, f"takes{takes}") if server else ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    asked, answered = process.stdin, process.stdout

    def visit(page: str) -> float:
        print(page, file=asked, flush=True)
        return float(answered.readline())

    try:
        for page in WORDS:
            visit(page)  # filled, and warm
        yield visit
    finally:
        asked.close()
        process.wait()


def _empty_database(server: str, name: str) -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server.rpartition('/')[0]}/{name}"
