"""What an account was given and charged, as GET /accounts/usage shows it: from the jobs that it was charged for."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from apps.sandbox.accounts import TOKENS_PER_CREDIT, Account
from apps.sandbox.state import State

CHARGE, GRANT = "producer-usage", "grant"
Event = dict[str, Any]


def record(state: State, account: Account) -> dict[str, Any]:
    """Amounts are in tokens. Every song is a conversation of its own; what was there at first is a grant."""
    songs = [_charge(row, account.email) for row in _charged(state, account)]
    spent = sum(event["amount"] for event in songs)
    grant = _event(GRANT, account.credits * TOKENS_PER_CREDIT + spent, account.added, account.email)
    return {"email": account.email, "events": [*songs, grant], "summary": _summary(songs, grant)}


def _charged(state: State, account: Account) -> list[Any]:
    return state.rows(
        "SELECT jobid, charged, created,"
        " (SELECT title FROM clips WHERE clips.jobid = jobs.jobid ORDER BY take) AS title"
        " FROM jobs WHERE tenant = ? AND email = ? AND charged > 0 ORDER BY created DESC",
        account.tenant,
        account.email,
    )


def _charge(row: Any, email: str) -> Event:
    event = _event(CHARGE, row["charged"] * TOKENS_PER_CREDIT, row["created"], email)
    conversation = str(uuid.uuid5(uuid.NAMESPACE_URL, row["jobid"]))
    return event | {"conversation_id": conversation, "conversation_title": row["title"]}


def _event(kind: str, amount: int, at: float, email: str) -> Event:
    moment = datetime.fromtimestamp(at, UTC)
    return {
        "type": kind,
        "amount": amount,
        "conversation_id": None,
        "conversation_title": None,
        "event_at": f"{moment:%Y-%m-%d}T00:00:00",
        "max_created_at": f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z",
        "_account_email": email,
    }


def _summary(songs: list[Event], grant: Event) -> dict[str, Any]:
    tokens = {CHARGE: _sum(songs), GRANT: grant["amount"]}
    return {
        "by_type_tokens": tokens,
        "by_type_credits": {kind: amount // TOKENS_PER_CREDIT for kind, amount in tokens.items()},
        "total_charged_credits": tokens[CHARGE] // TOKENS_PER_CREDIT,
        "total_received_tokens": tokens[GRANT],
        "per_conversation": [_conversation(song) for song in songs],
    }


def _sum(events: Iterable[Event]) -> int:
    return sum(event["amount"] for event in events)


def _conversation(song: Event) -> dict[str, Any]:
    return {
        "conversation_id": song["conversation_id"],
        "title": song["conversation_title"],
        "email": song["_account_email"],
        "tokens": song["amount"],
        "credits": song["amount"] // TOKENS_PER_CREDIT,
    }
