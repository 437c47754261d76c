"""What an answer of the Flow Music API means (DESIGN section 3; api/useapi-notes.md, section 4).

Each function returns the error to raise for an answer that is not what was asked for. Statuses with a
meaning of their own come first (596 before every other 5xx), then the families. The words are for people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from apps.upstream import parsing
from apps.upstream.errors import (
    AccountBroken,
    Busy,
    Declined,
    Forbidden,
    Gone,
    NoLyrics,
    NotReady,
    OutcomeUnknown,
    OutOfCredits,
    Rejected,
    RenderFailed,
    SubscriptionEnded,
    TokenRefused,
    Unavailable,
    UpstreamError,
)
from apps.upstream.operation_messages import GONE_ACCOUNT, SONG, Wish
from apps.upstream.parsing import ParseError
from apps.upstream.records import JobRecord
from apps.upstream.responses import Answer

Kind = TypeVar("Kind", bound=UpstreamError)

MOST_OF_AGENT = 500

_NO_SUBSCRIPTION = re.compile(
    r"\bno (?:active |valid )?subscription|subscription (?:has |is )?(?:ended|expired|inactive)"
)
_ALL_FULL = re.compile(r"\ball\b.*\baccounts?\b|maxjobs concurrency", re.IGNORECASE)
_UPLOADED = re.compile(r"\buploaded\b|conversation_id", re.IGNORECASE)
_IN_ERROR = re.compile(
    r"Account (?P<email>\S+@\S+) in error state:?\s*(?P<reason>.*)", re.IGNORECASE | re.DOTALL
)


def write_refusal(answer: Answer, wish: Wish = SONG) -> UpstreamError:
    """For a call that may have cost credits. Without a clear refusal its outcome is unknown."""
    shared = _shared_refusal(answer, wish)
    if shared:
        return shared
    if answer.status == 422 and (said := _without_result(answer, wish)):
        return said
    if answer.status in (404, 410) and wish.names:
        # A proxy's page says nothing about whether an account exists.
        return outcome_unknown(answer, wish=wish) if answer.is_html else _error(Gone, answer, GONE_ACCOUNT)
    if answer.status == 500 and wish.declines and answer.said().get("error"):
        return _error(Declined, answer, wish.declines)
    if 400 <= answer.status < 500 and answer.status != 408:
        return _rejected(answer, wish)
    return outcome_unknown(answer, wish=wish)


def read_refusal(answer: Answer, gone: str = "") -> UpstreamError:
    """For a call that costs nothing. `gone`: words for what is not there, if they are not the usual ones.

    A proxy's page says nothing about whether a thing exists or whose it is.
    """
    shared = _shared_refusal(answer, SONG)
    if shared:
        return shared
    kinds: dict[int, type[UpstreamError]] = {403: Forbidden, 404: Gone, 409: NotReady, 410: Gone}
    family = kinds.get(answer.status)
    if family and not answer.is_html:
        return _error(family, answer, gone if family is Gone else None)
    if 400 <= answer.status < 500 and answer.status != 408 and not family:
        return _rejected(answer, SONG)
    return unavailable(answer)


def media_refusal(answer: Answer) -> UpstreamError:
    """For a link to audio or a picture, fetched without a token: the server and its statuses are its own."""
    if answer.status in (401, 403):
        words = f"{answer.call.service} does not open this link any more. Nothing was spent by asking."
        return _error(Forbidden, answer, words)
    if answer.status in (404, 410):
        return _error(
            Gone, answer, f"The file is no longer at {answer.call.service}. Nothing was spent by asking."
        )
    if 400 <= answer.status < 500 and answer.status not in (408, 425, 429):
        return _error(
            Rejected, answer, f"{answer.call.service} does not give this file. Nothing was spent by asking."
        )
    return unavailable(answer)


def outcome_unknown(answer: Answer, fault: str = "", wish: Wish = SONG) -> OutcomeUnknown:
    """For an answer that does not say what became of a call that may cost. The words say what did come."""
    return _error(OutcomeUnknown, answer, _what_came(answer, fault) + wish.unknown, fault=fault)


def _what_came(answer: Answer, fault: str) -> str:
    """Instead of a result."""
    if answer.fault:
        return "The answer of {service} broke off. "
    if answer.is_html:
        return "{service} answered with a web page instead of a result. "
    if answer.message:
        return _quoting("{service} answered with an error{said}. ", answer.message)
    if answer.ok:
        return "The answer of {service} can't be used" + (f": {fault}. " if fault else ". ")
    if 300 <= answer.status < 400:
        return "{service} pointed to another address instead of answering. "
    return "{service} answered with an error and does not say which. "


def unavailable(answer: Answer, fault: str = "") -> Unavailable:
    """For an answer to a read that can't be used."""
    return _error(Unavailable, answer, fault=fault)


