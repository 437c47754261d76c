"""POST /music: what is accepted, on which account, for how much."""

import re
import threading
import time

import pytest

from apps.sandbox.server import Sandbox
from tests.sandbox.client import API, NIGHT, STUDIO, Client

IMAGE = "user:1000-studio@sandbox.example-image:aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
AUDIO = "user:1000-studio@sandbox.example-audio:aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
OTHER = IMAGE.replace("studio", "night+bus")
JOBID = r"job:[0-9a-f-]{36}-user:1000-studio@sandbox\.example-bot:flowmusic"


def test_async_answers_201_with_a_pending_record(client: Client) -> None:
    form = {"prompt": "lo-fi, 80 bpm", "mode": "async", "replyRef": "r1", "replyUrl": "http://127.0.0.1:9/s"}
    answer = client.post(f"{API}/music", form)
    assert answer.status == 201
    assert list(answer.json) == ["jobid", "email", "status", "created_at", "request"]
    assert re.fullmatch(JOBID, answer.json["jobid"])
    assert (answer.json["email"], answer.json["status"]) == (STUDIO, "pending")
    assert answer.json["request"] == form


def test_sync_is_the_default_and_waits_for_the_song(quick: Sandbox) -> None:
    started = time.monotonic()
    answer = Client(quick.url).music("a quick song", mode=None)
    assert answer.status == 200
    assert answer.json["status"] == "completed"
    assert len(answer.json["clips"]) == 2
    assert time.monotonic() - started >= 0.04
    assert answer.json["request"] == {"prompt": "a quick song"}


def test_sync_blocks(client: Client) -> None:
    with pytest.raises(TimeoutError):
        client.music("a song", mode="sync", timeout=0.4)
    # Nobody waits any more, but it was charged all the same.
    assert client.credits() == 495


def test_a_failed_sync_song_is_422_with_a_whole_record(quick: Sandbox) -> None:
    answer = Client(quick.url).music("a song [moderated]", mode="sync")
    assert answer.status == 422
    assert list(answer.json) == ["jobid", "email", "status", "created_at", "completed_at", "error", "request"]
    assert answer.json["error"]["code"] == "moderation_reject"


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ({}, "Parameter prompt is required"),
        ({"prompt": ""}, "Parameter prompt is required"),
        ({"prompt": None}, "Parameter prompt is required"),
        ({"prompt": "   "}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": "x" * 10_001}, "prompt"),
        ({"prompt": "x", "lyrics": "y" * 10_001}, "lyrics"),
        ({"prompt": "x", "lyrics": ""}, "lyrics"),
        ({"prompt": "x", "instrumental": "true"}, "instrumental"),
        ({"prompt": "x", "instrumental": 1}, "instrumental"),
        ({"prompt": "x", "ghostwriter": "great"}, "ghostwriter"),
        ({"prompt": "x", "ghostwriter": None}, "ghostwriter"),
        ({"prompt": "x", "mode": "later"}, "mode"),
        ({"prompt": "x", "model": "lyria-2"}, "model"),
        ({"prompt": "x", "model": ["lyria-3.5"]}, "model"),
        ({"prompt": "x", "seed": 4}, "seed"),
        ({"prompt": "x", "email": "nobody"}, "email"),
        ({"prompt": "x", "replyUrl": "ftp://127.0.0.1/"}, "replyUrl"),
        ({"prompt": "x", "refImage11": IMAGE}, "refImage11"),
        ({"prompt": "x", "refImage0": IMAGE}, "refImage0"),
        ({"prompt": "x", "refImage1": AUDIO}, "refImage1"),
        ({"prompt": "x", "refAudio1": IMAGE}, "refAudio1"),
        ({"prompt": "x", "refImage1": IMAGE, "refImage2": OTHER}, "same account"),
        ({"prompt": "x", "refImage1": IMAGE, "email": NIGHT}, "same account"),
        ({"prompt": "x", "refImage1": IMAGE.replace("1000", "999")}, "account"),
    ],
)
def test_what_the_page_does_not_allow_is_400(
    client: Client, remote: Sandbox, form: dict[str, object], named: str
) -> None:
    answer = client.post(f"{API}/music", form)
    assert answer.status == 400
    assert named in answer.json["error"]
    assert answer.json["code"] == 400
    assert remote.state.charges() == {}


