"""Edits, stems and lyrics: what is sent, and what is made of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from apps.upstream.deadline import Deadline
from apps.upstream.errors import NoLyrics, OutcomeUnknown, RenderFailed
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.records import LyricsRecord, StemsRecord
from tests.upstream import scripted
from tests.upstream.scripted import ScriptedServer

Serve = Callable[..., ScriptedServer]
Client = Callable[[ScriptedServer], FlowMusic]
EMAIL = "night+bus@x.example"
CLIP = f"user:1234-{EMAIL}-clip:a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d"
JOBID = f"job:aaaabbbb-cccc-4ddd-8eee-ffff99990000-user:1234-{EMAIL}-bot:flowmusic"
JOB = {"jobid": JOBID, "operation": "effect", "status": "pending"}


def body(server: ScriptedServer) -> object:
    (request,) = server.requests
    return json.loads(request.partition(b"\r\n\r\n")[2])


def test_a_zero_is_a_value_and_what_is_empty_is_left_out(serve: Serve, client: Client) -> None:
    server = serve(scripted.reply(201, JOB))
    params = {"operation": "replace", "clip": CLIP, "mask_start_s": 0, "strength": 0.0, "flag": False}
    job = client(server).edit(params | {"title": "", "seed": None}, deadline=Deadline(5))
    assert (job.operation, job.status, job.email) == ("effect", "pending", EMAIL)
    assert server.requests[0].startswith(b"POST /v1/flowmusic/music/edit ")
    assert body(server) == {"mode": "async"} | params


def test_stems_have_a_method_of_their_own(serve: Serve, client: Client) -> None:
    server = serve(scripted.reply(201, JOB))
    with pytest.raises(ValueError, match="stems"):
        client(server).edit({"operation": "stems", "clip": CLIP}, deadline=Deadline(5))
    assert server.requests == []


MANIFEST = {
    "email": EMAIL,
    "operation": "stems",
    "source_clip": CLIP,
    "status": "completed",
    "clips": [
        {
            "stem_type": kind,
            "clip": f"{CLIP}{kind}",
            "title": f"Song - {kind}",
            "duration_s": 173.0,
            "image_url": None,
        }
        for kind in ("drums", "bass", "vocals", "other")
    ],
}


def test_stems_are_a_manifest(serve: Serve, client: Client) -> None:
    server = serve(scripted.reply(200, MANIFEST))
    params = {
        "clip": CLIP,
        "mode": "async",
        "replyUrl": "https://x.example/hooks/s3cr3t",
        "replyRef": "r",
        "title": "",
    }
    stems = client(server).stems(params, deadline=Deadline(5))
    assert body(server) == {"operation": "stems", "clip": CLIP}
    assert [clip.stem_type for clip in stems.clips] == ["drums", "bass", "vocals", "other"]
    assert (stems.email, stems.source_clip, stems.clips[1].title) == (EMAIL, CLIP, "Song - bass")
    assert stems.raw["status"] == "completed"


def test_a_manifest_with_gaps_is_taken_as_it_is() -> None:
    manifest = StemsRecord.parse({"clips": [MANIFEST["clips"][0], {"clip": None}, 7]}, source_clip=CLIP)
    assert (len(manifest.clips), manifest.source_clip, manifest.email) == (1, CLIP, EMAIL)


@pytest.mark.parametrize("answer", [JOB, MANIFEST | JOB, MANIFEST | {"clips": "x"}, {}, []])
def test_stems_that_are_not_there_are_unknown(answer: object, serve: Serve, client: Client) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        client(serve(scripted.reply(200, answer))).stems({"clip": CLIP}, deadline=Deadline(5))
    assert caught.value.evidence["body"]


def test_a_failed_edit_keeps_its_record(serve: Serve, client: Client) -> None:
    failed = JOB | {"status": "failed", "error": {"code": "moderation_reject", "message": "no"}}
    with pytest.raises(RenderFailed) as caught:
        client(serve(scripted.reply(422, failed))).edit(
            {"operation": "cover", "clip": CLIP}, deadline=Deadline(5)
        )
    assert (caught.value.record.error_code, caught.value.record.operation) == ("moderation_reject", "effect")


LYRICS = {
    "email": EMAIL,
    "title": None,
    "lyrics": "[Verse]\nHome",
    "sound_prompt": "folk",
    "source": "lyrics-create",
}


def test_lyrics(serve: Serve, client: Client) -> None:
    server = serve(scripted.reply(200, LYRICS | {"audio_create_song_fired": False, "credits_burned": 0}))
    found = client(server).lyrics({"prompt": "road", "structure": "", "email": None}, deadline=Deadline(5))
    assert body(server) == {"prompt": "road"}
    assert (found.lyrics, found.title, found.sound_prompt, found.source) == (
        "[Verse]\nHome",
        None,
        "folk",
        "lyrics-create",
    )
    assert (found.email, found.song_fired, found.credits_burned, found.was_free) == (EMAIL, False, 0, True)


@pytest.mark.parametrize(
    ("said", "fired", "burned"),
    [
        ({"audio_create_song_fired": True, "credits_burned": None}, True, None),
        ({"audio_create_song_fired": "true", "credits_burned": 0}, True, 0),
        ({"audio_create_song_fired": False, "credits_burned": 5}, False, 5),
        ({"credits_burned": 0.5}, False, 1),
        ({"credits_burned": "5"}, False, 5),
        ({}, False, None),
    ],
)
def test_lyrics_that_are_not_said_to_be_free(
    said: dict[str, object], fired: bool, burned: int | None
) -> None:
    found = LyricsRecord.parse(LYRICS | said)
    assert (found.song_fired, found.credits_burned, found.was_free) == (fired, burned, False)


@pytest.mark.parametrize(
    ("more", "words"), [({}, "normally costs nothing"), ({"credits_burned": 5}, "it did cost credits")]
)
def test_no_lyrics_says_what_was_said_instead(
    more: dict[str, object], words: str, serve: Serve, client: Client
) -> None:
    answer = {
        "email": EMAIL,
        "error": {"code": "no_lyrics", "message": "nothing"},
        "agent_text": "Sorry " * 500,
    }
    with pytest.raises(NoLyrics) as caught:
        client(serve(scripted.reply(422, answer | more))).lyrics({"prompt": "p"}, deadline=Deadline(5))
    assert caught.value.code == "no_lyrics"
    assert len(caught.value.evidence["agent_text"]) == 500
    assert words in caught.value.user_message