def _shared_refusal(answer: Answer, wish: Wish) -> UpstreamError | None:
    """Refusals that mean the same whatever was asked."""
    if answer.status == 596:
        return _account_broken(answer)
    if answer.status == 401:
        return _error(TokenRefused, answer, wish.token_refused)
    if answer.status == 402:
        return _payment(answer, wish)
    if answer.status == 429:
        return _busy(answer, wish)
    return None


def _payment(answer: Answer, wish: Wish) -> UpstreamError:
    """402 by its text, which embeds escaped JSON.

    One account's emptiness does less harm if the text says nothing.
    """
    if not answer.is_html and _NO_SUBSCRIPTION.search(answer.text.lower()):
        words = (
            "The useapi.net subscription of this token has ended, or never began. Nothing was spent on this. "
        )
        return _error(SubscriptionEnded, answer, words + "Renew it at useapi.net to go on.")
    return _error(OutOfCredits, answer, wish.no_credits)


def _busy(answer: Answer, wish: Wish) -> Busy:
    """Three texts (api/CAREFUL.md, 2).

    A 429 without readable words comes from something before the accounts.
    """
    everywhere = not answer.message or bool(_ALL_FULL.search(answer.message))
    if everywhere:
        words = "No Flow Music account has a free slot at the moment. Nothing was spent. "
    else:
        words = "This Flow Music account has no free slot at the moment. Nothing was spent. "
    words += "It can start when something that runs is done."
    return _error(Busy, answer, wish.busy or words, scope="all" if everywhere else "account")


def _account_broken(answer: Answer) -> AccountBroken:
    match = _IN_ERROR.search(answer.message)
    reason = (match["reason"] if match else answer.message).strip()[:200]
    email = match["email"] if match else None
    said = f" It says: “{reason}”." if reason else ""
    words = f"Flow Music wants {email or 'this account'} to sign in again.{said} Nothing was spent on this. "
    return _error(AccountBroken, answer, words + "Reconnect the account.", reason=reason)


def _without_result(answer: Answer, wish: Wish) -> UpstreamError | None:
    """A 422 that says that it was tried and nothing came of it; else it was not taken."""
    if wish.writes:
        return _no_lyrics(answer)
    record = _record(answer)
    return _render_failed(answer, record, wish) if record else None


def _render_failed(answer: Answer, record: JobRecord, wish: Wish) -> RenderFailed:
    return _error(RenderFailed, answer, _quoting(wish.failed, record.error_message or ""), record=record)


def _no_lyrics(answer: Answer) -> NoLyrics | None:
    """Free as a rule, unless the answer says that a song was started or credits were burned."""
    said = answer.said()
    if not isinstance(said.get("error"), Mapping) and "agent_text" not in said:
        return None
    agent = answer.call.redactor()(parsing.text(said.get("agent_text")) or "")[:MOST_OF_AGENT]
    words = None
    if said.get("audio_create_song_fired") or parsing.amount(said.get("credits_burned")):
        words = "Flow Music wrote no lyrics this time, and it did cost credits. Change the idea before you try again."
    error = _error(NoLyrics, answer, words)
    error.evidence["agent_text"] = agent
    return error


def _rejected(answer: Answer, wish: Wish) -> Rejected:
    words = wish.rejected if answer.is_html else wish.by_status.get(answer.status, wish.rejected)
    if answer.status == 422 and wish.uploaded and not answer.is_html:
        words = wish.uploaded if _UPLOADED.search(answer.message) else wish.failed
    if answer.status == 413:
        words = wish.by_status.get(413, words)  # whoever says so, the file is too large
    return _error(Rejected, answer, _quoting(words, answer.message))


def _quoting(words: str, said: str) -> str:
    """`words` with what the remote side said in its place; the name of the service is put in later."""
    quoted = said[:200].rstrip(".")
    return words.replace("{said}", f": “{quoted}”" if quoted else "")


def _record(answer: Answer) -> JobRecord | None:
    try:
        return JobRecord.parse(answer.said())
    except ParseError:
        return None


def _error(
    kind: type[Kind], answer: Answer, words: str | None = None, *, fault: str = "", **more: Any
) -> Kind:
    return kind(
        answer.message or fault or answer.fault or ("a page of HTML" if answer.is_html else ""),
        service=answer.call.service,
        user_message=words.replace("{service}", answer.call.service) if words else None,
        status=answer.status,
        code=answer.code,
        evidence=answer.evidence(fault),
        retry_after=answer.retry_after,
        **more,
    )
