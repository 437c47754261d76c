"""The Flow Music accounts under a subscription: asking the API about them, and keeping what it says.

API pages: get-flowmusic-accounts.md (list, without balances), get-flowmusic-accounts-email.md (one, with its balance).
Both are free reads. No transaction is open while one of them runs.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts import clients
from apps.accounts.crypto import CannotDecrypt
from apps.accounts.models import ApiToken, FlowAccount, Subscription
from apps.upstream import errors, records
from apps.upstream.deadline import Deadline
from apps.upstream.flowmusic import FlowMusic
from apps.wake import wake

SECONDS = 10.0  # for the list and all balances together
AT_ONCE = 6
LOOK_AGAIN_AFTER = timedelta(minutes=5)

Block = FlowAccount.Block
Trouble = errors.UpstreamError | CannotDecrypt


@dataclass(frozen=True)
class Described:
    """What the API says of one account; `balance_asked` is False if only the list could be read in time."""

    record: records.FlowAccount
    balance_asked: bool


def refresh(token: ApiToken) -> Trouble | None:
    """Asks about every account under the token and keeps the answers. Gives the error if that wasn't possible.

    An error changes nothing but this: a refused token is marked as refused.
    """
    try:
        described = read(clients.of_token(token))
    except (errors.UpstreamError, CannotDecrypt) as error:
        _note(token, error)
        return error
    with transaction.atomic():
        keep(token.subscription, described)
        works(token)
    return None


def refresh_unchecked(token_id: str) -> None:
    """For a token that was kept without asking, as the local start does before its sandbox runs."""
    unchecked = ApiToken.objects.usable().filter(pk=token_id, checked_at=None)
    if token := unchecked.select_related("subscription").first():
        refresh(token)


def recheck(account: FlowAccount, *, token: ApiToken | None = None) -> Trouble | None:
    """Asks about one account, by the given token or any of its subscription. Else as `refresh`."""
    try:
        found = (token, clients.of_token(token)) if token else clients.of_subscription(account.subscription)
    except CannotDecrypt as error:
        return error
    if found is None:
        return None
    token, client = found
    try:
        described = _ask(client, account.email, Deadline(SECONDS))
    except errors.UpstreamError as error:
        _note(token, error)
        return error
    with transaction.atomic():
        if described is None:
            _gone(FlowAccount.objects.filter(pk=account.pk), timezone.now())
        else:
            _keep_one(account.subscription, described, timezone.now())
        works(token)
    return None


def read(client: FlowMusic) -> dict[str, Described]:
    """The list and every healthy account's balance, within ten seconds in all. Raises UpstreamError."""
    deadline = Deadline(SECONDS)
    listed = client.accounts(deadline_s=deadline.left())
    if not listed:
        return {}
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        answers = pool.map(lambda record: _with_balance(client, record, deadline), listed.values())
        return {answer.record.email: answer for answer in answers if answer}


def keep(subscription: Subscription, described: Mapping[str, Described]) -> None:
    """Writes down a whole list, in the caller's transaction: what isn't in it is gone."""
    now = timezone.now()
    for one in described.values():
        _keep_one(subscription, one, now)
    _gone(subscription.flow_accounts.exclude(email__in=described), now)


def works(token: ApiToken) -> None:
    """The API has just taken this token: nothing holds back its subscription any more, so what waits goes on."""
    ApiToken.objects.filter(pk=token.pk, ciphertext=token.ciphertext).update(
        checked_at=timezone.now(), refused_at=None, refused_reason=""
    )
    Subscription.objects.filter(pk=token.subscription_id).update(blocked_reason="", blocked_until=None)
    wake("generation.dispatch", token.subscription_id)
    wake("generation.changed", token.subscription_id)
    wake("accounts.learn", token.subscription_id)


def mending(account: FlowAccount) -> str:
    """What to do about an account that can't be used, for the person who owns it; "" for a usable one."""
    match account.block:
        case Block.ERROR:
            return (
                f"Connect this account again at useapi.net: open its Flow Music setup, enter your API token and sign "
                f"in to Google as {account.email}. Then check it here."
            )
        case Block.CREDITS if account.subscription.is_sandbox:
            return "This is the sandbox: nothing is really spent. Check it again, or make songs on another account."
        case Block.CREDITS:
            return "Top it up at flowmusic.app, or make songs on another account. Then check it here."
        case Block.GONE:
            return "Add it again in the Flow Music setup of useapi.net if it is still wanted. Then check it here."
        case Block.BUSY:
            return "It goes on by itself."
    return ""


def lamps(*, ours: int, elsewhere: int, max_jobs: int) -> list[str]:
    """One word per slot of an account: "ours", "elsewhere" or "free"."""
    free = max(0, max_jobs - ours - elsewhere)
    return (["ours"] * ours + ["elsewhere"] * elsewhere + ["free"] * free)[:max_jobs]


def _with_balance(client: FlowMusic, record: records.FlowAccount, deadline: Deadline) -> Described | None:
    """A listed account with its balance, if that can be had; None if it isn't configured any more."""
    if record.error:
        return Described(record, balance_asked=False)
    try:
        return _ask(client, record.email, deadline)
    except (errors.TokenRefused, errors.SubscriptionEnded):
        raise
    except errors.UpstreamError:
        return Described(record, balance_asked=False)


def _ask(client: FlowMusic, email: str, deadline: Deadline) -> Described | None:
    """None if the account isn't configured any more. Raises UpstreamError."""
    try:
        return Described(client.account(email, deadline_s=deadline.left()), balance_asked=True)
    except errors.Gone:
        return None
    except errors.AccountBroken as error:
        broken = records.FlowAccount(email=email, error=error.reason or error.user_message)
        return Described(broken, balance_asked=True)


def _keep_one(subscription: Subscription, described: Described, now: datetime) -> None:
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
        same.update(block=Block.ERROR, block_reason=record.error[:300], block_until=now + LOOK_AGAIN_AFTER)
        return
    same.filter(block__in=[Block.ERROR, Block.GONE]).update(block="", block_reason="", block_until=None)
    if record.credits is None:
        return
    if record.credits < account.price:
        same.update(block=Block.CREDITS, block_reason="", block_until=now + LOOK_AGAIN_AFTER)
    else:
        same.filter(block=Block.CREDITS).update(block="", block_reason="", block_until=None)


def _gone(accounts: "QuerySet[FlowAccount]", now: datetime) -> None:
    accounts.update(block=Block.GONE, block_reason="", block_until=now + LOOK_AGAIN_AFTER, checked_at=now)


def _note(token: ApiToken, error: Trouble) -> None:
    if isinstance(error, errors.TokenRefused):
        token.refuse(at=timezone.now(), reason=error.user_message)
