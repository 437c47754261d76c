"""A session ends when it was not used for fourteen days, and is rarely written while it is."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.accounts.conftest import People

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = "/settings/tokens/"


@pytest.fixture
def client(people: People) -> Client:
    with time_machine.travel(START, tick=False):
        client = Client()
        client.force_login(people.owner)
    return client


def status(client: Client, after: timedelta) -> int:
    with time_machine.travel(START + after, tick=False):
        return client.get(PAGE).status_code


def test_it_ends_after_fourteen_idle_days(client: Client) -> None:
    assert status(client, timedelta(days=14, minutes=1)) == 302


def test_it_lasts_while_it_is_used(client: Client) -> None:
    for days in (13, 26, 39):
        assert status(client, timedelta(days=days)) == 200
    assert status(client, timedelta(days=53, minutes=1)) == 302


def test_the_cookie_lasts_as_long(client: Client) -> None:
    with time_machine.travel(START + timedelta(days=10), tick=False):
        cookie = client.get(PAGE).cookies["sessionid"]
    assert cookie["max-age"] == timedelta(days=14).total_seconds()


def test_it_is_written_once_an_hour(client: Client) -> None:
    def writes(after: timedelta) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert status(client, after) == 200
        return sum(each["sql"].startswith("UPDATE") and "django_session" in each["sql"] for each in queries)

    assert [writes(timedelta(minutes=minutes)) for minutes in (1, 59, 61, 62, 120)] == [0, 0, 1, 0, 0]


def test_one_that_was_begun_when_they_lasted_longer(client: Client) -> None:
    session = client.session
    with time_machine.travel(START, tick=False):
        session.set_expiry(60 * 60 * 24 * 30)
        session.save()
    assert status(client, timedelta(days=1)) == 200
    assert Session.objects.get().expire_date == START + timedelta(days=15)
