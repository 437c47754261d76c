"""What every room of the tests may use: the database, the sandbox, a clean cache."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import override_settings

from apps.sandbox.server import Sandbox


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="the long form of the fault tests")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite in a file, as in the product: WAL and the waiting for a lock don't exist in memory."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(settings.DATA_DIR / "test.sqlite3")


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
    """The cache of a test is its own."""
    yield
    cache.clear()
