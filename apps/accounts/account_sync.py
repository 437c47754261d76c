"""Reads the Flow Music accounts of a subscription from the API, and stores what it says.

API pages: get-flowmusic-accounts.md (list, without balances), get-flowmusic-accounts-email.md (one, with its balance).
Both are free reads. No transaction is open while one of them runs.
"""

import re
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts import api_clients, visibility
from apps.accounts.api_clients import NoToken
from apps.accounts.models import ApiToken, FlowAccount, Subscription
from apps.upstream import errors, records
from apps.upstream.deadline import Deadline
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.parsing import ADDRESS
from apps.wake import wake

SECONDS = 10.0  # for the list and all balances together
AT_ONCE = 6
RECHECK_AFTER = timedelta(minutes=5)
MOST_DOTS = 32  # of an account, whatever it may run at once

Block = FlowAccount.Block
Trouble = errors.UpstreamError | NoToken


@dataclass(frozen=True)
class Described:
    """What the API says of one account; `balance_asked` is False if only the list could be read in time."""

    record: records.AccountRecord
    balance_asked: bool


@dataclass(frozen=True)
class Listed:
    """What the API says of all accounts of a subscription. `gone`: known here, and not configured there any more."""

    described: Mapping[str, Described] = field(default_factory=dict)
    gone: Collection[str] = ()


def refresh(token: ApiToken) -> Trouble | None:
    """Asks about every account under the token and keeps the answers. Gives the error if that wasn't possible.

    An error changes nothing but this: a refused token is marked as refused.
    """
    asked_at = timezone.now()
    try:
        listed = read(api_clients.to_check(token), known=known(token.subscription))
    except (errors.UpstreamError, NoToken) as error:
        note_refusal(token, error)
        return error
    with transaction.atomic():
        save(token.subscription, listed, asked_at=asked_at)
        note_working(token)
    return None


def refresh_unchecked(token_id: str) -> None:
    """For a token that was kept without asking, as the local start does before its sandbox runs."""
    unchecked = ApiToken.objects.working().filter(pk=token_id, checked_at=None)
    if token := unchecked.select_related("subscription").first():
        refresh(token)


def recheck(account: FlowAccount, *, token: ApiToken) -> Trouble | None:
    """Asks about one account. Else as `refresh`."""
    try:
        described = ask(api_clients.to_check(token), account.email, Deadline(SECONDS))
    except (errors.UpstreamError, NoToken) as error:
        note_refusal(token, error)
        return error
    with transaction.atomic():
        if described is None:
            mark_gone(FlowAccount.objects.filter(pk=account.pk), timezone.now())
        else:
            save_one(account.subscription, described, timezone.now())
        note_working(token)
    return None


def known(subscription: Subscription | None) -> list[str]:
    """The accounts that are taken to be configured there."""
    if subscription is None:
        return []
    here = subscription.flow_accounts.exclude(block=Block.GONE)
    return list(here.values_list("email", flat=True))


def read(client: FlowMusic, *, known: Collection[str]) -> Listed:
    """The list and every healthy account's balance, within ten seconds in all. Raises UpstreamError.

    Of the known ones that are not in the list each is asked about: only that says that it is gone.
    """
    deadline = Deadline(SECONDS)
    listed = client.accounts(deadline_s=deadline.left())
    missing = [email for email in known if email not in {each.email for each in listed.values()}]
    # What has no address can't be named to the API: such a row was kept before addresses were checked.
    gone = [email for email in missing if not re.fullmatch(ADDRESS, email)]
    records_of = [*listed.values(), *(records.AccountRecord(email) for email in missing if email not in gone)]
    if not records_of:
        return Listed(gone=gone)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        answers = list(pool.map(lambda record: _with_balance(client, record, deadline), records_of))
    told = zip(records_of, answers, strict=True)
    gone += [record.email for record, answer in told if answer is None]
    # One that is in no list, and could not be asked about, stays as it is.
    found = (each for each in answers if each and (each.balance_asked or each.record.email not in missing))
    return Listed({each.record.email: each for each in found}, gone)


def save(subscription: Subscription, listed: Listed, *, asked_at: datetime) -> None:
    """Writes down a whole list, in the caller's transaction.

    But for accounts that were connected, taken away or asked about since: that is newer than the list.
    """
    now = timezone.now()
    newer = set(subscription.flow_accounts.filter(checked_at__gt=asked_at).values_list("email", flat=True))
    for one in listed.described.values():
        if one.record.email not in newer:
            save_one(subscription, one, now)
    mark_gone(subscription.flow_accounts.filter(email__in=set(listed.gone) - newer), now)


