"""Every documented status of every operation: what the client makes of it, and what people are told."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from apps.upstream import errors
from apps.upstream.deadline import Deadline
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.token import RefreshToken
from tests.upstream import scripted
from tests.upstream.scripted import Script, ScriptedServer

EMAIL = "user@email.com"
JOBID = f"job:aaaabbbb-cccc-4ddd-8eee-ffff99990000-user:1234-{EMAIL}-bot:flowmusic"
CLIP = f"user:1234-{EMAIL}-clip:a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d"
JOB = {"jobid": JOBID, "email": EMAIL, "status": "pending", "request": {}}
FAILED = JOB | {"status": "failed", "error": {"code": "moderation_reject", "message": "the model declined"}}
PICTURE = {"id": f"user:1234-{EMAIL}-image:34cd56ef", "url": "https://x.example/a.jpg", "kind": "image"}
ACCOUNT = {"email": EMAIL, "tier": "plus", "maxJobs": 12}
STEMS = {"email": EMAIL, "operation": "stems", "source_clip": CLIP, "clips": [{"clip": CLIP}]}
LYRICS = {"email": EMAIL, "lyrics": "[Verse]\nHome", "audio_create_song_fired": False, "credits_burned": 0}


def said(status: int, words: str) -> Script:
    return scripted.reply(status, {"error": words, "code": status})


OF_ALL: dict[object, tuple[Script, str]] = {
    401: (said(401, "Unauthorized"), "TokenRefused"),
    596: (said(596, f"Account {EMAIL} in error state: refresh token rejected"), "AccountBroken"),
}
CREDITS = said(402, 'recipes/create failed (402): {"detail":"User has insufficient credits"}')
PAID: dict[object, tuple[Script, str]] = OF_ALL | {
    400: (said(400, "instruction required for operation=extend"), "Rejected"),
    402: (CREDITS, "OutOfCredits"),
    "402 subscription": (said(402, "Account has no subscription."), "SubscriptionEnded"),
    429: (said(429, 'producer/tool-call failed (429): {"detail":"Too Many Requests"}'), "Busy"),
    "422 record": (scripted.reply(422, FAILED), "RenderFailed"),
    500: (said(500, "Internal"), "OutcomeUnknown"),
    "500 html": (scripted.html(500), "OutcomeUnknown"),
    "lost": (scripted.drop, "OutcomeUnknown"),
}
EDITS = PAID | {
    404: (said(404, "source clip not found on FlowMusic"), "Rejected"),
    "422 uploaded": (said(422, "the clip has no conversation_id"), "Rejected"),
    "422 declined": (said(422, "the model declined"), "Rejected"),
}
DECLINED = said(500, 'Upload failed (HTTP 500): FlowMusic: "Internal Server Error"')
FILE = OF_ALL | {
    400: (said(400, "Content-Type (application/octet-stream) not supported."), "Rejected"),
    500: (DECLINED, "Declined"),
    "500 html": (scripted.html(500), "OutcomeUnknown"),
    "500 empty": (scripted.reply(500), "OutcomeUnknown"),
    502: (said(502, "Bad gateway"), "OutcomeUnknown"),
    "lost": (scripted.drop, "OutcomeUnknown"),
}
READ = {401: OF_ALL[401], 503: (scripted.reply(503), "Unavailable")}
OF_LISTED = {
    401: OF_ALL[401],
    "lost": (scripted.drop, "OutcomeUnknown"),
    500: (scripted.reply(500), "OutcomeUnknown"),
}
NO_JOB = {403: (said(403, "not yours"), "Forbidden"), 404: (said(404, "no job with that id"), "Gone")}
NO_ACCOUNT = {404: (said(404, "account not configured"), "Gone")}
MP3 = scripted.reply(200, b"ID3", headers={"Content-Type": "audio/mpeg"})

Call = Callable[[FlowMusic], object]
OPERATIONS: dict[str, tuple[Call, dict[object, tuple[Script, str]]]] = {
    "POST /music": (
        lambda flow: flow.music({"prompt": "p"}, deadline=Deadline(5)),
        PAID | {200: (scripted.reply(200, JOB), "JobRecord"), 201: (scripted.reply(201, JOB), "JobRecord")},
    ),
    "POST /music/edit": (
        lambda flow: flow.edit({"operation": "cover", "clip": CLIP}, deadline=Deadline(5)),
        EDITS | {200: (scripted.reply(200, JOB), "JobRecord"), 201: (scripted.reply(201, JOB), "JobRecord")},
    ),
    "POST /music/edit stems": (
        lambda flow: flow.stems({"clip": CLIP}, deadline=Deadline(5)),
        EDITS
        | {
            200: (scripted.reply(200, STEMS), "StemsRecord"),
            "200 job": (scripted.reply(200, JOB | STEMS), "OutcomeUnknown"),
            "201 job": (scripted.reply(201, JOB), "OutcomeUnknown"),
            "200 none": (scripted.reply(200, STEMS | {"clips": [{"clip": None}]}), "OutcomeUnknown"),
        },
    ),
    "POST /music/lyrics": (
        lambda flow: flow.lyrics({"prompt": "p"}, deadline=Deadline(5)),
        OF_ALL
        | {
            200: (scripted.reply(200, LYRICS), "LyricsRecord"),
            "200 odd": (scripted.reply(200, LYRICS | {"lyrics": " "}), "OutcomeUnknown"),
            400: (said(400, "Parameter prompt is required"), "Rejected"),
            422: (
                scripted.reply(422, {"error": {"code": "no_lyrics", "message": "…"}, "agent_text": "Hm"}),
                "NoLyrics",
            ),
            "422 html": (scripted.html(422), "Rejected"),
            500: (said(500, "Internal"), "OutcomeUnknown"),
            "lost": (scripted.drop, "OutcomeUnknown"),
        },
    ),
    "POST /files": (
        lambda flow: flow.upload(
            io.BytesIO(b"\xff\xd8\xff"), size=3, content_type="image/jpeg", email=EMAIL, deadline=Deadline(5)
        ),
        FILE
        | {
            200: (scripted.reply(200, PICTURE), "AssetRecord"),
            "200 odd": (scripted.reply(200, {}), "OutcomeUnknown"),
            413: (said(413, "file exceeds the size cap"), "Rejected"),
            "413 html": (scripted.html(413), "Rejected"),
            422: (said(422, "AI-generated provenance"), "Rejected"),
        },
    ),
    "POST /files/generate": (
        lambda flow: flow.generate_image({"prompt": "p"}, deadline=Deadline(5)),
        FILE | {200: (scripted.reply(200, PICTURE), "AssetRecord")},
    ),
    "POST /accounts": (
        lambda flow: flow.add_account(RefreshToken("bdykxtrr5eaf")),
        OF_LISTED
        | {
            200: (scripted.reply(200, ACCOUNT), "AccountRecord"),
            201: (scripted.reply(201, ACCOUNT), "AccountRecord"),
            "201 odd": (scripted.reply(201, []), "OutcomeUnknown"),
            400: (said(400, "the token failed to refresh"), "Rejected"),
            429: (said(429, "slow down"), "Busy"),
        },
    ),
    "POST /accounts maxJobs": (
        lambda flow: flow.set_max_jobs(EMAIL, 3),
        OF_LISTED
        | NO_ACCOUNT
        | {
            200: (scripted.reply(200, ACCOUNT), "AccountRecord"),
            400: (said(400, "Parameter refresh_token is required"), "Rejected"),
        },
    ),
    "DELETE /accounts/{email}": (
        lambda flow: flow.remove_account(EMAIL),
        OF_LISTED
        | NO_ACCOUNT
        | {
            204: (scripted.raw(scripted.head(204)), "NoneType"),
            "404 html": (scripted.html(404), "OutcomeUnknown"),
        },
    ),
    "GET /accounts": (
        lambda flow: flow.accounts(),
        READ | {200: (scripted.reply(200, {}), "dict")},
    ),
    "GET /accounts/{email}": (
        lambda flow: flow.account(EMAIL),
        READ | NO_ACCOUNT | {200: (scripted.reply(200, ACCOUNT), "AccountRecord")},
    ),
    "GET /accounts/usage": (
        lambda flow: flow.usage(EMAIL),
        READ | NO_ACCOUNT | {200: (scripted.reply(200, {"events": []}), "AccountUsage")},
    ),
    "GET /jobs": (lambda flow: flow.jobs(), READ | {200: (scripted.reply(200, {}), "dict")}),
    "GET /jobs/{jobid}": (
        lambda flow: flow.job(JOBID),
        READ | NO_JOB | {200: (scripted.reply(200, JOB), "JobRecord")},
    ),
    "DELETE /jobs/{jobid}": (
        lambda flow: flow.cancel_job(JOBID),
        READ | NO_JOB | {204: (scripted.raw(scripted.head(204)), "NoneType")},
    ),
    "GET /music": (
        lambda flow: flow.music_list(EMAIL),
        READ | NO_ACCOUNT | {200: (scripted.reply(200, {"clips": []}), "ClipPage"), 596: OF_ALL[596]},
    ),
    "GET /music/download": (
        lambda flow: flow.download_mp3(CLIP, io.BytesIO(), deadline_s=5, max_bytes=99),
        READ
        | {
            200: (MP3, "NoneType"),
            400: (said(400, "Parameter id not a valid clip ID or jobid"), "Rejected"),
            409: (said(409, "not completed"), "NotReady"),
            596: OF_ALL[596],
        },
    ),
}
CASES = [(name, status) for name, (_, table) in OPERATIONS.items() for status in table]

MONEY = re.compile(r"spent|\bcosts?\b|free", re.IGNORECASE)
# The last sentence, or what follows its colon, says what to do.
NEXT = re.compile(
    r"[.:;] (?:(?:Check|Search|Edit|Enter|Renew|Reconnect|Top|Change|Choose|Connect|Copy|Try|Send|Make|Use|Add)\b"
    r"|It can (?:be|start)|Waiting)(?:[^.]|\.\w)*\.$",
    re.IGNORECASE,
)
UNWANTED = re.compile(r"!|\bplease\b|\bqueue|generated|\bAI\b|[{}]")


@pytest.mark.parametrize(("name", "status"), CASES, ids=[f"{name} {status}" for name, status in CASES])
def test_what_a_status_means_and_what_people_are_told(
    name: str,
    status: object,
    serve: Callable[..., ScriptedServer],
    client: Callable[[ScriptedServer], FlowMusic],
) -> None:
    call, table = OPERATIONS[name]
    script, kind = table[status]
    found: Any
    try:
        found = call(client(serve(script)))
    except errors.UpstreamError as exc:
        found = exc
    assert type(found).__name__ == kind
    if isinstance(found, errors.UpstreamError):
        words = found.user_message
        assert MONEY.search(words), words
        assert NEXT.search(words), words
        assert not UNWANTED.search(words), words
        assert found.outcome_unknown == (kind == "OutcomeUnknown")
        if kind == "OutcomeUnknown":
            assert "Nothing was spent" not in words
        if "edit" in name:
            assert "created no song" not in words


def test_all_the_operations_are_here() -> None:
    """One method each, but for edits and accounts, whose page has two."""
    methods = {name for name in dir(FlowMusic) if not name.startswith("_")}
    assert len(methods) == len(OPERATIONS) == 17


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("POST /files", 413, "images may have 20 MB, audio 40 MB"),
        ("POST /files", 422, "without its hidden data"),
        ("POST /files", 500, "often it is what the image shows"),
        ("POST /files/generate", 500, "Edit the prompt"),
        ("POST /music/edit", "422 record", "created nothing from this edit: “the model declined”"),
        ("POST /music/edit", "422 uploaded", "that was uploaded can't be edited"),
        (
            "POST /music/edit",
            "422 declined",
            "nothing from this edit: “the model declined”. It may have cost",
        ),
        ("POST /music/edit", 402, "another account is no help"),
        ("POST /music/edit", "lost", "This edit may have gone through"),
        ("POST /music/edit stems", "lost", "no new ones"),
        ("POST /music/lyrics", "lost", "normally free"),
        ("POST /accounts", 400, "The token was not accepted: “the token failed to refresh”"),
        ("POST /accounts", 401, "no longer accepts the API token"),
        ("POST /accounts", "lost", "costs nothing. Check the list"),
        ("POST /accounts maxJobs", 400, "give the refresh token along with it"),
        ("GET /accounts/{email}", 404, "useapi.net does not know this account"),
    ],
)
def test_words_of_their_own(
    name: str,
    status: object,
    words: str,
    serve: Callable[..., ScriptedServer],
    client: Callable[[ScriptedServer], FlowMusic],
) -> None:
    call, table = OPERATIONS[name]
    with pytest.raises(errors.UpstreamError) as caught:
        call(client(serve(table[status][0])))
    assert words in caught.value.user_message
