"""Accounts that jobs wait for: they are asked again now and then, so that work goes on when the cause is mended."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.accounts import flow_accounts
from apps.accounts.models import ApiToken, FlowAccount
from apps.generation.models import Job
from apps.wake import wake

AGAIN_AFTER = timedelta(minutes=5)
MENDABLE = [FlowAccount.Block.ERROR, FlowAccount.Block.CREDITS, FlowAccount.Block.GONE]


def mark_empty(now: datetime) -> int:
    """Accounts that by our own count have too little left for a song are to be asked: what the API says decides."""
    counted_empty = FlowAccount.objects.too_poor().filter(block="")
    return counted_empty.update(block=FlowAccount.Block.CREDITS, block_until=now)


def due(now: datetime) -> list[int]:
    """Blocked accounts whose next look has come, while something in line could run there."""
    waiting = Job.objects.ready(now).filter(
        Q(account=OuterRef("pk")) | Q(account_is_fixed=False), subscription=OuterRef("subscription")
    )
    blocked = FlowAccount.objects.filter(Exists(waiting), block__in=MENDABLE, block_until__lte=now)
    return list(blocked.values_list("pk", flat=True))


def unchecked_tokens() -> list[str]:
    """Tokens that were kept without asking the API about their accounts."""
    tokens = ApiToken.objects.usable().filter(checked_at=None)
    return [str(pk) for pk in tokens.values_list("pk", flat=True)]


def recheck(account_id: int) -> None:
    now = timezone.now()
    turn = FlowAccount.objects.filter(pk=account_id, block__in=MENDABLE, block_until__lte=now)
    if turn.update(block_until=now + AGAIN_AFTER):
        account = FlowAccount.objects.get(pk=account_id)
        flow_accounts.recheck(account)
        wake("generation.dispatch", account.subscription_id)
