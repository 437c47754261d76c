"""Reads: repeated while that is of use, within one deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from apps.upstream.errors import (
    AddressRefused,
    Busy,
    Gone,
    NotSent,
    Unavailable,
    Unreachable,
)
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.token import Token
from tests.upstream import scripted
from tests.upstream.scripted import ScriptedServer

Serve = Callable[..., ScriptedServer]
Client = Callable[[ScriptedServer], FlowMusic]
FINE = scripted.reply(200, {})


@pytest.mark.parametrize(
    "fault",
    [
        scripted.drop,
        scripted.reset,
        scripted.reply(500, {"error": "x"}),
        scripted.html(502),
        scripted.html(200),
        scripted.reply(503, b""),
        scripted.reply(408, b""),
        scripted.reply(429, {"error": "x"}),
        scripted.reply(200, b'{"a": '),
        scripted.raw(scripted.head(200, {"Content-Length": "50"}) + b"{}"),
    ],
)
def test_a_passing_fault_is_asked_again(fault: scripted.Script, serve: Serve, client: Client) -> None:
    server = serve(fault, fault, FINE)
    assert client(server).jobs() == {}
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (scripted.drop, Unavailable),
        (scripted.reply(500, {"error": "x"}), Unavailable),
        (scripted.html(200), Unavailable),
        (scripted.reply(429, {"error": "x"}), Busy),
    ],
)
def test_three_tries_and_no_more(
    script: scripted.Script, kind: type[Exception], serve: Serve, client: Client
) -> None:
    server = serve(script)
    with pytest.raises(kind):
        client(server).jobs()
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [302, 400, 401, 402, 403, 404, 410, 422, 501, 596])
def test_what_asking_again_does_not_change(status: int, serve: Serve, client: Client) -> None:
    server = serve(scripted.reply(status, {"error": "x"}))
    with pytest.raises(Exception, match=str(status)):
        client(server).jobs()
    assert len(server.requests) == 1


def test_retry_after_is_kept_if_it_fits(serve: Serve, client: Client) -> None:
    server = serve(scripted.reply(429, b"", headers={"Retry-After": "1"}), FINE)
    started = time.monotonic()
    assert client(server).jobs(deadline_s=10) == {}
    assert time.monotonic() - started >= 1


def test_retry_after_beyond_the_deadline_is_told(serve: Serve, client: Client) -> None:
    server = serve(scripted.reply(503, b"", headers={"Retry-After": "60"}))
    started = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        client(server).jobs(deadline_s=5)
    assert time.monotonic() - started < 2
    assert caught.value.retry_after == 60
    assert len(server.requests) == 1


def test_the_deadline_covers_all_tries(serve: Serve, client: Client) -> None:
    server = serve(scripted.hang)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        client(server).jobs(deadline_s=0.5)
    assert time.monotonic() - started < 2
    assert len(server.requests) == 1


def test_no_connection_is_unavailable_and_not_sent(token: Token) -> None:
    origin = f"http://127.0.0.1:{scripted.refused_port()}"
    flow = FlowMusic(f"{origin}/v1/flowmusic", token, allowed_origins=frozenset({origin}))
    with pytest.raises(Unreachable) as caught:
        flow.accounts()
    assert isinstance(caught.value, NotSent)
    assert isinstance(caught.value, Unavailable)
    assert caught.value.retryable


def test_the_guard_is_not_asked_twice(token: Token) -> None:
    with pytest.raises(AddressRefused):
        FlowMusic("https://127.0.0.1/v1", token).accounts()


def test_each_operation_and_its_path(serve: Serve, client: Client) -> None:
    email, jobid = "night+bus@x.example", "job:1-user:2-night+bus@x.example-bot:flowmusic"
    server = serve(
        scripted.reply(200, {email: {"maxJobs": 2, "tier": "plus"}, "odd": None}),
        scripted.reply(200, {"email": email, "credits_remaining": 7}),
        scripted.reply(200, {email: {"running": 1, "maxJobs": 2, "jobs": [{"jobid": jobid}]}}),
        scripted.reply(200, {"jobid": jobid, "status": "pending"}),
        scripted.raw(scripted.head(204)),
    )
    flow = client(server)
    assert list(flow.accounts()) == [email]
    assert flow.account(email).credits == 7
    assert flow.jobs()[email].jobs[0].jobid == jobid
    assert flow.job(jobid).status == "pending"
    flow.cancel_job(jobid)
    lines = [request.split(b" HTTP/")[0].decode() for request in server.requests]
    assert lines == [
        "GET /v1/flowmusic/accounts",
        "GET /v1/flowmusic/accounts/night%2Bbus%40x.example",
        "GET /v1/flowmusic/jobs",
        "GET /v1/flowmusic/jobs/job%3A1-user%3A2-night%2Bbus%40x.example-bot%3Aflowmusic",
        "DELETE /v1/flowmusic/jobs/job%3A1-user%3A2-night%2Bbus%40x.example-bot%3Aflowmusic",
    ]


@pytest.mark.parametrize("body", [[], "text", {"error": "odd", "code": 200}, None])
def test_a_wrong_answer_is_not_an_empty_list(body: object, serve: Serve, client: Client) -> None:
    with pytest.raises(Unavailable):
        client(serve(scripted.reply(200, body))).accounts()


def test_cancelling_is_one_attempt(serve: Serve, client: Client) -> None:
    server = serve(scripted.reply(500, {"error": "x"}))
    with pytest.raises(Unavailable):
        client(server).cancel_job("job:1")
    assert len(server.requests) == 1
    with pytest.raises(Gone):
        client(serve(scripted.reply(404, {"error": "no job", "code": 404}))).cancel_job("job:1")
