"""What an answer of the Flow Music API means (DESIGN section 3; api/useapi-notes.md, section 4).

Each function returns the error to raise for an answer that is not what was asked for. Statuses with a
meaning of their own come first (596 before every other 5xx), then the families. The words are for people.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

from apps.upstream.answers import Answer
from apps.upstream.errors import (
    AccountBroken,
    Busy,
    Forbidden,
    Gone,
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
from apps.upstream.fields import ParseError
from apps.upstream.records import JobRecord

Kind = TypeVar("Kind", bound=UpstreamError)

_NO_SUBSCRIPTION = re.compile(
    r"\bno (?:active |valid )?subscription|subscription (?:has |is )?(?:ended|expired|inactive)"
)
_ALL_FULL = re.compile(r"\ball\b.*\baccounts?\b|maxjobs concurrency", re.IGNORECASE)
_IN_ERROR = re.compile(
    r"Account (?P<email>\S+@\S+) in error state:?\s*(?P<reason>.*)", re.IGNORECASE | re.DOTALL
)


def write_refusal(answer: Answer) -> UpstreamError:
    """For a call that may have cost credits. Without a clear refusal its outcome is unknown."""
    shared = _shared_refusal(answer)
    if shared:
        return shared
    if answer.status == 422:
        record = _record(answer)
        if record:
            return _render_failed(answer, record)
    if 400 <= answer.status < 500 and answer.status != 408:
        return _rejected(answer)
    return outcome_unknown(answer)


def read_refusal(answer: Answer) -> UpstreamError:
    """For a call that costs nothing.

    A proxy's page says nothing about whether a thing exists or whose it is.
    """
    shared = _shared_refusal(answer)
    if shared:
        return shared
    kinds: dict[int, type[UpstreamError]] = {403: Forbidden, 404: Gone, 409: NotReady, 410: Gone}
    family = kinds.get(answer.status)
    if family and not answer.is_html:
        return _error(family, answer)
    if 400 <= answer.status < 500 and answer.status != 408 and not family:
        return _rejected(answer)
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


def outcome_unknown(answer: Answer, fault: str = "") -> OutcomeUnknown:
    """For an answer that does not say what became of a call that may cost."""
    return _error(OutcomeUnknown, answer, fault=fault)


def unavailable(answer: Answer, fault: str = "") -> Unavailable:
    """For an answer to a read that can't be used."""
    return _error(Unavailable, answer, fault=fault)


def _shared_refusal(answer: Answer) -> UpstreamError | None:
    """Refusals that mean the same whatever was asked."""
    if answer.status == 596:
        return _account_broken(answer)
    if answer.status == 401:
        return _error(TokenRefused, answer)
    if answer.status == 402:
        return _payment(answer)
    if answer.status == 429:
        return _busy(answer)
    return None


def _payment(answer: Answer) -> UpstreamError:
    """402 by its text, which embeds escaped JSON.

    One account's emptiness does less harm if the text says nothing.
    """
    if not answer.is_html and _NO_SUBSCRIPTION.search(answer.text.lower()):
        words = (
            "The useapi.net subscription of this token has ended, or never began. Nothing was spent on this. "
        )
        return _error(SubscriptionEnded, answer, words + "Renew it at useapi.net to go on.")
    return _error(OutOfCredits, answer)


def _busy(answer: Answer) -> Busy:
    """Three texts (api/CAREFUL.md, 2).

    A 429 without readable words comes from something before the accounts.
    """
    everywhere = not answer.message or bool(_ALL_FULL.search(answer.message))
    if everywhere:
        words = "No Flow Music account has a free slot at the moment. Nothing was spent. "
    else:
        words = "This Flow Music account has no free slot at the moment. Nothing was spent. "
    words += "It can start when something that runs is done."
    return _error(Busy, answer, words, scope="all" if everywhere else "account")


def _account_broken(answer: Answer) -> AccountBroken:
    match = _IN_ERROR.search(answer.message)
    reason = (match["reason"] if match else answer.message).strip()[:200]
    email = match["email"] if match else None
    said = f" It says: “{reason}”." if reason else ""
    words = f"Flow Music wants {email or 'this account'} to sign in again.{said} Nothing was spent on this. "
    return _error(AccountBroken, answer, words + "Reconnect the account.", reason=reason)


def _render_failed(answer: Answer, record: JobRecord) -> RenderFailed:
    said = f": “{record.error_message[:200]}”" if record.error_message else ""
    words = f"Flow Music made no song of this{said}. It may have cost credits. "
    words += "Change the words and make it again."
    return _error(RenderFailed, answer, words, record=record)


def _rejected(answer: Answer) -> Rejected:
    said = f": “{answer.message[:200]}”" if answer.message else ""
    words = f"{answer.call.service} did not take this{said}. Nothing was spent. Change it and send it again."
    return _error(Rejected, answer, words)


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
        user_message=words,
        status=answer.status,
        code=answer.code,
        evidence=answer.evidence(fault),
        retry_after=answer.retry_after,
        **more,
    )
