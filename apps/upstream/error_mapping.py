"""Maps error responses of the Flow Music API to what they mean (docs/design.md, section 3; docs/api.md, points 2-6).

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
from apps.upstream.operation_messages import GONE_ACCOUNT, SONG, OperationMessages
from apps.upstream.parsing import ParseError
from apps.upstream.records import JobRecord
from apps.upstream.responses import Response

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


def write_refusal(response: Response, messages: OperationMessages = SONG) -> UpstreamError:
    """For a call that may have cost credits. Without a clear refusal its outcome is unknown."""
    shared = _shared_refusal(response, messages)
    if shared:
        return shared
    if response.status == 422 and (said := _without_result(response, messages)):
        return said
    if response.status in (404, 410) and messages.names:
        # A proxy's page says nothing about whether an account exists.
        return (
            outcome_unknown(response, messages=messages)
            if response.is_html
            else _error(Gone, response, GONE_ACCOUNT)
        )
    if response.status == 500 and messages.declines and response.said().get("error"):
        return _error(Declined, response, messages.declines)
    if 400 <= response.status < 500 and response.status != 408:
        return _rejected(response, messages)
    return outcome_unknown(response, messages=messages)


def read_refusal(response: Response, gone: str = "") -> UpstreamError:
    """For a call that costs nothing. `gone`: words for what is not there, if they are not the usual ones.

    A proxy's page says nothing about whether a thing exists or whose it is.
    """
    shared = _shared_refusal(response, SONG)
    if shared:
        return shared
    kinds: dict[int, type[UpstreamError]] = {403: Forbidden, 404: Gone, 409: NotReady, 410: Gone}
    family = kinds.get(response.status)
    if family and not response.is_html:
        return _error(family, response, gone if family is Gone else None)
    if 400 <= response.status < 500 and response.status != 408 and not family:
        return _rejected(response, SONG)
    return unavailable(response)


def media_refusal(response: Response) -> UpstreamError:
    """For a link to audio or a picture, fetched without a token: the server and its statuses are its own."""
    if response.status in (401, 403):
        words = f"{response.call.service} no longer opens this link. Nothing was spent by asking."
        return _error(Forbidden, response, words)
    if response.status in (404, 410):
        return _error(
            Gone, response, f"The file is no longer at {response.call.service}. Nothing was spent by asking."
        )
    if 400 <= response.status < 500 and response.status not in (408, 425, 429):
        return _error(
            Rejected,
            response,
            f"{response.call.service} does not give this file. Nothing was spent by asking.",
        )
    return unavailable(response)


def outcome_unknown(
    response: Response, fault: str = "", messages: OperationMessages = SONG
) -> OutcomeUnknown:
    """For an answer that does not say what became of a call that may cost. The words say what did come."""
    return _error(OutcomeUnknown, response, _what_came(response, fault) + messages.unknown, fault=fault)


def _what_came(response: Response, fault: str) -> str:
    """Instead of a result."""
    if response.fault:
        return "The response of {service} broke off. "
    if response.is_html:
        return "{service} responded with a web page instead of a result. "
    if response.message:
        return _quoting("{service} responded with an error{said}. ", response.message)
    if response.ok:
        return "The response of {service} can't be used" + (f": {fault}. " if fault else ". ")
    if 300 <= response.status < 400:
        return "{service} pointed to another address instead of responding. "
    return "{service} responded with an error without saying which. "


def unavailable(response: Response, fault: str = "") -> Unavailable:
    """For an answer to a read that can't be used."""
    return _error(Unavailable, response, fault=fault)


def _shared_refusal(response: Response, messages: OperationMessages) -> UpstreamError | None:
    """Refusals that mean the same whatever was asked."""
    if response.status == 596:
        return _account_broken(response)
    if response.status == 401:
        return _error(TokenRefused, response, messages.token_refused)
    if response.status == 402:
        return _payment(response, messages)
    if response.status == 429:
        return _busy(response, messages)
    return None


