"""Webhooks: when, how often, to whom."""

import time

import pytest

from apps.sandbox.server import Sandbox
from apps.sandbox.webhooks import _is_loopback
from tests.sandbox.client import Client, Receiver


def test_one_webhook_with_the_record_when_the_song_is_ready(client: Client, receiver: Receiver) -> None:
    accepted = client.music("x", replyUrl=receiver.url, replyRef="mine").json
    assert receiver.wait_for(1, 0.2) == []
    record = client.finish(accepted["jobid"])
    assert receiver.wait_for(1) == [record]
    assert record["request"]["replyRef"] == "mine"
    assert len(receiver.wait_for(2, 0.3)) == 1


def test_a_failed_and_a_cancelled_job_are_told_too(client: Client, receiver: Receiver) -> None:
    moderated = client.music("x [moderated]", replyUrl=receiver.url).json["jobid"]
    client.finish(moderated)
    assert receiver.wait_for(1)[0]["error"]["code"] == "moderation_reject"
    client.cancel(client.music("x", replyUrl=receiver.url).json["jobid"])
    assert receiver.wait_for(2)[1]["error"]["code"] == "user_cancelled"


def test_sync_songs_send_one_as_well(quick: Sandbox, receiver: Receiver) -> None:
    answer = Client(quick.url).music("x", mode="sync", replyUrl=receiver.url)
    assert receiver.wait_for(1) == [answer.json]


def test_early_comes_before_the_answer(client: Client, receiver: Receiver) -> None:
    accepted = client.music("x [hook early]", replyUrl=receiver.url)
    answered = time.time()
    ((arrived, record),) = receiver.received
    assert arrived <= answered
    assert record == accepted.json
    client.finish(accepted.json["jobid"])
    assert len(receiver.wait_for(2, 0.3)) == 1


def test_twice(client: Client, receiver: Receiver) -> None:
    client.finish(client.music("x [hook twice]", replyUrl=receiver.url).json["jobid"])
    first, second = receiver.wait_for(2)
    assert first == second


def test_never(client: Client, receiver: Receiver) -> None:
    client.finish(client.music("x [hook never]", replyUrl=receiver.url).json["jobid"])
    assert receiver.wait_for(1, 0.3) == []


def test_late(client: Client, remote: Sandbox, receiver: Receiver) -> None:
    record = client.finish(client.music("x [hook late]", replyUrl=receiver.url).json["jobid"])
    (hook,) = client.call("GET", "/_sandbox/hooks").json
    (job,) = remote.state.rows("SELECT done_at FROM jobs WHERE jobid = ?", record["jobid"])
    assert hook["due_at"] - job["done_at"] == pytest.approx(20, abs=0.01)
    assert receiver.wait_for(1, 0.2) == []


def test_a_webhook_is_sent_once_even_if_nobody_listens(client: Client) -> None:
    client.finish(client.music("x", replyUrl="http://127.0.0.1:9/").json["jobid"])
    assert wait_for_result(client) == ["failed"]


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1/", "https://127.0.0.1/", "http://example.com/", "http://127.0.0.1:99999/"]
)
def test_only_plain_http_on_this_machine_is_called(client: Client, url: str) -> None:
    client.finish(client.music("x", replyUrl=url).json["jobid"])
    assert wait_for_result(client) == ["refused"]


def test_loopback() -> None:
    assert [host for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost") if not _is_loopback(host)] == []
    others = ("10.0.0.1", "0.0.0.0", "example.com", "localhost.example.com", "169.254.169.254", "")
    assert [host for host in others if _is_loopback(host)] == []


def wait_for_result(client: Client) -> list[str]:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        results = [hook["result"] for hook in client.call("GET", "/_sandbox/hooks").json]
        if all(results):
            break
        time.sleep(0.01)
    return results
