"""POST and DELETE /accounts: accounts come with a refresh token that is kept nowhere."""

from typing import Any
from urllib.parse import quote

import pytest

from apps.sandbox.server import Sandbox
from tests.sandbox.client import API, NIGHT, STUDIO, Client, Reply
from tests.sandbox.test_accounts import SHAPE

MARY = "sandbox-refresh-mary"


def add(client: Client, **form: Any) -> Reply:
    return client.post(f"{API}/accounts", form)


def remove(client: Client, email: str) -> Reply:
    return client.call("DELETE", f"{API}/accounts/{quote(email, safe='')}")


def test_a_new_account_and_the_same_again(client: Client) -> None:
    new = add(client, refresh_token=MARY, maxJobs=5)
    assert new.status == 201
    assert {name: type(value) for name, value in new.json.items()} == SHAPE
    assert (new.json["email"], new.json["tier"], new.json["maxJobs"]) == ("mary@sandbox.example", "plus", 5)
    again = add(client, refresh_token=MARY)
    assert again.status == 200
    assert (again.json["maxJobs"], again.json["user_id"]) == (5, new.json["user_id"])
    assert list(client.get("/accounts").json) == [STUDIO, NIGHT, "mary@sandbox.example"]
    assert client.music("x", email="mary@sandbox.example").status == 201


@pytest.mark.parametrize(
    ("token", "tier", "max_jobs"),
    [
        ("sandbox-refresh-starter.joe", "starter", 8),
        ("sandbox-refresh-member", "member", 16),
        ("A" * 40, "plus", 12),
    ],
)
def test_plans(client: Client, token: str, tier: str, max_jobs: int) -> None:
    record = add(client, refresh_token=token).json
    assert (record["tier"], record["maxJobs"]) == (tier, max_jobs)
    assert record["subscription_plan"] == f"{tier}-monthly"
    assert add(client, refresh_token=token).status == 200


def test_a_free_account_has_no_plan(client: Client) -> None:
    record = add(client, refresh_token="sandbox-refresh-free").json
    assert "subscription_plan" not in record
    assert "provider" not in record


@pytest.mark.parametrize(
    ("form", "words"),
    [({}, "refresh_token is required"), ({"refresh_token": ""}, "refresh_token is required"),
     ({"refresh_token": "short"}, "at least 10"), ({"refresh_token": "bad-token-1234"}, "Failed to refresh"),
     ({"refresh_token": MARY, "maxJobs": 17}, "maxJobs (17)"), ({"refresh_token": MARY, "maxJobs": 0}, "maxJobs (0)"),
     ({"refresh_token": MARY, "maxJobs": "4"}, "maxJobs (4)"), ({"refresh_token": MARY, "email": STUDIO}, "email"),
     ({"email": STUDIO}, "refresh_token is required"), ({"maxJobs": 4}, "refresh_token is required"),
     ({"email": STUDIO, "maxJobs": 17}, "maxJobs (17)"),
     ({"email": STUDIO, "maxJobs": 4, "tier": "plus"}, "is required")],
)  # fmt: skip
def test_what_is_400(client: Client, form: dict[str, Any], words: str) -> None:
    answer = add(client, **form)
    assert (answer.status, answer.json["code"]) == (400, 400)
    assert words in answer.json["error"]
    assert [each["maxJobs"] for each in client.get("/accounts").json.values()] == [4, 2]


def test_a_broken_account_is_mended(client: Client) -> None:
    add(client, refresh_token=MARY)
    client.control("accounts", email="mary@sandbox.example", error="refresh token rejected")
    assert client.music("x", email="mary@sandbox.example").status == 596
    assert "error" not in add(client, refresh_token=MARY).json
    assert client.music("x", email="mary@sandbox.example").status == 201


def test_max_jobs_alone(client: Client) -> None:
    before = client.get("/accounts").json[NIGHT]
    answer = add(client, email=NIGHT, maxJobs=7)
    assert (answer.status, answer.json) == (200, before | {"maxJobs": 7})
    assert add(client, email="nobody@sandbox.example", maxJobs=7).status == 404
    client.control("scenario", operation="add_account", scenario="old server")
    older = add(client, email=NIGHT, maxJobs=8)
    assert (older.status, older.json["error"]) == (400, "Parameter refresh_token is required")
    client.control("scenario", operation="add_account", scenario="refresh rejected")
    assert "Failed to refresh" in add(client, refresh_token=MARY).json["error"]


def test_an_account_is_removed(client: Client) -> None:
    answer = remove(client, NIGHT)
    assert (answer.status, answer.body) == (204, b"")
    assert remove(client, NIGHT).status == 404
    assert list(client.get("/accounts").json) == [STUDIO]
    assert Client(client.url, "user:2-sandboxdemo").get(f"/accounts/{quote(NIGHT, safe='')}").status == 200


def test_a_refresh_token_is_kept_nowhere(client: Client, remote: Sandbox) -> None:
    secret = "sandbox-refresh-canary-Zx41LwPb93"
    answer = add(client, refresh_token=secret)
    assert b"Zx41LwPb93" not in answer.body
    remote.state.rows("PRAGMA wal_checkpoint")
    files = [path.read_bytes() for path in remote.world.media_files.folder.parent.glob("sandbox.sqlite3*")]
    assert files
    assert not any(b"Zx41LwPb93" in content for content in files)
