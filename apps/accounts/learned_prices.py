"""What a song costs on a Flow Music account, learned from what the account was charged (GET /accounts/usage).

Asked in the background, when a token was checked or a song was made, and at most a few times a day for each account;
besides when a person wants to see the usage.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from statistics import median_low
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from apps import shutdown
from apps.accounts import api_clients, usage_sync
from apps.accounts.api_clients import NoToken
from apps.accounts.models import ApiToken, FlowAccount
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.usage import UsageCharge
from apps.wake import wake

AGAIN_AFTER = timedelta(hours=6)
SOONER = timedelta(hours=1)  # while nothing has been learned yet
RECENT, NEWEST, FEWEST = timedelta(days=30), 20, 3
MOST = 50  # a conversation that cost more was edited over and over: it says nothing of a song

Block = FlowAccount.Block


def learn(subscription_id: int, team_id: UUID) -> int:
    """Asks about every account whose turn it is, for this team. Returns of how many the price has changed."""
    try:
        token, client = api_clients.of_team(team_id, subscription_id)
    except NoToken:
        return 0
    accounts = FlowAccount.objects.filter(subscription=subscription_id).exclude(
        block__in=[Block.GONE, Block.ERROR]
    )
    asked = (account for account in accounts if not shutdown.has_begun() and _claim(account))
    changed = sum(_learn_one(account, token, client) for account in asked)
    if changed:
        wake("generation.changed", subscription_id)
    return changed


def learn_wanted(account_id: int) -> None:
    """A person wants to see the usage of the account: read now, and learned from like any other time."""
    taken = usage_sync.take_wanted(account_id)
    if taken and _learn_one(*taken):
        wake("generation.changed", taken[0].subscription_id)


def usual_price(spent: Collection[UsageCharge], now: datetime) -> tuple[int, bool] | None:
    """The credits of a song, and whether all recent ones cost the same; None while there are too few to tell.

    A conversation holds a song and its edits, so that some cost a multiple: the middle one is a song's, and of two
    in the middle the lower.
    """
    recent = [each.credits for each in spent if each.at is None or each.at > now - RECENT][:NEWEST]
    likely = [credits for credits in recent if 1 <= credits <= MOST]
    return (median_low(likely), len(set(likely)) == 1) if len(likely) >= FEWEST else None


def _claim(account: FlowAccount) -> bool:
    """True for one process: the others find that it was asked just now."""
    now = timezone.now()
    before = now - (AGAIN_AFTER if account.song_credits else SOONER)
    due = Q(usage_asked_at=None) | Q(usage_asked_at__lte=before)
    return FlowAccount.objects.filter(due, pk=account.pk).update(usage_asked_at=now) == 1


def _learn_one(account: FlowAccount, token: ApiToken, client: FlowMusic) -> bool:
    read = usage_sync.read(account, token, client)
    found = usual_price(read.spent, timezone.now()) if read else None
    if found is None or found == (account.song_credits, account.song_credits_fixed):
        return False
    price, fixed = found
    FlowAccount.objects.filter(pk=account.pk).update(song_credits=price, song_credits_fixed=fixed)
    return True
