"""/healthz and /readyz: what a page needs, and who waits for it."""

from collections.abc import Callable
from threading import Thread

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from apps import object_storage
from apps.accounts import health
from flowweb import store
from tests.local.processes import wait_for
from tests.outsiders import outsider, within


def test_healthz_asks_nothing_of_the_database(db: None, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/healthz").content == b"ok"


def test_readyz(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client().get("/readyz").content.startswith(b"ready")

    def broken(*_: object) -> None:
        raise OperationalError("no")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", broken)
        answer = health.readyz(RequestFactory().get("/readyz"))
    assert (answer.status_code, answer.content) == (503, b"no database")


def test_readyz_without_a_cache(db: None, settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "apps.cache.Cache",
            "LOCATION": "unix:///nowhere/redis.sock",
        }
    }
    assert Client().get("/readyz").content == b"no cache"


def test_readyz_before_the_migrations(db: None) -> None:
    MigrationRecorder.Migration.objects.filter(app="library").latest("pk").delete()
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"no migrations")


@pytest.fixture
def away_store(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes the site use a real S3 client, with whoever is at that port at the other end."""
    monkeypatch.setattr(health, "_store_known", (False, float("-inf")))
    monkeypatch.setattr(object_storage, "_away_until", 0.0)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")

    def use(port: int) -> None:
        monkeypatch.setenv("AWS_S3_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        settings.STORAGES = settings.STORAGES | {"default": store.storage("songs")}

    return use


def test_readyz_without_the_store(
    db: None, settings: Settings, away_store: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Back again, it is asked again, but not at once."""
    before = settings.STORAGES
    away_store(9)
    assert Client().get("/readyz").content == b"no store"
    settings.STORAGES = before
    assert Client().get("/readyz").content == b"no store"
    monkeypatch.setattr(health, "LEFT_ALONE_S", 0.0)
    assert Client().get("/readyz").content.startswith(b"ready")


@pytest.mark.long
def test_a_probe_waits_for_a_silent_store_no_longer_than_a_page_does(
    db: None, away_store: Callable[[int], None]
) -> None:
    with outsider("silent") as silent:
        away_store(silent.port)
        with within(12):
            assert Client().get("/readyz").content == b"no store"
        asked = silent.connections
        with within(1):
            assert Client().get("/readyz").content == b"no store"
        assert silent.connections == asked


def test_a_silent_store_holds_one_thread_of_the_web(away_store: Callable[[int], None]) -> None:
    said: list[bool] = []
    with outsider("silent") as silent:
        away_store(silent.port)
        first = Thread(target=lambda: said.append(health._store()), daemon=True)
        first.start()
        assert wait_for(lambda: silent.connections > 0)
        with within(1):
            assert not health._store()
        assert first.is_alive()
    first.join(20)
    assert said == [False]
