"""The client against the sandbox, which was written from the same pages and shares no code with it."""

from __future__ import annotations

import io
import re
import time
import wave
from collections.abc import Iterator

import pytest

from apps.sandbox.server import Sandbox
from apps.upstream import errors, media
from apps.upstream.deadline import Deadline
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.records import AssetRecord, JobRecord
from apps.upstream.token import RefreshToken, Token

pytestmark = pytest.mark.long

STUDIO, NIGHT = "studio@sandbox.example", "night+bus@sandbox.example"


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


def test_a_song_from_request_to_files(sandbox: Sandbox, flow: FlowMusic) -> None:
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


def test_a_refused_request(flow: FlowMusic) -> None:
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


EDITS: dict[str, dict[str, object]] = {
    "effect": {"effect": "Fade", "fade_in_s": 0, "fade_out_s": 2.5},
    "extend": {"instruction": "an outro", "extend_s": 30, "extend_from_s": 0.0},
    "replace": {"instruction": "softer", "mask_start_s": 0, "mask_end_s": 8},
    "cover": {"strength": 0.0, "instruction": "lo-fi", "model": "lyria-3.5"},
    "remix": {"lyrics": "[Verse 1]\nNeon rain", "prompt": ""},
}


def test_edits_of_a_clip_and_their_price(sandbox: Sandbox, flow: FlowMusic) -> None:
    song = flow.music({"prompt": "p [one take]", "email": STUDIO}, deadline=Deadline(10))
    (clip,) = finished(flow, song.jobid).clips
    for operation, params in EDITS.items():
        request = {
            "operation": operation,
            "clip": clip.clip_id,
            "replyRef": operation,
            "title": "",
            "seed": None,
        }
        sent = flow.edit(request | params, deadline=Deadline(10))
        assert (sent.operation, sent.status, sent.email, sent.reference) == (
            operation,
            "pending",
            STUDIO,
            operation,
        )
        done = finished(flow, sent.jobid)
        assert (done.status, len(done.clips), sandbox.charged(operation)) == ("completed", 1, 1)
    usage = flow.usage(STUDIO)
    assert (usage.charged_credits, sum(-(-each.tokens // 12) for each in usage.events if each.charged)) == (
        30,
        30,
    )
    assert usage.received_tokens
    page, seen = flow.music_list(STUDIO, limit=2), 0
    while page.next is not None:
        seen += len(page.clips)
        page = flow.music_list(STUDIO, limit=2, offset=page.next)
    assert seen + len(page.clips) == 6


def test_stems_come_once_and_again(flow: FlowMusic) -> None:
    song = flow.music({"prompt": "p [one take]", "email": STUDIO}, deadline=Deadline(10))
    (clip,) = finished(flow, song.jobid).clips
    stems = flow.stems({"clip": clip.clip_id}, deadline=Deadline(30))
    assert {each.stem_type for each in stems.clips} == {"drums", "bass", "vocals", "other"}
    assert (stems.email, stems.source_clip) == (STUDIO, clip.clip_id)
    again = flow.stems({"clip": clip.clip_id}, deadline=Deadline(30))
    assert {each.clip_id for each in again.clips} == {each.clip_id for each in stems.clips}
    assert flow.usage(STUDIO).charged_credits == 10
    with pytest.raises(errors.Rejected, match="not found"):
        flow.stems({"clip": clip.clip_id[:-4] + "0000"}, deadline=Deadline(10))


def test_lyrics_are_free_unless_they_say_so(flow: FlowMusic) -> None:
    found = flow.lyrics({"prompt": "a road", "structure": "Verse 1 / Chorus"}, deadline=Deadline(20))
    assert ("[Chorus]" in found.lyrics, found.was_free, bool(found.sound_prompt)) == (True, True, True)
    fired = flow.lyrics({"prompt": "a road [song fired]"}, deadline=Deadline(20))
    assert (fired.song_fired, fired.credits_burned, fired.was_free) == (True, None, False)
    with pytest.raises(errors.NoLyrics) as caught:
        flow.lyrics({"prompt": "a road [no lyrics]"}, deadline=Deadline(20))
    assert caught.value.evidence["agent_text"]


def upload(flow: FlowMusic, data: bytes, content_type: str) -> AssetRecord:
    return flow.upload(
        io.BytesIO(data),
        size=len(data),
        content_type=content_type,
        email=NIGHT,
        strip_metadata=None,
        deadline=Deadline(30),
    )


def test_pictures_and_files(flow: FlowMusic) -> None:
    picture = flow.generate_image({"prompt": "neon", "email": NIGHT}, deadline=Deadline(20))
    assert (picture.kind, picture.email, bool(picture.width)) == ("image", NIGHT, True)
    with pytest.raises(errors.Declined):
        flow.generate_image({"prompt": "neon [moderated]"}, deadline=Deadline(20))
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(32_000))
    recording = upload(flow, sound.getvalue(), "audio/wav")
    assert (recording.kind, recording.email, recording.duration_s) == ("audio", NIGHT, 2.0)
    assert recording.asset_id.startswith(f"user:1000-{NIGHT}-audio:")
    with pytest.raises(errors.Rejected, match="does not match"):
        upload(flow, sound.getvalue(), "image/png")
    with pytest.raises(errors.Rejected, match="40 MB") as caught:
        upload(flow, bytes(40 * 1024 * 1024 + 1), "audio/wav")
    assert caught.value.status == 413


def test_accounts_come_change_and_go(sandbox: Sandbox) -> None:
    flow, email = connect(sandbox, "user:7-sandboxempty"), "drummer@sandbox.example"
    with pytest.raises(errors.Rejected, match="Refresh Token Not Found"):
        flow.add_account(RefreshToken.parse("bad-refresh-token"))
    added = flow.add_account(RefreshToken.parse("sandbox-refresh-drummer"), max_jobs=3)
    assert (added.email, added.max_jobs, added.credits, added.error) == (email, 3, None, None)
    assert added.added
    assert flow.set_max_jobs(email, 5).max_jobs == flow.accounts()[email].max_jobs == 5
    flow.remove_account(email)
    for call in (flow.remove_account, lambda email: flow.set_max_jobs(email, 2)):
        with pytest.raises(errors.Gone):
            call(email)