def _payment(response: Response, messages: OperationMessages) -> UpstreamError:
    """402 by its text, which embeds escaped JSON.

    One account's emptiness does less harm if the text says nothing.
    """
    if not response.is_html and _NO_SUBSCRIPTION.search(response.text.lower()):
        words = (
            "The useapi.net subscription of this token has ended, or never began. Nothing was spent on this. "
        )
        return _error(SubscriptionEnded, response, words + "Renew it at useapi.net to continue.")
    return _error(OutOfCredits, response, messages.no_credits)


def _busy(response: Response, messages: OperationMessages) -> Busy:
    """Three texts (docs/api.md, point 2).

    A 429 without readable words comes from something before the accounts.
    """
    everywhere = not response.message or bool(_ALL_FULL.search(response.message))
    if everywhere:
        words = "No Flow Music account has a free slot at the moment. Nothing was spent. "
    else:
        words = "This Flow Music account has no free slot at the moment. Nothing was spent. "
    words += "It can start when a running job is done."
    return _error(Busy, response, messages.busy or words, scope="all" if everywhere else "account")


def _account_broken(response: Response) -> AccountBroken:
    match = _IN_ERROR.search(response.message)
    reason = (match["reason"] if match else response.message).strip()[:200]
    email = match["email"] if match else None
    said = f" It says: “{reason}”." if reason else ""
    words = f"Flow Music wants {email or 'this account'} to sign in again.{said} Nothing was spent on this. "
    return _error(AccountBroken, response, words + "Reconnect the account.", reason=reason)


def _without_result(response: Response, messages: OperationMessages) -> UpstreamError | None:
    """A 422 that says that it was tried and nothing came of it; else it was not taken."""
    if messages.writes:
        return _no_lyrics(response)
    record = _record(response)
    return _render_failed(response, record, messages) if record else None


def _render_failed(response: Response, record: JobRecord, messages: OperationMessages) -> RenderFailed:
    return _error(
        RenderFailed, response, _quoting(messages.failed, record.error_message or ""), record=record
    )


def _no_lyrics(response: Response) -> NoLyrics | None:
    """Free as a rule, unless the answer says that a song was started or credits were burned."""
    said = response.said()
    if not isinstance(said.get("error"), Mapping) and "agent_text" not in said:
        return None
    agent = response.call.redactor()(parsing.text(said.get("agent_text")) or "")[:MOST_OF_AGENT]
    words = None
    if said.get("audio_create_song_fired") or parsing.amount(said.get("credits_burned")):
        words = "Flow Music wrote no lyrics this time, and it did cost credits. Change the idea before you try again."
    error = _error(NoLyrics, response, words)
    error.evidence["agent_text"] = agent
    return error


def _rejected(response: Response, messages: OperationMessages) -> Rejected:
    words = (
        messages.rejected if response.is_html else messages.by_status.get(response.status, messages.rejected)
    )
    if response.status == 422 and messages.uploaded and not response.is_html:
        words = messages.uploaded if _UPLOADED.search(response.message) else messages.failed
    if response.status == 413:
        words = messages.by_status.get(413, words)  # whoever says so, the file is too large
    return _error(Rejected, response, _quoting(words, response.message))


def _quoting(words: str, said: str) -> str:
    """`words` with what the remote side said in its place; the name of the service is put in later."""
    quoted = said[:200].rstrip(".")
    return words.replace("{said}", f": “{quoted}”" if quoted else "")


def _record(response: Response) -> JobRecord | None:
    try:
        return JobRecord.parse(response.said())
    except ParseError:
        return None


def _error(
    kind: type[Kind], response: Response, words: str | None = None, *, fault: str = "", **more: Any
) -> Kind:
    return kind(
        response.message or fault or response.fault or ("a page of HTML" if response.is_html else ""),
        service=response.call.service,
        user_message=words.replace("{service}", response.call.service) if words else None,
        status=response.status,
        code=response.code,
        evidence=response.evidence(fault),
        retry_after=response.retry_after,
        **more,
    )
