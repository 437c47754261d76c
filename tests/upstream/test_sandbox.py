"""The client against the sandbox, which was written from the same pages and shares no code with it."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator

import pytest

from apps.sandbox.server import Sandbox
from apps.upstream import errors, media
from apps.upstream.deadline import Deadline
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.records import JobRecord
from apps.upstream.token import Token

STUDIO = "studio@sandbox.example"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    server = Sandbox(tmp_path_factory.mktemp("sandbox"), speed=200)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def flow(sandbox: Sandbox) -> FlowMusic:
    sandbox.reset()
    return connect(sandbox, "user:1000-sandboxdemo")


def connect(sandbox: Sandbox, raw: str) -> FlowMusic:
    return FlowMusic(
        f"{sandbox.url}/v1/flowmusic", Token.parse(raw), allowed_origins=frozenset({sandbox.url})
    )


def finished(flow: FlowMusic, jobid: str) -> JobRecord:
    for _ in range(200):
        job = flow.job(jobid)
        if job.status != "pending":
            return job
        time.sleep(0.05)
    raise AssertionError("the job does not end")


def is_mp3(flow: FlowMusic, clip_id: str) -> bool:
    file = io.BytesIO()
    flow.download_mp3(clip_id, file, deadline_s=30, max_bytes=10**8)
    return file.getvalue().startswith((b"ID3", b"\xff\xfb"))


def test_a_song_from_wish_to_files(sandbox: Sandbox, flow: FlowMusic) -> None:
    assert set(flow.accounts()) == {STUDIO, "night+bus@sandbox.example"}
    before = flow.account(STUDIO).credits
    sent = flow.music({"prompt": "disco, 120 bpm", "email": STUDIO, "replyRef": "r1"}, deadline=Deadline(10))
    assert (sent.status, sent.email, sent.reference, sent.clips) == ("pending", STUDIO, "r1", ())
    assert flow.jobs()[STUDIO].jobs[0].jobid == sent.jobid
    done = finished(flow, sent.jobid)
    assert (done.status, len(done.clips), flow.jobs()) == ("completed", 2, {})
    assert before is not None
    assert flow.account(STUDIO).credits == before - 5
    take = done.clips[1]
    for url, start in (
        (take.audio_url, rb"....ftyp"),
        (take.wav_url, rb"RIFF....WAVE"),
        (take.image_url, rb"\xff\xd8\xff"),
    ):
        file = io.BytesIO()
        media.fetch(
            str(url), file, deadline=Deadline(30), max_bytes=10**8, allowed_origins=frozenset({sandbox.url})
        )
        assert re.match(start, file.getvalue(), re.DOTALL)
    assert is_mp3(flow, take.clip_id)
    flow.cancel_job(sent.jobid)
    assert flow.job(sent.jobid).status == "completed"


def test_an_account_with_a_plus_in_its_name(flow: FlowMusic) -> None:
    email = "night+bus@sandbox.example"
    job = flow.music({"prompt": "p [one take]", "email": email}, deadline=Deadline(10))
    (take,) = finished(flow, job.jobid).clips
    assert flow.account(email).email == email
    assert is_mp3(flow, take.clip_id)


def test_cancelled(flow: FlowMusic) -> None:
    job = flow.music({"prompt": "p [slow]"}, deadline=Deadline(10))
    flow.cancel_job(job.jobid)
    assert (flow.job(job.jobid).status, flow.job(job.jobid).error_code) == ("failed", "user_cancelled")


@pytest.mark.parametrize(
    ("tag", "kind", "charged"),
    [
        ("moderated now", errors.RenderFailed, 0),
        ("out of credits", errors.OutOfCredits, 0),
        ("no subscription", errors.SubscriptionEnded, 0),
        ("401", errors.TokenRefused, 0),
        ("422", errors.Rejected, 0),
        ("account error", errors.AccountBroken, 0),
        ("busy", errors.Busy, 0),
        ("busy all", errors.Busy, 0),
        ("500", errors.OutcomeUnknown, 0),
        ("502", errors.OutcomeUnknown, 0),
        ("drop before", errors.OutcomeUnknown, 0),
        ("drop after", errors.OutcomeUnknown, 1),
        ("truncated", errors.OutcomeUnknown, 1),
        ("html", errors.OutcomeUnknown, 1),
        ("hang", errors.OutcomeUnknown, 1),
    ],
)
def test_what_an_answer_means(
    tag: str, kind: type[errors.UpstreamError], charged: int, flow: FlowMusic, sandbox: Sandbox
) -> None:
    with pytest.raises(errors.UpstreamError) as caught:
        flow.music({"prompt": f"p [{tag}]", "replyRef": "ref"}, deadline=Deadline(2))
    assert type(caught.value) is kind
    assert sandbox.charged("ref") == charged


def test_other_tokens(sandbox: Sandbox) -> None:
    with pytest.raises(errors.TokenRefused):
        connect(sandbox, "user:1-stranger").accounts()
    assert connect(sandbox, "user:7-sandboxempty").accounts() == {}
    assert all(account.error for account in connect(sandbox, "user:8-sandboxerror").accounts().values())


def test_another_tokens_job(flow: FlowMusic, sandbox: Sandbox) -> None:
    jobid = flow.music({"prompt": "p"}, deadline=Deadline(10)).jobid
    with pytest.raises(errors.Forbidden):
        connect(sandbox, "user:9-sandboxother").job(jobid)
    with pytest.raises(errors.Gone):
        flow.job(jobid.replace("job:", "job:0"))


def test_a_refused_wish(flow: FlowMusic) -> None:
    with pytest.raises(errors.Rejected) as caught:
        flow.music({"prompt": ""}, deadline=Deadline(10))
    assert "prompt" in caught.value.user_message


def test_what_songs_have_cost(flow: FlowMusic) -> None:
    email = "night+bus@sandbox.example"
    for prompt in ("p [one take]", "q [one take]"):
        flow.music({"prompt": prompt, "email": email}, deadline=Deadline(10))
    usage = flow.usage(email)
    assert (usage.email, usage.charged_credits) == (email, 10)
    assert [song.credits for song in usage.spent] == [5, 5]
    assert all(song.at for song in usage.spent)
    assert flow.usage(STUDIO).spent == ()
