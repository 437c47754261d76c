"""Stores what Flow Music charged and credited to accounts, by UTC day, kind and song (get-flowmusic-accounts-usage.md).

A free read, made in the background: with the learning of prices, and when a person asks for it.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from apps.accounts import api_clients, visibility
from apps.accounts.api_clients import NoToken
from apps.accounts.models import ApiToken, FlowAccount, Team, UsageRow, User
from apps.upstream import errors
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.usage import TOKENS_PER_CREDIT, AccountUsage, UsageEvent
from apps.wake import wake

logger = logging.getLogger(__name__)

# Kinds of bookings that give credits; what is neither of these nor charged is shown as it is.
RECEIVED = frozenset({"grant", "daily-free"})
NOT_SOONER = timedelta(seconds=20)  # a person who presses twice asks once
FRESH_FOR = timedelta(minutes=10)  # what was read then is shown as it is, unless a job has ended since
NO_TOKEN = "No token of this team works for it at the moment, so Flow Music can't be asked."  # noqa: S105
Key = tuple[date | None, str, str]


def credits(tokens: int) -> float:
    """Whole ones as a whole number; Flow Music counts in twelfths."""
    return round(tokens / TOKENS_PER_CREDIT, 2)


def read(account: FlowAccount, token: ApiToken, client: FlowMusic) -> AccountUsage | None:
    """Asks the API, with a client by that token, and keeps what it says; None when it can't be had, which the account
    then says."""
    asked_at = timezone.now()
    FlowAccount.objects.filter(pk=account.pk).update(usage_asked_at=asked_at)
    try:
        found = client.usage(account.email)
    except errors.UpstreamError as error:
        if isinstance(error, errors.TokenRefused):
            token.refuse(at=timezone.now(), reason=error.user_message)
        logger.warning("the usage of account %s can't be read: %s", account.pk, error)
        _say(account, error.user_message)
        return None
    save(account, found.events, read_at=asked_at)
    visibility.remember(token.team_id, token.subscription_id)
    return found


def want(accounts: Collection[FlowAccount], *, team: Team, by: User) -> None:
    """A person asks: the worker reads it soon, with their own token or one of this team, not of another that shares
    the subscription. What was read just now is not asked again.
    """
    now = timezone.now()
    just_read = Q(usage_read_at__gt=now - NOT_SOONER)
    here = FlowAccount.objects.connected().filter(pk__in=[each.pk for each in accounts])
    wanted = here.exclude(just_read)
    is_others = Case(When(owner=by, then=Value(1)), default=Value(2))
    own_first = ApiToken.objects.for_team(team).working().order_by(is_others, "added_at")
    for pk, subscription in list(wanted.values_list("pk", "subscription")):
        token = own_first.filter(subscription=subscription).first()
        FlowAccount.objects.filter(pk=pk).update(
            usage_wanted_at=now, usage_wanted_with=token, usage_problem=""
        )
        wake("accounts.usage", pk)


def due() -> list[int]:
    """Accounts that somebody asked about and nobody has asked since: for the tick, should the message be lost."""
    return list(_unread().values_list("pk", flat=True))


def take_wanted(account_id: int) -> tuple[FlowAccount, ApiToken, FlowMusic] | None:
    """The account that a person asked about, the token that was chosen then, and a client by it; for one process,
    however often the message comes."""
    if not _unread().filter(pk=account_id).update(usage_asked_at=timezone.now()):
        return None
    account = FlowAccount.objects.select_related("usage_wanted_with__subscription").get(pk=account_id)
    token = account.usage_wanted_with
    try:
        if token:
            return account, token, api_clients.of_token(token)
    except NoToken:
        pass
    _say(account, NO_TOKEN)
    return None


def save(account: FlowAccount, events: Iterable[UsageEvent], *, read_at: datetime) -> None:
    """The answer takes the place of what was kept from its oldest day on. What it doesn't reach back to stays."""
    said = _by_key(account, events)
    oldest = min((day for day, _, _ in said if day), default=None)
    with transaction.atomic():
        same = FlowAccount.objects.select_for_update().filter(pk=account.pk)
        if not list(same.exclude(usage_read_at__gt=read_at).values_list("pk")):
            return  # somebody has read it since
        kept = {
            (row.day, row.type, row.conversation_id): row
            for row in account.usage.filter(Q(day=None) | Q(day__gte=oldest) if oldest else Q(day=None))
        }
        _write(kept, said, read_at)
        same.update(usage_read_at=read_at, usage_problem="")
        wake("generation.charges", account.pk)


def is_being_read(account: FlowAccount, now: datetime) -> bool:
    """Somebody asked less than a minute ago, and there is no answer yet."""
    wanted = account.usage_wanted_at
    if wanted is None or wanted < now - timedelta(minutes=1) or account.usage_problem:
        return False
    return account.usage_read_at is None or account.usage_read_at < wanted


def is_stale(account: FlowAccount, now: datetime, *, ended_at: datetime | None) -> bool:
    """Whether it is time to read it. `ended_at`: when a job ended there last. What was tried just now is left alone."""
    asked, read = account.usage_asked_at, account.usage_read_at
    if account.is_gone or is_being_read(account, now) or (asked and asked > now - timedelta(minutes=1)):
        return False
    return read is None or read < now - FRESH_FOR or (ended_at is not None and ended_at > read)


def _unread() -> "QuerySet[FlowAccount]":
    unasked = Q(usage_asked_at=None) | Q(usage_asked_at__lt=F("usage_wanted_at"))
    return FlowAccount.objects.filter(unasked, usage_wanted_at__isnull=False)


def _by_key(account: FlowAccount, events: Iterable[UsageEvent]) -> dict[Key, UsageRow]:
    """One row per day, kind and conversation, as it should be already."""
    rows: dict[Key, UsageRow] = {}
    for event in events:
        key = (event.day, event.type[:60], (event.conversation_id or "")[:100])
        row = rows.setdefault(
            key, UsageRow(account=account, day=key[0], type=key[1], conversation_id=key[2], tokens=0)
        )
        row.tokens += event.tokens
        row.title = (event.title or row.title)[:300]
        row.latest_at = max(filter(None, (event.latest_at, row.latest_at)), default=None)
    return rows


def _write(kept: dict[Key, UsageRow], said: dict[Key, UsageRow], read_at: datetime) -> None:
    """Only what is different: an account may have thousands of rows, of which today's change."""
    UsageRow.objects.filter(pk__in=[row.pk for key, row in kept.items() if key not in said]).delete()
    for row in said.values():
        row.read_at = read_at
    new = [row for key, row in said.items() if key not in kept]
    UsageRow.objects.bulk_create(new, batch_size=500, ignore_conflicts=True)
    changed = []
    for key, row in said.items():
        if (old := kept.get(key)) and _content(old) != _content(row):
            old.tokens, old.title, old.latest_at, old.read_at = row.tokens, row.title, row.latest_at, read_at
            changed.append(old)
    UsageRow.objects.bulk_update(changed, ["tokens", "title", "latest_at", "read_at"], batch_size=500)


def _content(row: UsageRow) -> tuple[object, ...]:
    return row.tokens, row.title, row.latest_at


def _say(account: FlowAccount, problem: str) -> None:
    FlowAccount.objects.filter(pk=account.pk).update(usage_problem=problem[:300])
