"""Flow Music accounts of a subscription: how they begin, how they are shown, which one takes a song."""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from dataclasses import dataclass
from typing import Any

from apps.sandbox import scenarios
from apps.sandbox.callers import Caller
from apps.sandbox.responses import Refusal, refuse
from apps.sandbox.state import SandboxState
from apps.sandbox.times import iso

CREDITS_PER_SONG = 5
TOKENS_PER_CREDIT = 12
SHORTEST_TOKEN = 10
MAX_JOBS = {"free": 2, "starter": 8, "plus": 12, "member": 16, "unknown": 2}
REJECTED = "refresh token rejected"
STUDIO, NIGHT = "studio@sandbox.example", "night+bus@sandbox.example"

# (email, tier, maxJobs, credits, error) by the word in the token
Beginning = tuple[str, str, int, int, str | None]
BEGINNINGS: dict[str, tuple[Beginning, ...]] = {
    "": ((STUDIO, "plus", 4, 500, None), (NIGHT, "starter", 2, 120, None)),
    "empty": (),
    "error": ((STUDIO, "plus", 4, 500, REJECTED), (NIGHT, "starter", 2, 120, REJECTED)),
    "poor": ((STUDIO, "plus", 4, 0, None), (NIGHT, "starter", 2, 5000, None)),
}


@dataclass(frozen=True)
class Account:
    """`running` counts the jobs of both modes that are being made now."""

    tenant: str
    email: str
    tier: str
    max_jobs: int
    credits: int
    error: str | None
    user_id: str
    session_id: str
    added: float
    running: int

    @property
    def free(self) -> int:
        return self.max_jobs - self.running

    def record(self) -> dict[str, Any]:
        """As in GET /accounts: without the balance; `error` only if there is one."""
        refreshed = self.added + (time.time() - self.added) // 3300 * 3300
        paid = self.tier not in ("free", "unknown")
        record: dict[str, Any] = {"email": self.email, "tier": self.tier}
        record |= {"subscription_plan": f"{self.tier}-monthly", "provider": "g1_entitlement"} if paid else {}
        record |= {
            "user_id": self.user_id,
            "maxJobs": self.max_jobs,
            "added": iso(self.added),
            "refreshed_at": iso(refreshed),
            "refreshed_count": int((refreshed - self.added) // 3300),
            "access_token": redacted("eyJ", self.session_id, refreshed),
            "access_token_expires_at": iso(refreshed + 3600),
            "refresh_token": redacted("", self.session_id, refreshed + 1),
            "session_id": self.session_id,
        }
        return record | ({"error": self.error} if self.error else {})

    def detail(self) -> dict[str, Any]:
        """As in GET /accounts/{email}: with the balance, which an account in an error state doesn't have."""
        if self.error:
            return self.record()
        balance = {"credits_remaining": self.credits, "tokens_remaining": self.credits * TOKENS_PER_CREDIT}
        return self.record() | balance


def redacted(start: str, *parts: object) -> str:
    """A secret as the pages show it: three characters, "…redacted…", three characters."""
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()
    return f"{start or digest[:3]}…redacted…{digest[-3:]}"


def begin(state: SandboxState, caller: Caller) -> None:
    """Gives a subscription its accounts when it is first used."""
    if state.rows("SELECT 1 FROM tenants WHERE tenant = ?", caller.tenant):
        return
    with state.transaction():
        if state.execute("INSERT OR IGNORE INTO tenants VALUES (?, ?)", caller.tenant, time.time()):
            for beginning in BEGINNINGS[caller.kind]:
                add(state, caller.tenant, *beginning)


def add(
    state: SandboxState,
    tenant: str,
    email: str,
    tier: str = "plus",
    max_jobs: int = 4,
    credits: int = 500,
    error: str | None = None,
) -> None:
    user_id, session_id = str(uuid.uuid4()), str(uuid.uuid4())
    row = (tenant, email, tier, max_jobs, credits, error, user_id, session_id, time.time())
    state.execute("INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)


def email_behind(token: str) -> str:
    """Whose refresh token it is: `sandbox-refresh-<name>` is <name>@sandbox.example's, others somebody's."""
    name = token.removeprefix("sandbox-refresh-").lower()
    if name == token.lower() or not re.fullmatch(r"[a-z0-9][a-z0-9+._-]{0,40}", name):
        name = f"flow-{hashlib.sha256(token.encode(errors='replace')).hexdigest()[:8]}"
    return f"{name}@sandbox.example"


def tier_of(email: str) -> str:
    """A new account's plan: the one that its name has in it, or plus."""
    return next((tier for tier in MAX_JOBS if tier in email), "plus")


def renew(state: SandboxState, tenant: str, email: str, max_jobs: int | None) -> None:
    """A token was accepted: the account works again, in a new session. The token itself is kept nowhere."""
    state.execute(
        "UPDATE accounts SET error = NULL, session_id = ? WHERE tenant = ? AND email = ?",
        str(uuid.uuid4()),
        tenant,
        email,
    )
    if max_jobs is not None:
        limit(state, tenant, email, max_jobs)


def limit(state: SandboxState, tenant: str, email: str, max_jobs: int) -> None:
    state.execute("UPDATE accounts SET max_jobs = ? WHERE tenant = ? AND email = ?", max_jobs, tenant, email)


def remove(state: SandboxState, tenant: str, email: str) -> bool:
    """False if there was none."""
    return state.execute("DELETE FROM accounts WHERE tenant = ? AND email = ?", tenant, email) == 1


def of_tenant(state: SandboxState, tenant: str) -> dict[str, Account]:
    """All accounts by e-mail, the oldest first."""
    rows = state.rows(
        "SELECT *, (SELECT count(*) FROM jobs WHERE jobs.tenant = accounts.tenant AND jobs.email = accounts.email"
        " AND cancelled_at IS NULL AND done_at > ?) AS running"
        " FROM accounts WHERE tenant = ? ORDER BY accounts.rowid",
        time.time(),
        tenant,
    )
    return {row["email"]: Account(**dict(row)) for row in rows}


def usable(state: SandboxState, tenant: str, email: str | None) -> Account:
    """The account named, or any healthy one; refuses as every page does that takes an optional `email`."""
    configured = of_tenant(state, tenant)
    if not configured:
        raise refuse(400, "No FlowMusic accounts configured")
    if email is not None and email not in configured:
        raise refuse(404, f"Account {email} not configured")
    chosen = configured[email] if email else min(configured.values(), key=lambda each: bool(each.error))
    if chosen.error:
        raise Refusal(scenarios.account_error(chosen.email, chosen.error))
    return chosen
