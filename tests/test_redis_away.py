"""Redis is away, in each way that it can be: pages work, sign-in works and keeps its limit, nothing waits for long."""

import logging
from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django.fixtures import Settings

from apps import cache as cache_module
from apps import wake as wake_module
from apps.accounts.models import Membership, Role, Team, User
from apps.cache import Cache
from apps.generation.jobs import poll_times
from tests.outsiders import KINDS, Outsider, outsider, within

pytestmark = pytest.mark.long


@pytest.fixture(params=KINDS)
def away(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Outsider]:
    """Broker and cache are on such a server, for the time of the test."""
    monkeypatch.setattr(Cache, "_away_until", 0.0)
    monkeypatch.setattr(wake_module, "_away_until", 0.0)
    with outsider(request.param) as redis:
        address = f"redis://127.0.0.1:{redis.port}"
        settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": address}}
        monkeypatch.setattr(wake_module.current_app.conf, "broker_write_url", address)
        wake_module._connection.cache_clear()
        yield redis
    wake_module._connection.cache_clear()


def test_the_cache_goes_on_and_waits_once(away: Outsider) -> None:
    with within(2 * cache_module.TOTAL_S + 2):  # once, and once for the question at the end
        for number in range(20):
            caches["default"].set(f"x{number}", number, 60)
        assert caches["default"].get_many(["x1", "x2"]) == {"x1": 1, "x2": 2}
        assert caches["default"].add("x1", 5) is False
        assert not caches["default"].responds()


@pytest.mark.django_db(transaction=True)
def test_waking_a_task_fails_no_request_and_waits_once(
    away: Outsider, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), within(2 * wake_module.ANSWERS_WITHIN_S + 4):
        for _ in range(10):
            wake_module.wake("accounts.refresh", "x")
    assert len([each for each in caplog.messages if "could not wake" in each]) == 1


@pytest.mark.django_db
def test_the_panel_and_the_sign_in_work(away: Outsider, client: Client) -> None:
    team = Team.objects.create(name="Night Bus")
    user = User.objects.create_user("mara@nightbus.example", "a song for the night bus")
    Membership.objects.create(team=team, user=user, role=Role.OWNER)
    with within(20):
        assert client.get("/auth/login/").status_code == 200
        form = {"login": "mara@nightbus.example", "password": "a song for the night bus"}
        assert client.post("/auth/login/", form).status_code == 302
        assert client.get("/jobs/panel/").status_code == 200
        assert poll_times._teams_with_open_panel() == [team.pk]


@pytest.mark.django_db
def test_failed_sign_ins_are_limited_all_the_same(away: Outsider, client: Client) -> None:
    User.objects.create_user("mara@nightbus.example", "a song for the night bus")
    form = {"login": "mara@nightbus.example", "password": "wrong"}
    said = [client.post("/auth/login/", form).content for _ in range(12)]
    assert b"oo many" in said[-1]


def test_readyz_says_that_the_cache_is_away(away: Outsider, client: Client, db: None) -> None:
    with within(10):
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert b"cache" in answer.content
