"""GET /accounts, GET /accounts/{email} and the tokens."""

import re
from urllib.parse import quote

import pytest

from apps.sandbox.server import Sandbox
from tests.sandbox.client import NIGHT, STUDIO, Client

SHAPE = {
    "email": str,
    "tier": str,
    "subscription_plan": str,
    "provider": str,
    "user_id": str,
    "maxJobs": int,
    "added": str,
    "refreshed_at": str,
    "refreshed_count": int,
    "access_token": str,
    "access_token_expires_at": str,
    "refresh_token": str,
    "session_id": str,
}


def test_the_list_has_the_page_s_shape(client: Client) -> None:
    answer = client.get("/accounts")
    assert answer.status == 200
    assert list(answer.json) == [STUDIO, NIGHT]
    for email, record in answer.json.items():
        assert {name: type(value) for name, value in record.items()} == SHAPE
        assert record["email"] == email
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["added"])
        assert "…redacted…" in record["access_token"]
    assert [record["maxJobs"] for record in answer.json.values()] == [4, 2]


def test_one_account_shows_its_balance(client: Client) -> None:
    answer = client.get(f"/accounts/{quote(NIGHT, safe='')}")
    assert answer.status == 200
    assert {name: type(value) for name, value in answer.json.items()} == SHAPE | {
        "credits_remaining": int,
        "tokens_remaining": int,
    }
    assert (answer.json["credits_remaining"], answer.json["tokens_remaining"]) == (120, 1440)


def test_an_account_that_is_not_configured_is_404(client: Client) -> None:
    answer = client.get("/accounts/nobody%40sandbox.example")
    assert (answer.status, answer.json["code"]) == (404, 404)


def test_an_account_in_error_has_a_reason_and_no_balance(remote: Sandbox) -> None:
    client = Client(remote.url, "user:7-sandboxerror")
    record = client.get(f"/accounts/{quote(STUDIO, safe='')}").json
    assert record["error"] == "refresh token rejected"
    assert "credits_remaining" not in record
    assert all("error" in account for account in client.get("/accounts").json.values())


def test_empty_and_poor_subscriptions(remote: Sandbox) -> None:
    assert Client(remote.url, "user:7-sandboxempty").get("/accounts").json == {}
    poor = Client(remote.url, "user:7-sandboxpoor")
    assert poor.credits(STUDIO) == 0
    assert poor.credits(NIGHT) > 100
    # The same number without that word is another world.
    assert Client(remote.url, "user:7-sandboxdemo").credits(STUDIO) == 500


@pytest.mark.parametrize(
    "token", [None, "user:1000-other", "user:x-sandbox", "1000-sandbox", "user:1000-sand-box", ""]
)
def test_unknown_tokens_are_401(remote: Sandbox, token: str | None) -> None:
    answer = Client(remote.url, token).get("/accounts")
    assert (answer.status, answer.json) == (401, {"error": "Unauthorized", "code": 401})


def test_a_subscription_that_ended_is_402(remote: Sandbox) -> None:
    answer = Client(remote.url, "user:402-sandboxdemo").get("/accounts")
    assert answer.status == 402
    assert "no subscription" in answer.json["error"]


def test_every_number_is_a_subscription_of_its_own(remote: Sandbox) -> None:
    one, two = Client(remote.url, "user:1-sandboxdemo"), Client(remote.url, "user:2-sandboxdemo")
    one.music("a song", email=STUDIO)
    assert (one.credits(), two.credits()) == (495, 500)
    assert one.get("/accounts").json[STUDIO]["user_id"] != two.get("/accounts").json[STUDIO]["user_id"]


def test_another_token_of_the_same_number_sees_the_same(remote: Sandbox) -> None:
    Client(remote.url, "user:1-sandboxold").music("a song", email=STUDIO)
    assert Client(remote.url, "user:1-sandboxnew").credits() == 495
