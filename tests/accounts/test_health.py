"""/readyz knows what a page needs (more in test_studio.py)."""

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django.fixtures import Settings

from apps.accounts import health
from flowweb import store


def test_readyz_before_the_migrations(db: None) -> None:
    MigrationRecorder.Migration.objects.filter(app="library").latest("pk").delete()
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"no migrations")


def test_readyz_without_the_store(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real S3 client, and nobody at the other end; back again, it is asked again."""
    monkeypatch.setattr(health, "_store_answered_at", float("-inf"))
    with monkeypatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "made-up")
        patch.setenv("AWS_S3_ENDPOINT_URL", "http://127.0.0.1:9")
        before = settings.STORAGES
        settings.STORAGES = before | {"default": store.storage("songs")}
        assert Client().get("/readyz").content == b"no store"
        settings.STORAGES = before
    assert Client().get("/readyz").content.startswith(b"ready")
