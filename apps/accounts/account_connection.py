"""Connects Flow Music accounts by their refresh token, changes their number of parallel jobs, removes them.

API pages: post-flowmusic-accounts.md, delete-flowmusic-accounts-email.md. Done in the request, within ten seconds,
so that a refresh token is in no message; it is handed on once and kept nowhere. None of it costs credits.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from apps.accounts import account_sync, api_clients
from apps.accounts.account_sync import Described
from apps.accounts.models import ApiToken, AuditEntry, FlowAccount, User
from apps.plural import counted
from apps.upstream import errors, records
from apps.upstream.deadline import Deadline
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.token import RefreshToken

SECONDS = account_sync.SECONDS
MOST_JOBS = 16

Block = FlowAccount.Block


@dataclass(frozen=True)
class Connected:
    """`was_known`: the account stood here before, whether it worked or not."""

    account: FlowAccount
    was_known: bool


def connect(refresh_token: RefreshToken, *, max_jobs: int | None, token: ApiToken, by: User) -> Connected:
    """Hands the refresh token on, then reads the balance of the account that it belongs to.

    Raises UpstreamError or NoToken; then nothing is changed here.
    """
    deadline = Deadline(SECONDS)
    client = api_clients.of_token(token, needs="create")
    try:
        record = client.add_account(refresh_token, max_jobs=max_jobs, deadline_s=deadline.left())
    except errors.UpstreamError as error:
        account_sync.note_refusal(token, error)
        raise
    described = _with_balance(client, record, deadline)
    with transaction.atomic():
        before = token.subscription.flow_accounts.filter(email=record.email).first()
        account = account_sync.save_one(token.subscription, described, timezone.now())
        account_sync.note_working(token)
        audit(account, "account connected again" if before else "account added", token=token, by=by)
    account.refresh_from_db()
    return Connected(account, was_known=before is not None)


def change(account: FlowAccount, *, max_jobs: int, token: ApiToken, by: User) -> None:
    """How many jobs the account does at once, without its refresh token.

    Raises errors.Rejected where useapi.net wants that token after all, Gone, other UpstreamErrors, NoToken.
    """
    deadline = Deadline(SECONDS)
    client = api_clients.of_token(token, needs="create")
    try:
        record = client.set_max_jobs(account.email, max_jobs, deadline_s=deadline.left())
    except errors.Gone:
        if _is_gone(client, account, deadline):
            account_sync.mark_gone(FlowAccount.objects.filter(pk=account.pk), timezone.now())
        raise
    except errors.UpstreamError as error:
        account_sync.note_refusal(token, error)
        raise
    described = _with_balance(client, record, deadline)
    with transaction.atomic():
        account_sync.save_one(token.subscription, described, timezone.now())
        account_sync.note_working(token)
        audit(account, f"account set to {counted(max_jobs, 'parallel job')}", token=token, by=by)


def remove(account: FlowAccount, *, client: FlowMusic, token: ApiToken, by: User, deadline: Deadline) -> None:
    """At useapi.net. Its row stays for the songs that were made on it. The caller has seen to its jobs.

    Raises UpstreamError. One that isn't configured any more is taken away already.
    """
    try:
        client.remove_account(account.email, deadline_s=deadline.left())
    except errors.Gone:
        if not _is_gone(client, account, deadline):
            raise
    except errors.UpstreamError as error:
        account_sync.note_refusal(token, error)
        raise
    with transaction.atomic():
        account_sync.mark_gone(FlowAccount.objects.filter(pk=account.pk), timezone.now())
        FlowAccount.objects.filter(pk=account.pk).update(credits=None)
        account_sync.note_working(token)
        audit(account, "account removed", token=token, by=by)


def _is_gone(client: FlowMusic, account: FlowAccount, deadline: Deadline) -> bool:
    """Whether it isn't configured any more: a 404 of another call may have another cause."""
    try:
        return account_sync.ask(client, account.email, deadline) is None
    except errors.UpstreamError:
        return False


def audit(account: FlowAccount, action: str, *, token: ApiToken, by: User) -> None:
    place = "the sandbox" if account.subscription.is_sandbox else token.subscription.get_provider_display()
    AuditEntry.objects.create(
        team=token.team, by=by, action=action, subject=f"{account.email} on {place}"[:200]
    )


def message_for(error: account_sync.Trouble, *, doing: str) -> str:
    """Why it was not possible and what to do. `doing` is what was meant: "connected", "changed" or "removed"."""
    match error:
        case errors.TokenRefused():
            return (
                "useapi.net no longer accepts your API token, so nothing was done. Enter the new "
                "token first, under API tokens."
            )
        case errors.SubscriptionEnded():
            return "The useapi.net subscription of your token has ended, so nothing was done. Renew it there first."
        case errors.NotSent():
            return f"useapi.net could not be reached. The account was not {doing}. Try again in a moment."
        case errors.OutcomeUnknown():
            return (
                f"{_quote(error)}The outcome is unknown: the account may be {doing}, or not. Nothing "
                "was spent. Check it before you try again."
            )
        case errors.Unavailable():
            return (
                f"useapi.net sends no usable response at the moment, so the account was not {doing}. "
                "Try again in a few minutes."
            )
        case errors.UpstreamError():
            return f"{_quote(error)}The account was not {doing}, and nothing is spent."
    return error.words


def refused(error: errors.UpstreamError) -> str:
    """Why useapi.net did not take a refresh token, and how to get one that it takes."""
    return (
        f"{_quote(error)}The refresh token was not accepted, and is not stored. It changes "
        "when Flow Music is used again in that browser: copy a new one, all of it."
    )


def _quote(error: errors.UpstreamError) -> str:
    said = str(error.evidence.get("message") or "").strip().rstrip(".")
    return f"useapi.net says “{said[:200]}”. " if said else ""


def _with_balance(client: FlowMusic, record: records.AccountRecord, deadline: Deadline) -> Described:
    """What useapi.net has just said of the account, with its balance if there is time to ask for it."""
    if record.error:
        return Described(record, balance_asked=False)
    try:
        return account_sync.ask(client, record.email, deadline) or Described(record, balance_asked=False)
    except errors.UpstreamError:
        return Described(record, balance_asked=False)
