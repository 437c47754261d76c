"""Ways in which a database is turned back, each on the real thing. The name of each says what it is."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from redis import Redis

from apps.generation.restore import marks as restore_marks
from tests.local.processes import wait_for
from tests.run import postgres
from tests.run.postgres import Server

# Takes the backup at once; what it returns puts it back.
PutBack = Callable[[], None]
Way = Callable[[Path], PutBack]
SIDES = ("", "-wal", "-shm")


# SQLite: the file.


def a_copied_file(folder: Path) -> PutBack:
    """With its -wal, as `cp` takes it while the site runs; put back under its name as another file."""
    file = Path(connection.settings_dict["NAME"])
    _copy(file, folder)

    def put_back() -> None:
        connection.close()
        for side in SIDES:
            Path(f"{file}{side}").unlink(missing_ok=True)
        _copy(folder / file.name, file.parent)

    return put_back


def over_the_same_file(folder: Path) -> PutBack:
    """`cp` onto the file that is there: it stays the same file, with the same number."""
    file = Path(connection.settings_dict["NAME"])
    connection.close()  # the last one to go writes the -wal into the file
    _copy(file, folder)

    def put_back() -> None:
        connection.close()
        for side in SIDES[1:]:
            Path(f"{file}{side}").unlink(missing_ok=True)
        file.write_bytes((folder / file.name).read_bytes())

    return put_back


def the_whole_folder(folder: Path) -> PutBack:
    """The marks in the file store are copied with it; those in Redis end with the start."""
    put_file_back = a_copied_file(folder)
    marks = Path(settings.MEDIA_ROOT) / restore_marks.FOLDER
    if marks.exists():
        shutil.copytree(marks, folder / "marks")

    def put_back() -> None:
        put_file_back()
        lose_redis()
        shutil.rmtree(marks, ignore_errors=True)
        if (folder / "marks").exists():
            shutil.copytree(folder / "marks", marks)

    return put_back


def _copy(file: Path, to: Path) -> None:
    for side in SIDES[:2]:
        if Path(f"{file}{side}").exists():
            shutil.copyfile(f"{file}{side}", to / f"{file.name}{side}")


# Postgres: a dump.


def a_dump_into_the_same_database(folder: Path) -> PutBack:
    dump = folder / "dump"
    _run("pg_dump", "-Fc", "-f", str(dump), _url())
    return lambda: _run("pg_restore", "--clean", "--if-exists", "--exit-on-error", "-d", _url(), str(dump))


def rows_of_a_dump(folder: Path) -> PutBack:
    """The tables stay the same ones; what is in them is of the dump."""
    dump = folder / "dump"
    _run("pg_dump", "-Fc", "--data-only", "-f", str(dump), _url())

    def put_back() -> None:
        with connection.cursor() as cursor:
            tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
            cursor.execute(f"TRUNCATE {', '.join(tables)}, django_migrations CASCADE")
        connection.close()
        _run("pg_restore", "--data-only", "--disable-triggers", "-d", _url(), str(dump))

    return put_back


def a_dump_into_a_new_database(folder: Path) -> PutBack:
    """The new one under another name, as DATABASE_URL says from then on."""
    dump, name = folder / "dump.sql", f"{connection.settings_dict['NAME']}_new"
    _run("pg_dump", "-f", str(dump), _url())

    def put_back() -> None:
        with psycopg.connect(_url(), autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}"')
            server.execute(f'CREATE DATABASE "{name}"')
        _move(NAME=name)
        _run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", _url(), "-f", str(dump))

    return put_back


# Postgres: the server, whose data folder is in our hands.


def a_physical_copy(server: Server) -> PutBack:
    """What a rollback button does: the same server, the same timeline, and rows from before."""
    copy = _copy_of_data(server)

    def put_back() -> None:
        with _stopped(server):
            shutil.rmtree(server.data)
            _as_owner(server, "cp", "-a", str(copy), str(server.data))

    return put_back


def a_point_in_time(server: Server) -> PutBack:
    """A recovery from a copy, to the end of what is archived: a new timeline."""
    physical = a_physical_copy(server)
    copy = server.home / "copy"
    (copy / "recovery.signal").touch()
    with (copy / "postgresql.auto.conf").open("a") as conf:
        conf.write("restore_command = 'false'\n")
    _as_owner(server, "chmod", "-R", "u+rwX", str(copy))
    return physical


def a_failover(server: Server) -> PutBack:
    """A new timeline of which nothing is missing."""

    def put_back() -> None:
        with _stopped(server):
            (server.data / "recovery.signal").touch()
            with (server.data / "postgresql.auto.conf").open("a") as conf:
                conf.write("restore_command = 'false'\n")

    return put_back


@contextmanager
def own_server() -> Iterator[Server]:
    """The test's database, moved to a server that may be stopped."""
    before = dict(connection.settings_dict)
    with postgres.private_server() as server:
        dump = server.home / "schema.sql"
        _run("pg_dump", "-f", str(dump), _url())
        _move(NAME="postgres", HOST=str(server.home), USER="postgres", PORT="", PASSWORD="")
        _run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", _url(), "-f", str(dump))
        try:
            yield server
        finally:
            _move(**before)


