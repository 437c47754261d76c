"""What can be made to go wrong: on the wire, and in what was charged."""

import http.client
import json
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from apps.sandbox.operations.control import OPERATIONS
from apps.sandbox.operations.edit_form import OPERATIONS as EDITS
from apps.sandbox.operations.guide import CONTROLS, OFFERED
from apps.sandbox.routing import ROUTES
from apps.sandbox.scenarios import GUIDE, Scenario, in_form
from apps.sandbox.server import Sandbox
from tests.sandbox.client import API, STUDIO, TOKEN, Client


def raw_music(url: str, prompt: str, seconds: float) -> bytes:
    """All bytes that the sandbox sends within some seconds, or until it closes."""
    body = json.dumps({"prompt": prompt, "mode": "async", "replyRef": "raw"}).encode()
    head = (
        f"POST {API}/music HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    address = urlsplit(url)
    received = b""
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=seconds) as connection:
        connection.sendall(head + body)
        while chunk := connection.recv(65536):
            received += chunk
    return received


@pytest.mark.parametrize(
    ("tag", "status", "words"),
    [
        ("out of credits", 402, "insufficient credits"),
        ("no subscription", 402, "no subscription"),
        ("401", 401, "Unauthorized"),
        ("422", 422, "Unprocessable"),
        ("account error", 596, f"Account {STUDIO} in error state"),
        ("busy", 429, "conversation failed (429)"),
        ("busy all", 429, "All 2 FlowMusic accounts"),
        ("500", 500, "Internal Server Error"),
        ("502", 502, "<h1>502 Bad Gateway</h1>"),
        ("moderated now", 422, "moderation_reject"),
    ],
)
def test_refusals_charge_nothing(client: Client, remote: Sandbox, tag: str, status: int, words: str) -> None:
    answer = client.music(f"a song [{tag}]", email=STUDIO, replyRef="mine")
    assert answer.status == status
    assert words in answer.body.decode()
    assert answer.headers["Content-Type"].startswith("text/html" if tag == "502" else "application/json")
    assert remote.charged("mine") == 0
    assert client.credits() == 500
    assert client.get("/jobs").json == {}


def test_a_song_that_is_moderated_at_once_leaves_a_failed_record(client: Client) -> None:
    record = client.music("x [moderated now]").json
    assert record["status"] == "failed"
    assert client.job(record["jobid"]).json == record


def test_a_moderated_job_fails_later_as_a_200(client: Client, remote: Sandbox) -> None:
    accepted = client.music("x [moderated]", replyRef="mine")
    assert accepted.status == 201
    answer_before = client.job(accepted.json["jobid"]).json
    assert answer_before["status"] == "pending"
    record = client.finish(accepted.json["jobid"])
    assert (record["status"], record["error"]["code"]) == ("failed", "moderation_reject")
    assert not {"clips", "duration_ms"} & set(record)
    assert remote.charged("mine") == 1
    assert client.get("/music", email=record["email"]).json["clips"] == []


def test_drop_before_does_nothing(client: Client, remote: Sandbox) -> None:
    assert raw_music(client.url, "x [drop before]", 5) == b""
    assert remote.state.charges() == {}


def test_drop_before_can_be_ordered_so_that_not_even_the_body_is_read(
    client: Client, remote: Sandbox
) -> None:
    client.control("scenario", operation="music", scenario="drop before")
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        client.music("x")
    assert remote.requests("POST", "/music") == {"POST /music": 1}
    assert remote.state.charges() == {}
    assert client.music("x").status == 201


def test_drop_after_charges_and_says_nothing(client: Client, remote: Sandbox) -> None:
    assert raw_music(client.url, "x [drop after]", 5) == b""
    assert remote.charged("raw") == 1
    assert client.get("/jobs").json[STUDIO]["running"] == 1


def test_hang_charges_and_holds_the_line(client: Client, remote: Sandbox) -> None:
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        raw_music(client.url, "x [hang]", 0.5)
    assert time.monotonic() - started >= 0.5
    assert remote.charged("raw") == 1


def test_truncated_sends_half(client: Client, remote: Sandbox) -> None:
    received = raw_music(client.url, "x [truncated]", 5)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201 ")
    assert f"Content-Length: {len(body) * 2}".encode()[:-1] in head
    with pytest.raises(ValueError, match=r".+"):
        json.loads(body)
    assert remote.charged("raw") == 1


