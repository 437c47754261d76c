"""What can be made to go wrong, and how each of it looks on the wire.

A scenario is called by a tag in the prompt (`a slow waltz [hook twice]`, several may be combined) or, for the
next calls of any operation, by POST /_sandbox/scenario. GET / shows GUIDE as a page.
"""

from __future__ import annotations

import dataclasses
import re
from enum import StrEnum
from typing import Any

from apps.sandbox.responses import Refusal, SandboxResponse, Silence, error, html


class Scenario(StrEnum):
    """The value is the tag without its brackets."""

    OUT_OF_CREDITS = "out of credits"
    NO_SUBSCRIPTION = "no subscription"
    UNAUTHORIZED = "401"
    UNPROCESSABLE = "422"
    ACCOUNT_ERROR = "account error"
    BUSY = "busy"
    BUSY_ALL = "busy all"
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502"
    DROP_BEFORE = "drop before"
    MODERATED_NOW = "moderated now"
    SERVER_ERROR_AFTER = "500 after"
    BAD_GATEWAY_AFTER = "502 after"
    HANG = "hang"
    DROP_AFTER = "drop after"
    TRUNCATED = "truncated"
    HTML = "html"
    SLOW = "slow"
    MODERATED = "moderated"
    VANISH = "vanish"
    STAYS_LISTED = "stays listed"
    ONE_TAKE = "one take"
    LINK_EXPIRED = "link expired"
    LINK_LISTED = "link listed"
    NO_COVER = "no cover"
    SECTION_TIMING = "section timing"
    NO_LYRICS = "no lyrics"
    SONG_FIRED = "song fired"
    PLAIN_LYRICS = "plain lyrics"
    NO_LENGTH = "no length"
    FLAGGED = "flagged"
    OLD_SERVER = "old server"
    REFRESH_REJECTED = "refresh rejected"
    HOOK_EARLY = "hook early"
    HOOK_LATE = "hook late"
    HOOK_TWICE = "hook twice"
    HOOK_NEVER = "hook never"


Scenarios = frozenset[Scenario]
BY_TAG = {scenario.value: scenario for scenario in Scenario}
NONE: Scenarios = frozenset()

# After these the client gets no answer, so a synchronous call needn't wait for the song first.
SILENT: Scenarios = frozenset({Scenario.HANG, Scenario.DROP_AFTER})
FAILING: Scenarios = frozenset({Scenario.MODERATED, Scenario.MODERATED_NOW})

GUIDE: tuple[tuple[str, tuple[tuple[Scenario, str], ...]], ...] = (
    (
        "Refused, nothing is charged",
        (
            (Scenario.OUT_OF_CREDITS, "402: the account has insufficient credits"),
            (Scenario.NO_SUBSCRIPTION, "402: the useapi.net subscription has ended"),
            (Scenario.UNAUTHORIZED, "401: the token is not known any more"),
            (Scenario.MODERATED_NOW, "422 with a failed job record, immediately"),
            (Scenario.UNPROCESSABLE, "422 without a job record"),
            (Scenario.ACCOUNT_ERROR, "596: the account is in an error state"),
            (Scenario.BUSY, "429: the account has no free slot"),
            (Scenario.BUSY_ALL, "429: no account has a free slot"),
            (Scenario.SERVER_ERROR, "500 as JSON"),
            (Scenario.BAD_GATEWAY, "502 with a proxy's HTML page"),
            (Scenario.DROP_BEFORE, "the connection is closed before anything is done"),
        ),
    ),
    (
        "Accepted and charged, but the response goes wrong",
        (
            (Scenario.HANG, "no response until the client leaves, or for two minutes"),
            (Scenario.DROP_AFTER, "the connection is closed instead of an answer"),
            (Scenario.TRUNCATED, "half of the JSON, then closed"),
            (Scenario.HTML, "200 with an HTML page"),
            (Scenario.SERVER_ERROR_AFTER, "500 as JSON, although the song is being made"),
            (Scenario.BAD_GATEWAY_AFTER, "502 with HTML, although the song is being made"),
        ),
    ),
    (
        "The job",
        (
            (Scenario.SLOW, "takes five times as long"),
            (
                Scenario.MODERATED,
                "fails with moderation_reject when its time is over; images and uploads with 500, lyrics with 422",
            ),
            (Scenario.VANISH, "its record gives 404 as soon as it has left the list"),
            (Scenario.STAYS_LISTED, "it stays in the list when it has ended, as completed or failed"),
            (Scenario.ONE_TAKE, "one clip instead of two"),
            (Scenario.LINK_EXPIRED, "the media links answer 403; the mp3 can still be downloaded"),
            (
                Scenario.LINK_LISTED,
                "the record's links to the audio answer 403; GET /music gives ones that work",
            ),
            (Scenario.NO_COVER, "image_url is null"),
            (Scenario.SECTION_TIMING, "lyrics_timing has a pair for each section, not for each line"),
        ),
    ),
    (
        "Lyrics, files and accounts (the last two only by POST)",
        (
            (Scenario.NO_LYRICS, "lyrics: 422 with the agent's message instead"),
            (Scenario.SONG_FIRED, "lyrics: a song that nobody requested is made and charged"),
            (Scenario.PLAIN_LYRICS, "lyrics: from the agent's text, without title and sound prompt"),
            (Scenario.NO_LENGTH, "uploads: duration_s is null"),
            (Scenario.FLAGGED, "uploads: is_flagged is true"),
            (Scenario.OLD_SERVER, "accounts: maxJobs can't be changed without the refresh token"),
            (Scenario.REFRESH_REJECTED, "accounts: the refresh token is refused"),
        ),
    ),
    (
        "The webhook, otherwise sent once when the job ends",
        (
            (Scenario.HOOK_EARLY, "before the answer of POST /music, with the pending record"),
            (Scenario.HOOK_LATE, "20 s late, divided by the speed"),
            (Scenario.HOOK_TWICE, "two times"),
            (Scenario.HOOK_NEVER, "not at all"),
        ),
    ),
)

