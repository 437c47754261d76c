"""Connecting, changing and removing Flow Music accounts; walking through their clips."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from apps.upstream.clips import ClipPage
from apps.upstream.errors import OutcomeUnknown
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.parsing import ParseError
from apps.upstream.token import RefreshToken
from tests.upstream import scripted
from tests.upstream.scripted import ScriptedServer

Serve = Callable[..., ScriptedServer]
Client = Callable[[ScriptedServer], FlowMusic]
EMAIL = "night+bus@x.example"
RECORD = {
    "email": EMAIL,
    "tier": "plus",
    "subscription_plan": "plus-monthly",
    "provider": "g1_entitlement",
    "maxJobs": 12,
    "added": "2026-06-01T12:00:00.000Z",
    "refreshed_at": "2026-06-02T12:00:00.000Z",
    "refresh_token": "l6e…redacted…z4v",
}


def sent(server: ScriptedServer) -> tuple[str, object]:
    (request,) = server.requests
    head, _, body = request.decode().partition("\r\n\r\n")
    return head.split(" HTTP/")[0], json.loads(body) if body else None


@pytest.mark.parametrize("status", [200, 201])
def test_an_account_is_connected(status: int, serve: Serve, client: Client) -> None:
    server = serve(scripted.reply(status, RECORD))
    account = client(server).add_account(
        RefreshToken.parse(' "1//odd\\"Token-é"'.replace("é", "e")), max_jobs=4
    )
    assert sent(server) == (
        "POST /v1/flowmusic/accounts",
        {"refresh_token": '1//odd\\"Token-e', "maxJobs": 4},
    )
    assert (account.email, account.tier, account.max_jobs, account.error) == (EMAIL, "plus", 12, None)
    assert (account.subscription_plan, account.provider) == ("plus-monthly", "g1_entitlement")
    assert account.added == datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert account.refreshed_at == datetime(2026, 6, 2, 12, tzinfo=UTC)


def test_the_number_of_jobs_is_left_to_the_plan(serve: Serve, client: Client) -> None:
    server = serve(scripted.reply(201, RECORD))
    client(server).add_account(RefreshToken("0123456789"))
    assert sent(server)[1] == {"refresh_token": "0123456789"}


def test_only_the_number_is_changed(serve: Serve, client: Client) -> None:
    server = serve(scripted.reply(200, {"maxJobs": 3}))
    account = client(server).set_max_jobs(EMAIL, 3)
    assert (account.email, account.max_jobs) == (EMAIL, 3)
    assert sent(server) == ("POST /v1/flowmusic/accounts", {"email": EMAIL, "maxJobs": 3})


def test_an_account_is_removed(serve: Serve, client: Client) -> None:
    server = serve(scripted.raw(scripted.head(204)))
    assert client(server).remove_account(EMAIL) is None
    assert sent(server) == ("DELETE /v1/flowmusic/accounts/night%2Bbus%40x.example", None)


@pytest.mark.parametrize(
    "script", [scripted.drop, scripted.html(502), scripted.html(404)], ids=["lost", "502", "404"]
)
def test_a_change_is_sent_once(script: scripted.Script, serve: Serve, client: Client) -> None:
    server = serve(script)
    with pytest.raises(OutcomeUnknown) as caught:
        client(server).remove_account(EMAIL)
    assert len(server.requests) == 1
    assert "list of accounts" in caught.value.user_message


CLIP = {"clip": f"user:1-{EMAIL}-clip:1"}


@pytest.mark.parametrize(
    ("page", "following"),
    [
        ({"clips": [CLIP] * 20, "next": 220}, 220),
        ({"clips": [CLIP] * 20, "next": "220"}, 220),
        ({"clips": [CLIP] * 20, "next": None}, None),
        ({"clips": [CLIP] * 20}, 220),
        ({"clips": [CLIP] * 7}, None),
        ({"clips": [CLIP] * 20, "next": 200}, 220),
        ({"clips": [CLIP] * 20, "next": 20}, 220),
        ({"clips": [CLIP] * 20, "next": "more"}, 220),
        ({"clips": [CLIP] * 7, "next": 200}, None),
        ({"clips": [CLIP] * 10, "limit": 10, "next": 200}, 210),
        ({"clips": [], "next": 220}, None),
        ({"clips": [{"clip": None}] * 20, "next": 220}, 220),
    ],
)
def test_walking_through_pages_goes_on_and_ends(page: dict[str, object], following: int | None) -> None:
    assert ClipPage.parse(page, offset=200, limit=20).next == following


def test_a_page_without_a_list_is_no_page() -> None:
    with pytest.raises(ParseError):
        ClipPage.parse({"next": 20})


def test_all_pages_of_an_account_once_each(serve: Serve, client: Client) -> None:
    pages = [
        {"clips": [CLIP] * 100, "next": 100},
        {"clips": [CLIP] * 100, "next": 100},
        {"clips": [CLIP], "next": None},
    ]
    server = serve(*(scripted.reply(200, page) for page in pages))
    flow, offset, count = client(server), 0, 0
    while offset is not None:
        page = flow.music_list(EMAIL, offset=offset, limit=500)
        offset, count = page.next, count + len(page.clips)
    assert count == 201
    asked = [request.split(b" ")[1].decode() for request in server.requests]
    assert asked == [
        f"/v1/flowmusic/music?email=night%2Bbus%40x.example&limit=100&offset={offset}"
        for offset in (0, 100, 200)
    ]
