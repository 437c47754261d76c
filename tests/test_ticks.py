"""Ticks: no host's clock is held against another's, piled-up ones cost nothing, and their absence is said."""

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
import redis
import time_machine
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts import ticks
from apps.generation import tasks
from apps.generation.jobs import poll_times
from apps.generation.models import Lease
from apps.library import tasks as library_tasks
from apps.wake import wake
from tests.faults import messages

pytestmark = pytest.mark.databases


def test_no_message_expires_by_a_hosts_clock() -> None:
    """A beat or a web whose clock goes wrong by minutes must not have its messages thrown away."""
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert "expires" not in entry.get("options", {})


@pytest.mark.django_db(transaction=True)
def test_what_is_woken_does_not_expire() -> None:
    messages.take()
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=2)):
        wake("accounts.refresh", "x")
    with current_app.connection_for_read() as broker:
        queue = broker.SimpleQueue("celery")
        message = queue.get(timeout=5)
        message.ack()
        queue.close()
    assert message.headers["task"] == "accounts.refresh"
    assert message.headers["expires"] is None


@pytest.mark.django_db
def test_turns_are_taken_by_the_clock_of_the_database() -> None:
    """A worker whose clock is an hour ahead neither takes every turn nor none."""
    assert poll_times.take_lease("tick", timedelta(seconds=4))
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        assert not poll_times.take_lease("tick", timedelta(seconds=4))
    Lease.objects.update(until=datetime.now(UTC) - timedelta(seconds=1))
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=1)):
        assert poll_times.take_lease("tick", timedelta(seconds=4))
        assert not poll_times.take_lease("tick", timedelta(seconds=4))


@pytest.mark.django_db
def test_a_clock_that_was_put_back_stops_no_tick(client: Client) -> None:
    """Of the database's server: what was taken before lies hours ahead."""
    Lease.objects.create(name="tick", until=datetime.now(UTC) + timedelta(hours=3))
    tasks.tick()
    assert Lease.objects.get(name="tick").until < datetime.now(UTC) + timedelta(minutes=1)
    assert not poll_times.take_lease("tick", timedelta(seconds=4)), "once"
    assert b"last tick " in client.get("/readyz").content


@pytest.mark.django_db
def test_a_tick_that_never_has_its_turn_is_not_said_to_have_come(client: Client) -> None:
    assert poll_times.take_lease("tick", timedelta(seconds=4))
    tasks.tick()
    assert b"no tick since this site started" in client.get("/readyz").content


@pytest.mark.django_db
@pytest.mark.parametrize("task", [tasks.tick, library_tasks.wake_files, library_tasks.purge_trash])
def test_ticks_that_have_piled_up_cost_nothing(task: object) -> None:
    """As after an hour without a worker: the first one works, each other is over at once."""
    task()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        for _ in range(50):
            task()
    assert len(asked) <= 50 * 3, "the turn alone is asked for"


@pytest.mark.django_db
def test_readyz_says_how_old_the_last_tick_is(client: Client) -> None:
    assert b"no tick since this site started" in client.get("/readyz").content
    tasks.tick()
    assert re.search(rb"last tick \d s ago", client.get("/readyz").content)
    redis_clock_goes_on(75)
    answer = client.get("/readyz")
    assert answer.status_code == 200, "the web serves without beat"
    assert re.search(rb"no tick for 7\d s", answer.content)


def test_a_worker_without_ticks_says_so_in_its_log(caplog: pytest.LogCaptureFixture) -> None:
    ticks.note()
    with caplog.at_level(logging.WARNING):
        ticks.warn()
        assert not caplog.messages
        redis_clock_goes_on(75)
        ticks.warn()
    (message,) = caplog.messages
    assert re.fullmatch(r"no tick for 7\d s: is beat running\?", message)


def redis_clock_goes_on(seconds: int) -> None:
    server = cache._cache.get_client(None)
    assert isinstance(server, redis.Redis)
    key = cache.make_and_validate_key(ticks.KEY)
    assert server.pexpire(key, int((ticks.KEPT_S - seconds) * 1000))
