"""What goes out with a song, and what doesn't."""

import json

import pytest
from django.test import override_settings

from apps.accounts.models import Subscription
from apps.generation.dispatch import dispatcher
from tests.generation.conftest import Studio

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("webhooks", "public_url", "endpoint", "can"),
    [
        (True, "https://music.example.com", "https://api.useapi.net/v1/flowmusic", True),
        (True, "http://127.0.0.1:8000", "http://127.0.0.1:8765/v1/flowmusic", True),
        (True, "http://127.0.0.1:8000", "https://api.useapi.net/v1/flowmusic", False),
        (False, "https://music.example.com", "https://api.useapi.net/v1/flowmusic", False),
    ],
)
def test_a_webhook_is_asked_for_only_where_it_can_arrive(
    webhooks: bool, public_url: str, endpoint: str, can: bool
) -> None:
    with override_settings(WEBHOOKS=webhooks, PUBLIC_URL=public_url):
        assert dispatcher._can_call_back(Subscription(endpoint=endpoint)) is can


@pytest.mark.django_db(transaction=True)
def test_only_what_was_chosen_and_what_is_ours_is_sent(studio: Studio) -> None:
    (job,) = studio.ask("a drone [slow]")
    studio.dispatch()
    (row,) = studio.sandbox.state.rows("SELECT request FROM jobs")
    assert json.loads(row["request"]) == {
        "prompt": "a drone [slow]",
        "email": studio.account("studio").email,
        "mode": "async",
        "replyRef": job.reference,
    }
