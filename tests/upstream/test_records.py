from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from apps.upstream.records import AccountRecord, AccountSlots, ClipRecord, JobRecord, ParseError

JOBID = "job:aaaabbbb-cccc-4ddd-8eee-ffff99990000-user:1234-night+bus@email.com-bot:flowmusic"
CLIP = "user:1234-night+bus@email.com-clip:a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d"


def completed() -> dict[str, object]:
    return {
        "jobid": JOBID,
        "email": "night+bus@email.com",
        "status": "completed",
        "created_at": "2026-06-01T18:40:42.412Z",
        "completed_at": "2026-06-01T18:42:55.123456",
        "duration_ms": 132711,
        "clips": [
            {
                "clip": CLIP,
                "title": "Morning Sun",
                "duration_s": 173.04,
                "lyrics": "[Verse 1]\nCity lights",
                "seed": None,
                "lyrics_timing": [[0.0, 2.4], [2.4, 5.1], ["x", 1], [1]],
                "created_at": "2026-06-01T20:41:04+02:00",
                "audio_url": "https://storage.example/a.m4a?sig=1",
                "wav_url": "https://storage.example/a.wav",
                "image_url": None,
            },
            {"clip": None},
            "odd",
        ],
        "request": {"prompt": "p", "replyUrl": "https://site.example/hooks/s3cr3t/", "replyRef": "ref-1"},
        "new_field": {"replyurl": "https://site.example/hooks/s3cr3t/"},
    }


def test_completed_job() -> None:
    job = JobRecord.parse(completed())
    assert (job.jobid, job.email, job.status, job.reference) == (
        JOBID,
        "night+bus@email.com",
        "completed",
        "ref-1",
    )
    assert job.created_at == datetime(2026, 6, 1, 18, 40, 42, 412000, tzinfo=UTC)
    (clip,) = job.clips
    assert clip.clip_id == CLIP
    assert clip.lyrics_timing == ((0.0, 2.4), (2.4, 5.1))
    assert clip.created_at == datetime(2026, 6, 1, 18, 41, 4, tzinfo=UTC)
    assert (clip.seed, clip.image_url, clip.audio_url) == (None, None, "https://storage.example/a.m4a?sig=1")


def test_a_time_without_a_zone_is_utc() -> None:
    job = JobRecord.parse({"jobid": JOBID, "created_at": "2026-06-01T18:42:55.123456"})
    assert job.created_at == datetime(2026, 6, 1, 18, 42, 55, 123456, tzinfo=UTC)


def test_raw_hides_the_webhook_at_any_depth_and_leaves_the_source_alone() -> None:
    source = completed()
    raw = JobRecord.parse(source).raw
    assert "s3cr3t" not in json.dumps(raw)
    assert raw["request"]["replyRef"] == "ref-1"
    assert "s3cr3t" in json.dumps(source)


def test_pending_and_failed_jobs() -> None:
    pending = JobRecord.parse({"jobid": JOBID, "status": "pending"})
    assert (pending.clips, pending.duration_ms, pending.reference) == ((), None, None)
    assert pending.email == "night+bus@email.com"  # from the jobid
    failed = JobRecord.parse(
        {"jobid": JOBID, "status": "failed", "error": {"code": "user_cancelled", "message": "cancelled"}}
    )
    assert (failed.status, failed.error_code, failed.error_message) == (
        "failed",
        "user_cancelled",
        "cancelled",
    )
    assert JobRecord.parse({"jobid": JOBID, "error": "no words"}).error_message == "no words"


@pytest.mark.parametrize(
    ("status", "error", "read_as"),
    [
        ("COMPLETED", None, "completed"),
        ("queued", None, "pending"),
        (None, None, "pending"),
        (7, "no", "failed"),
    ],
)
def test_an_odd_status_does_not_lose_a_job(status: object, error: object, read_as: str) -> None:
    assert JobRecord.parse({"jobid": JOBID, "status": status, "error": error}).status == read_as


@pytest.mark.parametrize("jobid", [None, "", 7, ["x"], "has space", "x" * 501, "nul\x00"])
def test_a_job_needs_its_id(jobid: object) -> None:
    with pytest.raises(ParseError):
        JobRecord.parse({"jobid": jobid})
    with pytest.raises(ParseError):
        JobRecord.parse([jobid])


def test_wrong_types_become_none() -> None:
    clip = ClipRecord.parse(
        {
            "clip": CLIP,
            "title": 7,
            "duration_s": True,
            "seed": 1e400,
            "lyrics_timing": "x",
            "created_at": "soon",
        }
    )
    assert (clip.title, clip.duration_s, clip.seed, clip.lyrics_timing, clip.created_at) == (None,) * 5
    huge = json.loads('{"clip": "c", "duration_s": 1' + "0" * 400 + ', "seed": 99999999999999999999}')
    assert (ClipRecord.parse(huge).duration_s, ClipRecord.parse(huge).seed) == (None, None)


@pytest.mark.parametrize("clip_id", ["", "a b", "a" * 401, json.loads('"a\\ud800"'), "a\0b", 7])
def test_an_id_that_no_column_takes_is_none(clip_id: object) -> None:
    with pytest.raises(ParseError):
        ClipRecord.parse({"clip": clip_id})


def test_text_fits_into_a_database() -> None:
    title = json.loads('"a\\u0000b\\ud800"')
    job = JobRecord.parse({"jobid": JOBID, "title": title})
    assert ClipRecord.parse({"clip": CLIP, "title": title}).title == "ab?"
    assert job.raw["title"] == "ab?"


def test_accounts() -> None:
    account = AccountRecord.parse({"tier": "plus", "maxJobs": 12, "credits_remaining": 5000}, email="a@b.c")
    assert (account.email, account.tier, account.max_jobs, account.credits, account.error) == (
        "a@b.c",
        "plus",
        12,
        5000,
        None,
    )
    broken = AccountRecord.parse(
        {"email": "a@b.c", "error": "refresh token rejected", "maxJobs": "2", "tier": None}
    )
    assert (broken.error, broken.max_jobs, broken.credits, broken.tier) == (
        "refresh token rejected",
        2,
        None,
        "unknown",
    )
    assert AccountRecord.parse({"email": "a@b.c", "error": {"message": "odd"}}).error == "odd"
    with pytest.raises(ParseError):
        AccountRecord.parse({})


def test_slots() -> None:
    slots = AccountSlots.parse(
        {"running": 3, "maxJobs": 12, "jobs": [{"jobid": JOBID, "status": "pending"}, {}]}, email="a@b.c"
    )
    assert (slots.running, slots.max_jobs, [job.jobid for job in slots.jobs]) == (3, 12, [JOBID])
    assert AccountSlots.parse({"jobs": [{"jobid": "j"}]}, email="a@b.c").running == 1


def test_a_record_that_repeats_secrets_is_kept_without_them() -> None:
    said = 'refused Bearer user:4242-abcdefghijkl for https://x.example/hooks/Zm9vYmFyYmF6/ {"refresh_token":"l6e0z4v"}'
    job = JobRecord.parse({"jobid": "job:1", "status": "failed", "error": {"code": "x", "message": said}})
    account = AccountRecord.parse({"email": "a@b.example", "error": said})
    secrets = ("abcdefghijkl", "Zm9vYmFyYmF6", "l6e0z4v")
    for kept in (str(job.error_message), str(job.raw), str(account.error)):
        assert [secret for secret in secrets if secret in kept] == []