@pytest.mark.parametrize(("tag", "status"), [("html", 200), ("502 after", 502), ("500 after", 500)])
def test_useless_answers_after_charging(client: Client, remote: Sandbox, tag: str, status: int) -> None:
    answer = client.music(f"x [{tag}]", replyRef="mine")
    assert answer.status == status
    assert b"jobid" not in answer.body
    assert remote.charged("mine") == 1


def test_silence_of_a_sync_song_needs_no_waiting(client: Client, remote: Sandbox) -> None:
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        client.music("x [drop after]", mode="sync", replyRef="mine", timeout=5)
    assert remote.charged("mine") == 1


def test_slow_takes_five_times_as_long(client: Client, remote: Sandbox) -> None:
    lasts = []
    for prompt in ("same words", "same words [slow]"):
        job = client.music(prompt).json["jobid"]
        (row,) = remote.state.rows("SELECT done_at - created AS lasts FROM jobs WHERE jobid = ?", job)
        lasts.append(row["lasts"])
    assert 40 <= lasts[0] <= 150
    assert 200 <= lasts[1] <= 750


def test_one_take(client: Client) -> None:
    assert len(client.song("x [one take]")["clips"]) == 1


def test_a_vanished_record_is_404_but_its_clips_stay(client: Client) -> None:
    accepted = client.music("x [vanish]").json
    assert client.job(accepted["jobid"]).status == 200
    client.control("finish", jobid=accepted["jobid"])
    assert client.job(accepted["jobid"]).status == 404
    assert len(client.get("/music", email=accepted["email"]).json["clips"]) == 2


def test_tags_are_read_generously_and_may_be_combined() -> None:
    assert in_form({"prompt": "a [Hook  Twice] b [SLOW]\n[one take]"}) == {
        Scenario.HOOK_TWICE,
        Scenario.SLOW,
        Scenario.ONE_TAKE,
    }
    assert in_form({"prompt": "[Verse 1] slow [chorus] hang [] ["}) == frozenset()
    assert in_form({"prompt": None}) == frozenset()


@pytest.mark.parametrize(
    ("scenario", "status"), [("500", 500), ("502", 502), ("401", 401), ("html", 200), ("busy", 429)]
)
def test_reads_can_go_wrong_for_some_calls(client: Client, scenario: str, status: int) -> None:
    client.control("scenario", operation="jobs", scenario=scenario, times=2)
    bodies: list[Any] = [client.get("/jobs") for _ in range(3)]
    assert [answer.status for answer in bodies] == [status, status, 200]
    assert bodies[0].body != b"{}"
    assert bodies[2].json == {}
    assert client.get("/accounts").status == 200


def test_reads_can_be_truncated_or_hang(client: Client) -> None:
    client.control("scenario", operation="accounts", scenario="truncated")
    with pytest.raises(http.client.IncompleteRead):
        client.get("/accounts")
    client.control("scenario", operation="accounts", scenario="hang")
    with pytest.raises(TimeoutError):
        client.call("GET", f"{API}/accounts", timeout=0.3)


def test_a_scenario_can_be_ordered_for_one_subscription_or_any_operation(
    client: Client, remote: Sandbox
) -> None:
    other = Client(remote.url, "user:2000-sandboxdemo")
    client.control("scenario", operation="*", scenario="401", times=99, number=2000)
    assert client.get("/accounts").status == 200
    assert [other.get("/accounts").status, other.get("/jobs").status, other.music("x").status] == [401] * 3
    assert client.call("DELETE", "/_sandbox/scenario").status == 204
    assert other.get("/accounts").status == 200


def test_the_guide_explains_every_scenario(client: Client) -> None:
    page = client.call("GET", "/").body.decode()
    assert {scenario for _, rows in GUIDE for scenario, _ in rows} == set(Scenario)
    assert all(f"[{scenario}]" in page for scenario in Scenario)
    listed = {label for label, _ in (*OFFERED, *CONTROLS)}
    assert listed == {route.label for route in ROUTES if route.prefix or "_sandbox" in route.path}
    # Whatever has a name can be ordered for, and so can each kind of edit.
    assert {route.name for route in ROUTES if route.name} | {*EDITS, "*"} == set(OPERATIONS)


@pytest.mark.parametrize(
    "form",
    [{"operation": "songs", "scenario": "500"}, {"operation": "jobs", "scenario": "flood"}, {"scenario": "500"},
     {"operation": "jobs", "scenario": "500", "times": 0}, {"operation": "jobs", "scenario": "500", "times": "2"}],
)  # fmt: skip
def test_a_scenario_that_does_not_exist_is_refused(client: Client, form: dict[str, object]) -> None:
    assert client.control("scenario", **form).status == 400
    assert client.get("/jobs").status == 200
