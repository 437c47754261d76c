"""GET /accounts and GET /accounts/{email} (get-flowmusic-accounts, get-flowmusic-accounts-email)."""

from __future__ import annotations

from apps.sandbox import accounts
from apps.sandbox.answers import Answer, as_json, refuse
from apps.sandbox.world import Request, World


def list_accounts(world: World, request: Request) -> Answer:
    """200 with an object keyed by e-mail, {} without accounts."""
    configured = accounts.of_tenant(world.state, request.caller.tenant)
    return as_json({email: account.record() for email, account in configured.items()})


def show_account(world: World, request: Request) -> Answer:
    """200 with the balance, 404 for an account that isn't configured."""
    (email,) = request.arguments
    account = accounts.of_tenant(world.state, request.caller.tenant).get(email)
    if account is None:
        raise refuse(404, f"Account {email} not configured")
    return as_json(account.detail())