@contextmanager
def same_place() -> Iterator[None]:
    """A database that went elsewhere is left, and thrown away."""
    before = dict(connection.settings_dict)
    yield
    now = connection.settings_dict["NAME"]
    _move(**before)
    if now != before["NAME"] and connection.vendor == "postgresql":
        with psycopg.connect(_url(), autocommit=True) as server:
            server.execute(f'DROP DATABASE "{now}"')


def _copy_of_data(server: Server) -> Path:
    copy = server.home / "copy"
    with _stopped(server):
        _as_owner(server, "cp", "-a", str(server.data), str(copy))
    return copy


@contextmanager
def _stopped(server: Server) -> Iterator[None]:
    connection.close()
    server.stop(signal.SIGINT)
    try:
        yield
    finally:
        _as_owner(server, "rm", "-f", str(server.data / "postmaster.pid"))
        server.start()
        assert wait_for(_takes_writes), "it stays in recovery"


def _takes_writes() -> bool:
    with psycopg.connect(_url()) as server:
        row = server.execute("SELECT pg_is_in_recovery()").fetchone()
    return row == (False,)


def _as_owner(server: Server, *command: str) -> None:
    subprocess.run(command, check=True)
    if server.programs.user and os.geteuid() == 0:
        for folder in (server.data, server.home / "copy"):
            if folder.exists():
                subprocess.run(["chown", "-R", server.programs.user, str(folder)], check=True)


def _move(**where: Any) -> None:
    connection.close()
    connection.settings_dict.update(where)


def _url() -> str:
    """For the programs of Postgres, as a line of words."""
    known = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    wanted = {name: connection.settings_dict[key] for name, key in known.items()}
    return " ".join(f"{name}='{value}'" for name, value in wanted.items() if value)


def _run(program: str, *arguments: str) -> None:
    connection.close()
    done = subprocess.run([_find(program), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _find(program: str) -> str:
    """Of the newest server that is here: it must be no older than the one that is asked."""
    found = postgres.programs_here()
    return str(found / program)


# The marks outside.


def lose_redis() -> None:
    cache.clear()
    with Redis.from_url(settings.REDIS_URL) as redis:
        for key in redis.scan_iter(f"flowweb:{restore_marks.FOLDER}:*"):
            redis.delete(key)


def lose_files() -> None:
    shutil.rmtree(Path(settings.MEDIA_ROOT) / restore_marks.FOLDER, ignore_errors=True)


def lose_both() -> None:
    lose_redis()
    lose_files()


def lose_nothing() -> None:
    """Everything is where it was."""


SQLITE: list[Way] = [a_copied_file, over_the_same_file, the_whole_folder]
POSTGRES: list[Way] = [a_dump_into_the_same_database, rows_of_a_dump, a_dump_into_a_new_database]
SERVER: list[Callable[[Server], PutBack]] = [a_physical_copy, a_point_in_time]
HERE = SQLITE if connection.vendor == "sqlite" else POSTGRES
