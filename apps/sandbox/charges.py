"""Charges an operation to its account: taken from the balance and noted, in the transaction of the request."""

from __future__ import annotations

import time

from apps.sandbox.accounts import TOKENS_PER_CREDIT
from apps.sandbox.jobs import SandboxJob
from apps.sandbox.state import SandboxState

SONGS, TOOLS = "producer-usage", "riffusion"
CREDITS_PER_IMAGE = 1


def charge(state: SandboxState, job: SandboxJob, title: str | None) -> None:
    """Takes what the job says; nothing for one that is free."""
    if job.charged:
        kind = TOOLS if job.operation == "stems" else SONGS
        conversation = job.talk, _title(state, job.talk) or title
        pay(state, job.tenant, job.email, job.charged, kind, job.operation, conversation)


def _title(state: SandboxState, conversation: str) -> str | None:
    """A conversation keeps the title that it began with."""
    rows = state.rows("SELECT title FROM events WHERE conversation = ? ORDER BY id LIMIT 1", conversation)
    return rows[0]["title"] if rows else None


def pay(
    state: SandboxState,
    tenant: str,
    email: str,
    credits: int,
    kind: str,
    operation: str,
    conversation: tuple[str | None, str | None] = (None, None),
) -> None:
    state.execute(
        "UPDATE accounts SET credits = credits - ? WHERE tenant = ? AND email = ?", credits, tenant, email
    )
    note(state, tenant, email, kind, credits * TOKENS_PER_CREDIT, time.time(), conversation, operation)


def note(
    state: SandboxState,
    tenant: str,
    email: str,
    kind: str,
    tokens: int,
    at: float,
    conversation: tuple[str | None, str | None] = (None, None),
    operation: str = "",
) -> None:
    """One event of GET /accounts/usage. `operation` is "" for what nobody asked for here: history, allowances."""
    state.execute(
        "INSERT INTO events (tenant, email, kind, tokens, conversation, title, at, operation)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        tenant,
        email,
        kind,
        tokens,
        *conversation,
        at,
        operation,
    )
