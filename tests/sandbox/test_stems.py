"""operation=stems: always sync, the same four clips, and never a job."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from apps.sandbox.server import Sandbox
from tests.sandbox.client import NIGHT, STUDIO, Client, Receiver, Reply

pytestmark = pytest.mark.long

SHAPE = ["stem_type", "clip", "title", "duration_s", "audio_url", "wav_url", "image_url"]


def test_the_manifest_and_its_clips(quick: Sandbox, receiver: Receiver) -> None:
    client = Client(quick.url)
    clip = client.song("a tune [short]", email=NIGHT)["clips"][0]
    answer = client.edit(clip["clip"], "stems", mode="async", replyUrl=receiver.url, replyRef="ignored")
    assert answer.status == 200
    assert list(answer.json) == ["email", "operation", "source_clip", "status", "clips"]
    assert (answer.json["email"], answer.json["source_clip"]) == (NIGHT, clip["clip"])
    for stem in answer.json["clips"]:
        assert list(stem) == SHAPE
        assert stem["title"] == f"{clip['title']} - {stem['stem_type']}"
        assert (stem["duration_s"], stem["image_url"]) == (clip["duration_s"], None)
    listed = client.get("/music", email=NIGHT).json["clips"]
    assert [each["clip"] for each in listed[:4]] == [each["clip"] for each in answer.json["clips"]]
    assert listed[0]["lyrics"] is None
    assert client.get("/music/download", id=answer.json["clips"][2]["clip"]).body[:2] in (b"ID", b"\xff\xfb")
    # Asked again, by whatever way, it costs nothing and gives the same.
    assert client.edit(clip["clip"], "stems").json == answer.json
    assert client.credits(NIGHT) == 110
    assert client.call("GET", "/_sandbox/charges?by=operation").json == {"song": 1, "stems": 1}
    assert client.call("GET", "/_sandbox/charges").json == {"": 1}
    assert receiver.received == []


def in_thread(client: Client, clip: str) -> tuple[threading.Thread, list[Reply]]:
    answers: list[Reply] = []
    thread = threading.Thread(target=lambda: answers.append(client.edit(clip, "stems", timeout=60)))
    thread.start()
    return thread, answers


def hidden(client: Client) -> list[dict[str, Any]]:
    return [job for job in client.call("GET", "/_sandbox/jobs").json if job["operation"] == "stems"]


def test_it_blocks_in_a_slot_and_is_not_listed(client: Client) -> None:
    clip = client.song("a tune [short]", email=STUDIO)["clips"][0]["clip"]
    client.control("accounts", email=STUDIO, maxJobs=1)
    waiting = [in_thread(client, clip), in_thread(client, clip)]
    while not (jobs := hidden(client)):
        time.sleep(0.01)
    assert client.get("/jobs").json == {}
    assert client.get("/music").json["clips"][0]["clip"] == clip
    assert client.music("no room for it", email=STUDIO).status == 429
    assert client.job(jobs[0]["jobid"]).status == 404
    assert client.control("finish", jobid=jobs[0]["jobid"]).status == 204
    for thread, _ in waiting:
        thread.join(30)
    (one,), (two,) = (answers for _, answers in waiting)
    assert (one.status, one.json) == (200, two.json)
    assert len(hidden(client)) == 1


def test_how_long_it_blocks_can_be_set(quick: Sandbox) -> None:
    """15 to 60 s at the real speed; a tag or an order makes it five times as long."""
    client = Client(quick.url)
    clips = client.song("a tune [short]")["clips"]
    client.control("speed", speed=100)
    client.edit(clips[0]["clip"], "stems")
    client.control("scenario", operation="stems", scenario="slow")
    client.control("speed", speed=500)
    client.edit(clips[1]["clip"], "stems")
    usual, slow = (
        row["done_at"] - row["created"]
        for row in quick.state.rows("SELECT * FROM jobs WHERE operation = 'stems' ORDER BY created")
    )
    assert 15 <= usual * 100 <= 60
    assert 75 <= slow * 500 <= 300
    assert client.control("speed", speed=0).status == 400


@pytest.mark.parametrize(("scenario", "status"), [("moderated", 422), ("500 after", 500), ("busy", 429)])
def test_ordered_scenarios(quick: Sandbox, scenario: str, status: int) -> None:
    client = Client(quick.url)
    clip = client.song("a tune [short]")["clips"][0]["clip"]
    client.control("scenario", operation="stems", scenario=scenario)
    assert client.edit(clip, "stems").status == status
    assert len(client.edit(clip, "stems").json["clips"]) == 4
    assert quick.charged_operations()["stems"] == 1


def test_a_stopped_sandbox_goes_on_splitting(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, speed=1)
    sandbox.start()
    client = Client(sandbox.url)
    clip = client.song("a tune [short]")["clips"][0]["clip"]
    with pytest.raises(ConnectionError):
        client.post(
            "/v1/flowmusic/music/edit", {"operation": "stems", "clip": clip, "title": "x [drop after]"}
        )
    sandbox.stop()
    sandbox = Sandbox(tmp_path, speed=1)
    sandbox.start()
    client = Client(sandbox.url)
    (job,) = hidden(client)
    assert (job["status"], job["charged"]) == ("pending", 5)
    thread, answers = in_thread(client, clip)
    client.control("finish", jobid=job["jobid"])
    thread.join(30)
    assert len(answers[0].json["clips"]) == 4
    assert len(hidden(client)) == 1
    sandbox.stop()
