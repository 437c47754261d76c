from __future__ import annotations

import pytest
from requests import Request

from apps.upstream.ids import JobId, account_of_asset, account_of_clip, kind_of_asset, quote_segment

UUID = "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d"
EMAILS = ["user@email.com", "night+bus@x.example", "a-b-clip@my-host.example", "x-user-bot@e-mail.com"]


@pytest.mark.parametrize("email", EMAILS)
def test_job_id(email: str) -> None:
    text = f"job:{UUID}-user:1234-{email}-bot:flowmusic"
    job = JobId.parse(text)
    assert (job.user_number, job.email, job.uuid, str(job)) == ("1234", email, UUID, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "job",
        f"job:{UUID}",
        f"job:{UUID}-user:1-nobody-bot:flowmusic",
        "job:12-user:1-a@b-bot:flowmusic",
        f"user:1-a@b-clip:{UUID}",
    ],
)
def test_what_is_no_id(text: str) -> None:
    with pytest.raises(ValueError, match="not the id of a job"):
        JobId.parse(text)


@pytest.mark.parametrize("email", EMAILS)
@pytest.mark.parametrize("kind", ["clip", "image", "audio"])
def test_files_and_clips(kind: str, email: str) -> None:
    text = f"user:1234-{email}-{kind}:{UUID}"
    assert (account_of_asset(text), kind_of_asset(text)) == (email, kind)
    assert account_of_clip(text) == (email if kind == "clip" else "")


@pytest.mark.parametrize(
    "text", ["", "image:1", f"user:1-nobody-image:{UUID}", "user:1-a@b.c-video:1", "x-audio:1"]
)
def test_what_is_no_file(text: str) -> None:
    assert (account_of_asset(text), kind_of_asset(text)) == ("", "")


def test_quoted_once_also_after_requests() -> None:
    segment = quote_segment("job:1-user:2-a+b@c.de-bot:x/..%2F")
    assert segment == "job%3A1-user%3A2-a%2Bb%40c.de-bot%3Ax%2F..%252F"
    assert Request("GET", f"https://h.example/jobs/{segment}").prepare().path_url == f"/jobs/{segment}"


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_no_segment_changes_the_path(value: str) -> None:
    with pytest.raises(ValueError, match="address"):
        quote_segment(value)
