"""GET and POST /accounts, GET and DELETE /accounts/{email}, GET /accounts/usage (pages …-flowmusic-accounts…)."""

from __future__ import annotations

from typing import Any

from apps.sandbox import accounts, scenarios, usage
from apps.sandbox.operations import fields
from apps.sandbox.responses import EMPTY, SandboxResponse, as_json, refuse
from apps.sandbox.scenarios import Scenario
from apps.sandbox.world import SandboxRequest, World


def list_accounts(world: World, request: SandboxRequest) -> SandboxResponse:
    """200 with an object keyed by e-mail, {} without accounts."""
    configured = accounts.of_tenant(world.state, request.caller.tenant)
    return as_json({email: account.record() for email, account in configured.items()})


def show_account(world: World, request: SandboxRequest) -> SandboxResponse:
    """200 with the balance, 404 for an account that isn't configured."""
    (email,) = request.arguments
    account = accounts.of_tenant(world.state, request.caller.tenant).get(email)
    if account is None:
        raise refuse(404, f"Account {email} not configured")
    return as_json(account.detail())


def show_usage(world: World, request: SandboxRequest) -> SandboxResponse:
    """200 with what the account was charged, 400 without `email`, 404 for an account that isn't configured."""
    email = request.query.get("email")
    if not email:
        raise refuse(400, "Parameter email is required")
    account = accounts.of_tenant(world.state, request.caller.tenant).get(email)
    if account is None:
        raise refuse(404, f"Account {email} not configured")
    return as_json(usage.record(world.state, account))


def add_account(world: World, request: SandboxRequest) -> SandboxResponse:
    """201 for a new account, 200 for one that is there; with an e-mail instead of a token, only maxJobs changes."""
    form, tenant = request.form, request.caller.tenant
    scenarios.check(request.called, email=accounts.STUDIO)
    if "refresh_token" not in form and set(form) == {"email", "maxJobs"}:
        return _change_max_jobs(world, request)
    token, max_jobs = _checked(form)
    if token.startswith("bad") or Scenario.REFRESH_REJECTED in request.called:
        raise refuse(400, "Failed to refresh token: Invalid Refresh Token: Refresh Token Not Found")
    email = accounts.email_behind(token)
    with world.state.transaction():
        known = email in accounts.of_tenant(world.state, tenant)
        if not known:
            tier = accounts.tier_of(email)
            accounts.add(world.state, tenant, email, tier, accounts.MAX_JOBS[tier])
        accounts.renew(world.state, tenant, email, max_jobs)
    account = accounts.of_tenant(world.state, tenant)[email]
    return as_json(account.record(), 200 if known else 201)


def _checked(form: dict[str, Any]) -> tuple[str, int | None]:
    token = form.get("refresh_token")
    if token in (None, ""):
        raise refuse(400, "Parameter refresh_token is required")
    if not isinstance(token, str) or len(token) < accounts.SHORTEST_TOKEN:
        raise refuse(400, f"Parameter refresh_token must be at least {accounts.SHORTEST_TOKEN} characters")
    for name in form:
        if name not in ("refresh_token", "maxJobs"):
            raise refuse(400, f"Parameter {name} not supported")
    if "maxJobs" in form:
        fields.check_whole("maxJobs", form["maxJobs"], 1, 16)
    return token, form.get("maxJobs")


def _change_max_jobs(world: World, request: SandboxRequest) -> SandboxResponse:
    """The newer servers' way to change the concurrency alone."""
    if Scenario.OLD_SERVER in request.called:
        raise refuse(400, "Parameter refresh_token is required")
    form, tenant = request.form, request.caller.tenant
    fields.check_text("email", form["email"], fields.TEXTS["email"])
    fields.check_whole("maxJobs", form["maxJobs"], 1, 16)
    if form["email"] not in accounts.of_tenant(world.state, tenant):
        raise refuse(404, f"Account {form['email']} not configured")
    accounts.limit(world.state, tenant, form["email"], form["maxJobs"])
    return as_json(accounts.of_tenant(world.state, tenant)[form["email"]].record())


def remove_account(world: World, request: SandboxRequest) -> SandboxResponse:
    """204 without a body. Its jobs and clips stay where they are: on Flow Music."""
    (email,) = request.arguments
    if not accounts.remove(world.state, request.caller.tenant, email):
        raise refuse(404, f"Account {email} not configured")
    return EMPTY