GATEWAY_PAGE = (
    "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center>"
    "<hr><center>cloudflare</center></body></html>"
)
CONVERSATION = "FlowMusic conversation"
WAITING_PAGE = "<!doctype html><title>Just a moment...</title><h1>Checking your connection</h1>"


# Where tags are looked for; in POST /music only in the prompt, because its lyrics are the user's own.
TEXTS = ("prompt", "instruction", "lyrics", "title", "structure")


def in_form(form: dict[str, Any], names: tuple[str, ...] = TEXTS) -> Scenarios:
    """The scenarios called by tags; other tags ([Verse], [Chorus]) are part of the text."""
    text = "\n".join(value for name in names if isinstance(value := form.get(name), str))
    tags = (" ".join(tag.lower().split()) for tag in re.findall(r"\[([^\[\]]{1,40})\]", text))
    return frozenset(BY_TAG[tag] for tag in tags if tag in BY_TAG)


def account_error(email: str, reason: str) -> SandboxResponse:
    return error(596, f"Account {email} in error state: {reason}")


def out_of_credits(step: str = CONVERSATION) -> SandboxResponse:
    return error(402, step + ' failed (402): {"detail":"User has insufficient credits"}')


def busy(step: str = CONVERSATION) -> SandboxResponse:
    return error(429, step + ' failed (429): {"detail":"Too Many Requests"}')


def busy_all(accounts: int) -> SandboxResponse:
    return error(
        429, f"All {accounts} FlowMusic accounts are at their maxJobs concurrency limit — retry shortly"
    )


def check(called: Scenarios, *, email: str, accounts: int = 2) -> None:
    """Before the work: raises the refusal or the silence that was called for, the first in the order below."""
    check_with(
        called,
        {
            Scenario.ACCOUNT_ERROR: account_error(email, "refresh token rejected"),
            Scenario.BUSY_ALL: busy_all(accounts),
            Scenario.BUSY: busy(),
            Scenario.OUT_OF_CREDITS: out_of_credits(),
            Scenario.UNPROCESSABLE: error(422, "Unprocessable Entity"),
        },
    )


def check_with(called: Scenarios, own: dict[Scenario, SandboxResponse]) -> None:
    """The same for an operation that words some refusals in its own way."""
    refusals = {
        Scenario.UNAUTHORIZED: error(401, "Unauthorized"),
        Scenario.NO_SUBSCRIPTION: error(402, "Account has no subscription"),
        **own,
        Scenario.SERVER_ERROR: error(500, "Internal Server Error"),
        Scenario.BAD_GATEWAY: html(502, GATEWAY_PAGE),
    }
    if Scenario.DROP_BEFORE in called:
        raise Silence(hold=False)
    for scenario, answer in refusals.items():
        if scenario in called:
            raise Refusal(answer)


def distort(called: Scenarios, answer: SandboxResponse) -> SandboxResponse:
    """After the work: the answer as the client gets it; raises Silence if it gets none."""
    if called & SILENT:
        raise Silence(hold=Scenario.HANG in called)
    if Scenario.SERVER_ERROR_AFTER in called:
        return error(500, "Internal Server Error")
    if Scenario.BAD_GATEWAY_AFTER in called:
        return html(502, GATEWAY_PAGE)
    if Scenario.HTML in called:
        return html(200, WAITING_PAGE)
    if Scenario.TRUNCATED in called:
        return dataclasses.replace(answer, cut=True, close=True)
    return answer
