"""What an account was given and charged, as GET /accounts/usage shows it: per UTC day, kind and conversation."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from apps.sandbox.accounts import TOKENS_PER_CREDIT, Account
from apps.sandbox.state import SandboxState

CHARGED = ("producer-usage", "riffusion")
GRANT = "grant"
Event = dict[str, Any]


def record(state: SandboxState, account: Account) -> dict[str, Any]:
    """Amounts are in tokens. What no event explains of the balance was there at first: a grant."""
    rows = [dict(row) for row in _rows(state, account)]
    events = [_event(row, account.email) for row in rows]
    spent = sum(each["amount"] for each in events if each["type"] in CHARGED)
    received = sum(each["amount"] for each in events if each["type"] not in CHARGED)
    first = account.credits * TOKENS_PER_CREDIT + spent - received
    if first > 0:
        grant = {"kind": GRANT, "tokens": first, "at": account.added, "conversation": None, "title": None}
        events.append(_event(grant, account.email))
    return {"email": account.email, "events": events, "summary": _summary(events)}


def _rows(state: SandboxState, account: Account) -> list[Any]:
    """A conversation has one title, its newest."""
    return state.rows(
        "SELECT kind, sum(tokens) AS tokens, conversation, max(at) AS at, title"
        " FROM (SELECT * FROM events WHERE tenant = ? AND email = ? ORDER BY at)"
        " GROUP BY kind, conversation, CAST(at / 86400 AS INTEGER) ORDER BY max(at) DESC",
        account.tenant,
        account.email,
    )


def _event(row: dict[str, Any], email: str) -> Event:
    moment = datetime.fromtimestamp(row["at"], UTC)
    return {
        "type": row["kind"],
        "amount": row["tokens"],
        "conversation_id": row["conversation"],
        "conversation_title": row["title"],
        "event_at": f"{moment:%Y-%m-%d}T00:00:00",
        "max_created_at": f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z",
        "_account_email": email,
    }


def _summary(events: list[Event]) -> dict[str, Any]:
    tokens: defaultdict[str, int] = defaultdict(int)
    for event in events:
        tokens[event["type"]] += event["amount"]
    charged = sum(amount for kind, amount in tokens.items() if kind in CHARGED)
    return {
        "by_type_tokens": dict(tokens),
        "by_type_credits": {kind: amount // TOKENS_PER_CREDIT for kind, amount in tokens.items()},
        "total_charged_credits": charged // TOKENS_PER_CREDIT,
        "total_received_tokens": sum(tokens.values()) - charged,
        "per_conversation": _per_conversation(events),
    }


def _per_conversation(events: list[Event]) -> list[dict[str, Any]]:
    spent: dict[str, Event] = {}
    for event in events:
        if event["type"] in CHARGED and event["conversation_id"]:
            seen = spent.setdefault(event["conversation_id"], event | {"amount": 0})
            seen["amount"] += event["amount"]
    return [
        {
            "conversation_id": conversation,
            "title": event["conversation_title"],
            "email": event["_account_email"],
            "tokens": event["amount"],
            "credits": event["amount"] // TOKENS_PER_CREDIT,
        }
        for conversation, event in spent.items()
    ]
