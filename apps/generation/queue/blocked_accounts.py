"""Checks now and then the blocked accounts that jobs wait for, so that work continues once the cause is fixed."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.accounts import account_sync, api_clients
from apps.accounts.api_clients import NoToken
from apps.accounts.models import ApiToken, FlowAccount
from apps.generation.models import Job
from apps.wake import wake

AGAIN_AFTER = timedelta(minutes=5)
FIXABLE = [FlowAccount.Block.ERROR, FlowAccount.Block.CREDITS, FlowAccount.Block.GONE]


def mark_empty(now: datetime) -> int:
    """Accounts that by our own count have too little left for a song are to be asked: what the API says decides."""
    counted_empty = FlowAccount.objects.too_poor().filter(block="")
    return counted_empty.update(block=FlowAccount.Block.CREDITS, block_until=now)


def due(now: datetime) -> list[int]:
    """Blocked accounts whose next check is due, while something queued could run there."""
    here = Q(account=OuterRef("pk")) | Q(account_is_fixed=False)
    waiting = Job.objects.ready(now).filter(here, subscription=OuterRef("subscription"))
    blocked = FlowAccount.objects.filter(Exists(waiting), block__in=FIXABLE, block_until__lte=now)
    return list(blocked.values_list("pk", flat=True))


def unchecked_tokens() -> list[str]:
    """Tokens that were kept without asking the API about their accounts."""
    tokens = ApiToken.objects.working().filter(checked_at=None)
    return [str(pk) for pk in tokens.values_list("pk", flat=True)]


def recheck(account_id: int, team_id: UUID | None = None) -> None:
    """For a team: the one that asks, else those whose jobs wait for the account."""
    now = timezone.now()
    rows = FlowAccount.objects.filter(pk=account_id, block__in=FIXABLE, block_until__lte=now)
    if rows.update(block_until=now + AGAIN_AFTER):
        account = FlowAccount.objects.get(pk=account_id)
        _recheck(account, [team_id] if team_id else _waiting(account, now))
        wake("generation.dispatch", account.subscription_id)


def _waiting(account: FlowAccount, now: datetime) -> list[UUID]:
    """Teams with a queued job that could run there."""
    here = Q(account=account) | Q(account_is_fixed=False)
    jobs = Job.objects.ready(now).filter(here, subscription=account.subscription_id)
    return list(dict.fromkeys(jobs.order_by("created_at").values_list("team", flat=True)))


def _recheck(account: FlowAccount, team_ids: Iterable[UUID]) -> None:
    """With a token of the first of them that has one."""
    for team_id in team_ids:
        try:
            token, _ = api_clients.of_team(team_id, account.subscription_id)
        except NoToken:
            continue
        account_sync.recheck(account, token=token)
        return
