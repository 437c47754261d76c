"""GET /accounts, /accounts/{email} and /accounts/usage (get-flowmusic-accounts, …-email, …-usage)."""

from __future__ import annotations

from apps.sandbox import accounts, usage
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


def show_usage(world: World, request: Request) -> Answer:
    """200 with what the account was charged, 400 without `email`, 404 for an account that isn't configured."""
    email = request.query.get("email")
    if not email:
        raise refuse(400, "Parameter email is required")
    account = accounts.of_tenant(world.state, request.caller.tenant).get(email)
    if account is None:
        raise refuse(404, f"Account {email} not configured")
    return as_json(usage.record(world.state, account))
