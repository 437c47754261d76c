"""The table: status and body × operation → class. And what each error says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from apps.upstream import errors
from apps.upstream.deadline import Deadline
from apps.upstream.flowmusic import FlowMusic
from tests.upstream import scripted
from tests.upstream.scripted import Script, ScriptedServer

Serve = Callable[..., ScriptedServer]
Client = Callable[[ScriptedServer], FlowMusic]
JOBID = "job:aaaabbbb-cccc-4ddd-8eee-ffff99990000-user:1234-user@email.com-bot:flowmusic"
FAILED = {
    "jobid": JOBID,
    "email": "user@email.com",
    "status": "failed",
    "error": {"code": "moderation_reject", "message": "the model declined to generate audio"},
    "request": {"prompt": "p", "replyRef": "ref-1"},
}


def said(status: int, error: str) -> Script:
    return scripted.reply(status, {"error": error, "code": status})


ALL_FULL = said(429, "All 3 FlowMusic accounts are at their maxJobs concurrency limit — retry shortly")
ONE_FULL = said(429, 'FlowMusic conversation failed (429): {"detail":"Too Many Requests"}')
NO_CREDITS = said(402, 'FlowMusic conversation failed (402): {"detail":"User has insufficient credits"}')
NO_SUBSCRIPTION = said(402, "Account has no subscription. Subscribe at https://useapi.net/docs/subscription")
IN_ERROR = said(596, "Account user@email.com in error state: refresh token rejected")

# answer: (from POST /music, from GET /jobs/{jobid}, from DELETE /jobs/{jobid})
TABLE: dict[str, tuple[Script, tuple[str, str, str]]] = {
    "300": (scripted.reply(300), ("OutcomeUnknown", "Unavailable", "Unavailable")),
    "302": (
        scripted.reply(302, headers={"Location": "/x"}),
        ("OutcomeUnknown", "Unavailable", "Unavailable"),
    ),
    "400": (said(400, "Parameter prompt is required"), ("Rejected", "Rejected", "Rejected")),
    "401": (said(401, "Unauthorized"), ("TokenRefused", "TokenRefused", "TokenRefused")),
    "401 bare": (scripted.reply(401), ("TokenRefused", "TokenRefused", "TokenRefused")),
    "402 credits": (NO_CREDITS, ("OutOfCredits", "OutOfCredits", "OutOfCredits")),
    "402 subscription": (NO_SUBSCRIPTION, ("SubscriptionEnded", "SubscriptionEnded", "SubscriptionEnded")),
    "402 empty": (scripted.reply(402), ("OutOfCredits", "OutOfCredits", "OutOfCredits")),
    "402 html": (scripted.html(402), ("OutOfCredits", "OutOfCredits", "OutOfCredits")),
    "403": (said(403, "Forbidden"), ("Rejected", "Forbidden", "Forbidden")),
    "403 html": (scripted.html(403), ("Rejected", "Unavailable", "Unavailable")),
    "404": (said(404, "No such job"), ("Rejected", "Gone", "Gone")),
    "404 bare": (scripted.reply(404), ("Rejected", "Gone", "Gone")),
    "404 html": (scripted.html(404), ("Rejected", "Unavailable", "Unavailable")),
    "405": (scripted.reply(405), ("Rejected", "Rejected", "Rejected")),
    "408": (scripted.reply(408), ("OutcomeUnknown", "Unavailable", "Unavailable")),
    "409": (said(409, "Not completed"), ("Rejected", "NotReady", "NotReady")),
    "410": (said(410, "Expired"), ("Rejected", "Gone", "Gone")),
    "413": (scripted.reply(413), ("Rejected", "Rejected", "Rejected")),
    "422 record": (scripted.reply(422, FAILED), ("RenderFailed", "Rejected", "Rejected")),
    "422 text": (said(422, "Unusable"), ("Rejected", "Rejected", "Rejected")),
    "422 object": (
        scripted.reply(422, {"error": {"message": "no"}, "agent_text": "x"}),
        ("Rejected", "Rejected", "Rejected"),
    ),
    "429 all": (ALL_FULL, ("Busy", "Busy", "Busy")),
    "429 one": (ONE_FULL, ("Busy", "Busy", "Busy")),
    "429 html": (scripted.html(429), ("Busy", "Busy", "Busy")),
    "500": (said(500, "Internal"), ("OutcomeUnknown", "Unavailable", "Unavailable")),
    "502 html": (scripted.html(502), ("OutcomeUnknown", "Unavailable", "Unavailable")),
    "503": (scripted.reply(503), ("OutcomeUnknown", "Unavailable", "Unavailable")),
    "504": (scripted.reply(504), ("OutcomeUnknown", "Unavailable", "Unavailable")),
    "596": (IN_ERROR, ("AccountBroken", "AccountBroken", "AccountBroken")),
    "596 html": (scripted.html(596), ("AccountBroken", "AccountBroken", "AccountBroken")),
    "599": (scripted.reply(599), ("OutcomeUnknown", "Unavailable", "Unavailable")),
    "dropped": (scripted.drop, ("OutcomeUnknown", "Unavailable", "Unavailable")),
}
OPERATIONS: list[Callable[[FlowMusic], object]] = [
    lambda flow: flow.music({"prompt": "p"}, deadline=Deadline(5)),
    lambda flow: flow.job(JOBID),
    lambda flow: flow.cancel_job(JOBID),
]


def caught(flow: FlowMusic, operation: int = 0) -> Any:
    with pytest.raises(errors.UpstreamError) as info:
        OPERATIONS[operation](flow)
    return info.value


@pytest.mark.parametrize("operation", [0, 1, 2], ids=["music", "job", "cancel"])
@pytest.mark.parametrize("name", TABLE)
def test_table(name: str, operation: int, serve: Serve, client: Client) -> None:
    script, kinds = TABLE[name]
    error = caught(client(serve(script)), operation)
    assert type(error).__name__ == kinds[operation]
    assert error.outcome_unknown == (kinds[operation] == "OutcomeUnknown")
    assert error.status is None or str(error.status) in str(error)
    json.dumps(error.evidence)
    assert len(error.user_message) < 500


def test_every_class_is_in_plain_words() -> None:
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.UpstreamError):
            words = kind.words.lower()
            assert not {"!", "oops", "please", " queue", " ai "} & {
                mark for mark in ("!", "oops", "please", " queue", " ai ") if mark in words
            }
            assert "spent" in words or "cost" in words or kind is errors.UpstreamError, kind


@pytest.mark.parametrize(
    ("script", "scope"),
    [
        (ALL_FULL, "all"),
        (ONE_FULL, "account"),
        (said(429, 'producer/tool-call failed (429): {"detail":"Too Many Requests"}'), "account"),
        (scripted.html(429), "all"),
    ],
)
def test_who_is_busy(script: Script, scope: str, serve: Serve, client: Client) -> None:
    error = caught(client(serve(script)))
    assert (error.scope, error.retryable) == (scope, True)


def test_busy_says_how_long(serve: Serve, client: Client) -> None:
    error = caught(
        client(serve(scripted.reply(429, {"error": "x", "code": 429}, headers={"Retry-After": "17"})))
    )
    assert error.retry_after == 17
    error = caught(client(serve(scripted.reply(429, {"error": "x", "retryAfter": "2020-01-01T00:00:00Z"}))))
    assert error.retry_after == 0


def test_a_broken_account_says_which_and_why(serve: Serve, client: Client) -> None:
    error = caught(client(serve(IN_ERROR)))
    assert (error.reason, error.code) == ("refresh token rejected", 596)
    assert "user@email.com" in error.user_message
    assert "“refresh token rejected”" in error.user_message
    assert not error.retryable


def test_a_failed_render_keeps_its_record(serve: Serve, client: Client) -> None:
    error = caught(client(serve(scripted.reply(422, FAILED))))
    assert (error.record.jobid, error.record.error_code, error.record.reference) == (
        JOBID,
        "moderation_reject",
        "ref-1",
    )
    assert error.code == "moderation_reject"
    assert "the model declined" in error.user_message
    assert "may have cost" in error.user_message


def test_a_refused_token_names_the_provider(serve: Serve, client: Client) -> None:
    words = caught(client(serve(TABLE["401"][0]))).user_message
    assert words.startswith("useapi.net no longer accepts this token. It may have been reset.")


def test_a_rejection_quotes_the_reason(serve: Serve, client: Client) -> None:
    error = caught(client(serve(TABLE["400"][0])))
    assert "“Parameter prompt is required”" in error.user_message
    assert error.evidence["message"] == "Parameter prompt is required"


def test_evidence_holds_what_support_asks_for(serve: Serve, client: Client) -> None:
    body = {
        "error": "Upload failed",
        "code": 500,
        "upstream": {"cf_ray": "a05b815ef02cf9cc-SJC"},
        "more": "x" * 5000,
    }
    error = caught(
        client(serve(scripted.reply(500, body, headers={"CF-Ray": "77-FRA", "Set-Cookie": "s=1"})))
    )
    evidence = error.evidence
    assert (evidence["method"], evidence["path"], evidence["status"]) == ("POST", "/v1/flowmusic/music", 500)
    assert evidence["headers"]["cf-ray"] == "77-FRA"
    assert "set-cookie" not in evidence["headers"]
    assert evidence["upstream_cf_ray"] == "a05b815ef02cf9cc-SJC"
    assert len(evidence["body"]) == 2000
    assert evidence["elapsed_ms"] >= 0


def test_evidence_fits_into_a_database(serve: Serve, client: Client) -> None:
    error = caught(client(serve(scripted.reply(500, b"\x00\xff\xed\xa0\x80 broken"))))
    assert "\x00" not in error.evidence["body"]
    error.evidence["body"].encode()
