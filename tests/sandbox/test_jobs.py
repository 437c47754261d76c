"""GET /jobs, GET and DELETE /jobs/{jobid}, GET /music: a job's life."""

import threading
import time

from apps.sandbox.jobs import usual_seconds
from apps.sandbox.server import Sandbox
from tests.sandbox.client import STUDIO, Client, Reply

CLIP = {
    "clip": str,
    "title": str,
    "duration_s": float,
    "lyrics": str,
    "seed": type(None),
    "lyrics_timing": list,
    "created_at": str,
    "audio_url": str,
    "wav_url": str,
    "image_url": str,
}


def test_nothing_running_is_an_empty_object(client: Client) -> None:
    assert client.get("/jobs").json == {}


def test_running_jobs_are_listed_by_account_without_their_request(client: Client) -> None:
    first = client.music("x", email=STUDIO).json
    second = client.music("y", email=STUDIO).json
    assert client.get("/jobs").json == {
        STUDIO: {
            "running": 2,
            "maxJobs": 4,
            "jobs": [
                {"jobid": job["jobid"], "status": "pending", "created_at": job["created_at"]}
                for job in (first, second)
            ],
        }
    }


def test_sync_jobs_are_not_listed_but_take_a_slot(client: Client) -> None:
    client.control("accounts", email=STUDIO, maxJobs=1)
    answers: list[Reply] = []
    waiting = threading.Thread(
        target=lambda: answers.append(client.music("x", email=STUDIO, mode="sync", timeout=20))
    )
    waiting.start()
    while client.credits() == 500:
        time.sleep(0.01)
    assert client.get("/jobs").json == {}
    assert client.music("y", email=STUDIO).status == 429
    (jobid,) = [row["jobid"] for row in client_jobs(client)]
    client.control("finish", jobid=jobid)
    waiting.join()
    assert answers[0].status == 200


def client_jobs(client: Client) -> list[dict[str, str]]:
    """Every job there is, also those that no page of the API shows."""
    rows: list[dict[str, str]] = client.call("GET", "/_sandbox/jobs").json
    return rows


def test_a_completed_record_has_the_page_s_shape(client: Client) -> None:
    record = client.song("slow disco, 112 bpm")
    assert list(record) == [
        "jobid", "email", "status", "created_at", "completed_at", "duration_ms", "clips", "request"
    ]  # fmt: skip
    assert record["status"] == "completed"
    for clip in record["clips"]:
        assert {name: type(value) for name, value in clip.items()} == CLIP
        assert clip["clip"].startswith(f"user:1000-{STUDIO}-clip:")
        assert clip["image_url"].startswith(client.url)
    one, two = record["clips"]
    assert one["clip"] != two["clip"]
    assert client.get("/jobs").json == {}


def test_a_pending_record_has_no_clips(client: Client) -> None:
    accepted = client.music("x").json
    assert client.job(accepted["jobid"]).json == accepted


def test_the_same_prompt_always_takes_as_long_and_the_speed_divides_it() -> None:
    seconds = [usual_seconds(f"song {index}") for index in range(50)]
    assert all(40 <= each <= 150 for each in seconds)
    assert max(seconds) - min(seconds) > 60
    assert usual_seconds("song 7") == seconds[7]


def test_a_job_ends_by_itself(quick: Sandbox) -> None:
    client = Client(quick.url)
    jobid = client.music("a song").json["jobid"]
    end = time.monotonic() + 5
    while client.job(jobid).json["status"] == "pending" and time.monotonic() < end:
        time.sleep(0.01)
    record = client.job(jobid).json
    assert record["status"] == "completed"
    assert abs(record["duration_ms"] - usual_seconds("a song")) < 2


def test_unknown_jobs_are_404_and_foreign_ones_403(client: Client, remote: Sandbox) -> None:
    jobid = client.music("x").json["jobid"]
    stranger = Client(remote.url, "user:2000-sandboxdemo")
    assert client.job(jobid.replace("job:", "job:f")).status == 404
    assert (stranger.job(jobid).status, stranger.cancel(jobid).status) == (403, 403)
    assert stranger.cancel("job:none").status == 404
    assert client.job(jobid).json["status"] == "pending"


def test_cancelling_frees_the_slot_keeps_the_credits_and_the_song_appears_all_the_same(
    client: Client,
) -> None:
    client.control("accounts", email=STUDIO, maxJobs=1)
    jobid = client.music("x", email=STUDIO).json["jobid"]
    answer = client.cancel(jobid)
    assert (answer.status, answer.body) == (204, b"")
    assert "Content-Length" not in answer.headers
    record = client.job(jobid).json
    assert (record["status"], record["error"]["code"]) == ("failed", "user_cancelled")
    assert "clips" not in record
    assert client.credits() == 495
    assert client.music("y", email=STUDIO).status == 201
    assert client.get("/music", email=STUDIO).json["clips"] == []


def test_the_song_of_a_cancelled_job_is_listed_later(quick: Sandbox) -> None:
    client = Client(quick.url)
    jobid = client.music("x [slow]", email=STUDIO).json["jobid"]
    client.cancel(jobid)
    end = time.monotonic() + 5
    while not (clips := client.get("/music", email=STUDIO).json["clips"]) and time.monotonic() < end:
        time.sleep(0.02)
    assert len(clips) == 2
    assert client.job(jobid).json["status"] == "failed"


def test_cancelling_an_ended_job_is_204_and_changes_nothing(client: Client) -> None:
    record = client.song("x")
    assert client.cancel(record["jobid"]).status == 204
    assert client.job(record["jobid"]).json == record


def test_the_list_of_clips_is_paged_newest_first(client: Client) -> None:
    older, newer = client.song("older", email=STUDIO), client.song("newer", email=STUDIO)
    first = client.get("/music", email=STUDIO, limit=3).json
    second = client.get("/music", email=STUDIO, limit=3, offset=first["next"]).json
    listed = [clip["clip"] for clip in first["clips"] + second["clips"]]
    assert listed == [clip["clip"] for clip in newer["clips"] + older["clips"]]
    assert (first["next"], second["next"]) == (3, None)
    assert list(first["clips"][0]) == ["clip", "title", "lyrics", "duration_s", "image_url"]
    for wrong in ("0", "101", "x", "-1"):
        assert client.get("/music", limit=wrong).status == 400