@pytest.mark.parametrize(
    "form",
    [
        {"prompt": "x" * 10_000, "lyrics": "y" * 10_000},
        {"instrumental": True, "ghostwriter": "pro", "model": "lyria-3.5"},
        {"ghostwriter": "standard", "model": "lyria-3-pro", "instrumental": False},
        {"refImage1": IMAGE, "refImage10": IMAGE, "refAudio3": AUDIO, "email": STUDIO},
    ],
)
def test_what_the_page_allows_is_taken(client: Client, form: dict[str, object]) -> None:
    assert client.post(f"{API}/music", {"prompt": "x", "mode": "async"} | form).status == 201


def test_references_choose_their_account(client: Client) -> None:
    assert client.music("x", refImage1=OTHER).json["email"] == NIGHT


def test_a_form_is_taken_too(client: Client) -> None:
    parts = {"prompt": "naïve lullaby", "instrumental": "true", "mode": "async"}
    body = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parts.items()
    )
    answer = client.call(
        "POST", f"{API}/music", f"{body}--b--\r\n".encode(), Content_Type="multipart/form-data; boundary=b"
    )
    assert answer.status == 201
    assert answer.json["request"] == {"prompt": "naïve lullaby", "instrumental": True, "mode": "async"}


def test_an_unknown_account_is_404(client: Client) -> None:
    assert client.music("x", email="else@sandbox.example").status == 404


def test_without_accounts_it_is_400(remote: Sandbox) -> None:
    answer = Client(remote.url, "user:1-sandboxempty").music("x")
    assert (answer.status, answer.json["error"]) == (400, "No FlowMusic accounts configured")


def test_songs_are_spread_and_refused_when_all_accounts_are_full(client: Client) -> None:
    emails = [client.music(f"song {index}").json["email"] for index in range(6)]
    assert (emails.count(STUDIO), emails.count(NIGHT)) == (4, 2)
    answer = client.music("one more")
    assert answer.status == 429
    assert (
        answer.json["error"]
        == "All 2 FlowMusic accounts are at their maxJobs concurrency limit — retry shortly"
    )


def test_a_chosen_account_meets_its_own_limit(client: Client) -> None:
    for _ in range(2):
        assert client.music("x", email=NIGHT).status == 201
    answer = client.music("x", email=NIGHT)
    assert answer.status == 429
    assert answer.json["error"] == 'FlowMusic conversation failed (429): {"detail":"Too Many Requests"}'


def test_a_single_account_meets_its_own_limit(client: Client) -> None:
    client.control("accounts", email=NIGHT, remove=True)
    client.control("accounts", email=STUDIO, maxJobs=1)
    assert client.music("x").status == 201
    assert "conversation failed (429)" in client.music("x").json["error"]


def test_a_finished_song_frees_its_slot(client: Client) -> None:
    first = client.music("x", email=NIGHT).json["jobid"]
    client.music("x", email=NIGHT)
    client.finish(first)
    assert client.music("x", email=NIGHT).status == 201


def test_a_song_costs_five_credits_when_it_is_taken(client: Client, remote: Sandbox) -> None:
    client.music("x", email=STUDIO, replyRef="mine")
    assert client.credits() == 495
    assert (remote.charged("mine"), remote.charged("other")) == (1, 0)


def test_too_few_credits_are_402(client: Client, remote: Sandbox) -> None:
    client.control("accounts", email=STUDIO, credits=4)
    answer = client.music("x", email=STUDIO)
    assert answer.status == 402
    assert answer.json["error"] == (
        'FlowMusic conversation failed (402): {"detail":"User has insufficient credits"}'
    )
    assert (client.credits(), remote.state.charges()) == (4, {})


def test_an_account_in_error_is_596(remote: Sandbox) -> None:
    answer = Client(remote.url, "user:3-sandboxerror").music("x", email=STUDIO)
    assert answer.status == 596
    assert answer.json == {"error": f"Account {STUDIO} in error state: refresh token rejected", "code": 596}


def test_balancing_passes_over_an_account_in_error(client: Client) -> None:
    client.control("accounts", email=STUDIO, error="refresh token rejected")
    assert client.music("x").json["email"] == NIGHT


def test_limits_and_credits_are_exact_under_a_crowd(client: Client, remote: Sandbox) -> None:
    client.control("accounts", email=STUDIO, maxJobs=16, credits=23)
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(client.music("x", email=STUDIO).status))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] * 4 + [402] * 8
    assert client.credits() == 3
    assert sum(remote.state.charges().values()) == 4