def ask(client: FlowMusic, email: str, deadline: Deadline) -> Described | None:
    """One account with its balance; None if the account isn't configured any more. Raises UpstreamError."""
    try:
        return Described(client.account(email, deadline_s=deadline.left()), balance_asked=True)
    except errors.Gone:
        return None
    except errors.AccountBroken as error:
        broken = records.AccountRecord(email=email, error=error.reason or error.user_message)
        return Described(broken, balance_asked=True)


def save_one(subscription: Subscription, described: Described, now: datetime) -> FlowAccount:
    """Writes down what the API says of one account, in the caller's transaction. Not read again from the database."""
    record = described.record
    values: dict[str, object] = {"checked_at": now}
    if record.tier != "unknown" or not record.error:
        values["tier"] = record.tier[:20]
    if record.max_jobs is not None:
        values["max_jobs"] = record.max_jobs
    if described.balance_asked or record.error:
        values["credits"] = record.credits
    account, _ = FlowAccount.objects.update_or_create(
        subscription=subscription, email=record.email, defaults=values
    )
    same = FlowAccount.objects.filter(pk=account.pk)
    if record.error:
        same.update(block=Block.ERROR, block_reason=record.error[:300], block_until=now + RECHECK_AFTER)
        return account
    same.filter(block__in=[Block.ERROR, Block.GONE]).update(block="", block_reason="", block_until=None)
    if record.credits is None:
        return account
    if record.credits < account.price:
        same.update(block=Block.CREDITS, block_reason="", block_until=now + RECHECK_AFTER)
    else:
        same.filter(block=Block.CREDITS).update(block="", block_reason="", block_until=None)
    return account


def mark_gone(accounts: "QuerySet[FlowAccount]", now: datetime) -> None:
    """Nothing is sent to them; looked at again when something waits for them."""
    accounts.update(block=Block.GONE, block_reason="", block_until=now + RECHECK_AFTER, checked_at=now)


def note_working(token: ApiToken) -> None:
    """The API has just taken this token: nothing holds back its subscription any more, so what waits goes on.

    In the caller's transaction, once what the API said is written down.
    """
    ApiToken.objects.filter(pk=token.pk, ciphertext=token.ciphertext).update(
        checked_at=timezone.now(), refused_at=None, refused_reason=""
    )
    Subscription.objects.filter(pk=token.subscription_id).update(blocked_reason="", blocked_until=None)
    visibility.remember(token.team_id, token.subscription_id)
    wake("generation.dispatch", token.subscription_id)
    wake("generation.changed", token.subscription_id)
    wake("accounts.learn", token.subscription_id, str(token.team_id))


def next_step(account: FlowAccount) -> str:
    """What to do about an account that can't be used, for the person who owns it; "" for a usable one."""
    match account.block:
        case Block.ERROR:
            return (
                "Nothing can run here until it is connected again: sign in to Google as "
                f"{account.email} again and paste its new refresh token."
            )
        case Block.CREDITS if account.subscription.is_sandbox:
            return "This is the sandbox: nothing is really spent. Check it again, or choose another account."
        case Block.CREDITS:
            return "Top it up at flowmusic.app, or choose another account. Then check it here."
        case Block.GONE:
            return "It was removed at useapi.net or here. Connect it again to use it."
        case Block.BUSY:
            return "It continues by itself."
    return ""


def slot_dots(*, ours: int, elsewhere: int, max_jobs: int) -> list[str]:
    """One word per slot of an account: "ours", "elsewhere" or "free"."""
    most = max(0, min(max_jobs, MOST_DOTS))
    ours = max(0, min(ours, most))
    elsewhere = max(0, min(elsewhere, most - ours))
    return ["ours"] * ours + ["elsewhere"] * elsewhere + ["free"] * (most - ours - elsewhere)


def _with_balance(client: FlowMusic, record: records.AccountRecord, deadline: Deadline) -> Described | None:
    """A listed account with its balance, if that can be had; None if it isn't configured any more."""
    if record.error:
        return Described(record, balance_asked=False)
    try:
        return ask(client, record.email, deadline)
    except (errors.TokenRefused, errors.SubscriptionEnded):
        raise
    except errors.UpstreamError:
        return Described(record, balance_asked=False)


def note_refusal(token: ApiToken, error: Trouble) -> None:
    """A token that the API doesn't know any more is marked as refused."""
    if isinstance(error, errors.TokenRefused):
        token.refuse(at=timezone.now(), reason=error.user_message)
