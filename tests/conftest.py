"""What every room of the tests may use: the database, the sandbox, a clean cache."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models.signals import pre_save
from django.test import TransactionTestCase, override_settings
from django.test.utils import setup_databases, teardown_databases
from pytest_django import DjangoDbBlocker
from redis import Redis

from apps import transfers
from apps.accounts.models import AuditEntry
from apps.generation.restore import marks
from apps.sandbox.server import Sandbox
from tests import migrated


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="the long form of the fault tests: every crash step")
    parser.addoption("--database-only", action="store_true", help="what a second database can change")


EVERY, LONG_TABLE = 5, 2  # of a table of more than two cases `make test` tries each fifth


@pytest.hookimpl(tryfirst=True)  # before the marks decide what runs
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test that uses no database says the same on each of them: once is enough.

    Of the cases of one test the first and the last are enough for the second database: they differ in words and people,
    not in what is asked of it. Except where the file is about what a database can change.
    """
    for item in _between(item for item in items if not item.get_closest_marker("every_case")):
        item.add_marker(pytest.mark.long)
    chosen = [item for item in items if not _is_elsewhere(item)]
    if config.getoption("--database-only"):
        ends = set(_ends_of_each(item for item in chosen if _uses_database(item)))
        chosen = [item for item in chosen if item in ends]
    left = set(items) - set(chosen)
    config.hook.pytest_deselected(items=[item for item in items if item in left])
    items[:] = chosen


def _is_elsewhere(item: pytest.Item) -> bool:
    """What only a server of Postgres can do is no test on SQLite, not even one that is left out."""
    return item.get_closest_marker("postgres") is not None and connection.vendor != "postgresql"


def _between(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """The cases of long tables between those that `make test` tries."""
    for those in filter(lambda those: len(those) > LONG_TABLE, _by_test(items)):
        yield from (item for number, item in enumerate(those) if number % EVERY)


def _by_test(items: Iterable[pytest.Item]) -> Iterable[list[pytest.Item]]:
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    return cases.values()


def _ends_of_each(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    for those in _by_test(items):
        marked = those[0].get_closest_marker("databases")
        yield from those if marked else {those[0], those[-1]}


def _uses_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db", "live_server", "django_db_setup"}
    asked = fixtures & set(getattr(item, "fixturenames", ()))
    return bool(asked) or item.get_closest_marker("django_db") is not None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite in a file, as in the product: WAL and the waiting for a lock don't exist in memory.

    Only the waiting for the disk is left out: it is for power cuts, which no test makes.
    """
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(settings.DATA_DIR / "test.sqlite3")
        options = dict(connection.settings_dict["OPTIONS"])
        options["init_command"] += "PRAGMA synchronous=OFF;"
        connection.settings_dict["OPTIONS"] = options


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The test database, for whoever asks. pytest-django's own makes none for a file whose tests don't ask for `db`."""
    with django_db_blocker.unblock(), migrated.kept() as is_there:
        made = setup_databases(verbosity=0, interactive=False, serialized_aliases=(), keepdb=is_there)
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """A hash that is slow on purpose takes as long as several tests."""
    with override_settings(PASSWORD_HASHERS=["tests.hashers.OneRound"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick_emptying() -> Iterator[None]:
    """Of sixty tables a test fills ten; Django's flush goes through all of them, and then asks for every permission."""
    with patch.object(TransactionTestCase, "_fixture_teardown", lambda _: _empty_tables()):
        yield


def _empty_tables() -> None:
    """Keeps what the migrations wrote about the models themselves."""
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
    tables -= {"django_migrations", "django_content_type", "auth_permission"}
    asked = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in tables)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(asked)
        filled = [table for (table,) in cursor.fetchall()]
        with _forgetful(cursor):
            for table in filled:
                cursor.execute(f"DELETE FROM {table}")


@contextmanager
def _forgetful(cursor: CursorWrapper) -> Iterator[None]:
    """Without the trigger by which the database stores the audit trail for 400 days."""
    name, table = "audit_stored_for_400_days", "accounts_auditentry"
    if connection.vendor == "postgresql":
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        again = f"ALTER TABLE {table} ENABLE TRIGGER {name}"
    else:
        (again,) = cursor.execute("SELECT sql FROM sqlite_master WHERE name = %s", [name]).fetchone()
        cursor.execute(f"DROP TRIGGER {name}")
    yield
    cursor.execute(again)


@pytest.fixture(scope="session", autouse=True)
def _audited_together() -> Iterator[None]:
    """A line of the audit trail is written in a transaction with what it tells; a test's own transaction is none."""

    def check(**_: object) -> None:
        blocks = [block for block in connection.atomic_blocks if not block._from_testcase]
        assert blocks, "a line of the audit trail outside the transaction of what it tells"

    pre_save.connect(check, sender=AuditEntry)
    yield
    pre_save.disconnect(check, sender=AuditEntry)


@pytest.fixture(scope="session", autouse=True)
def _static_files() -> Iterator[None]:
    """As in `static/`, not collected and hashed: that the pages' files are there is for the browser tests."""
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES=settings.STORAGES | {"staticfiles": plain}):
        yield


@pytest.fixture(scope="session")
def _sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    server = Sandbox(tmp_path_factory.mktemp("sandbox"), port=0, speed=100)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def sandbox(_sandbox_server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Both remote APIs in miniature on a free port, empty for every test; a song takes about a second.

    `settings.SANDBOX_URL` and `OPERATOR_ORIGINS` know its address.
    """
    _sandbox_server.world.reset()
    # A test may set it lower, so that nothing is done before it says so; afterwards it is as before.
    monkeypatch.setattr(_sandbox_server.world, "speed", _sandbox_server.world.speed)
    monkeypatch.setattr(settings, "SANDBOX_URL", _sandbox_server.url)
    monkeypatch.setattr(settings, "OPERATOR_ORIGINS", settings.OPERATOR_ORIGINS | {_sandbox_server.url})
    return _sandbox_server


@pytest.fixture(autouse=True)
def _clean_slate() -> Iterator[None]:
    """The cache of a test is its own, its downloads and uploads, and the marks of what its database sent."""
    yield
    cache.clear()
    for each in (transfers.DOWNLOADS, transfers.UPLOADS):
        each.__dict__.update(vars(transfers.Transfers(each._most)))
    with Redis.from_url(settings.REDIS_URL) as redis:
        for key in redis.scan_iter(f"flowweb:{marks.FOLDER}:*"):
            redis.delete(key)
    shutil.rmtree(Path(settings.MEDIA_ROOT) / marks.FOLDER, ignore_errors=True)
