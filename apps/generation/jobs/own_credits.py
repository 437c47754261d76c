"""What each person of a team can still spend by their own tokens: the figures at the foot of the nav.

Four queries for the whole team, whatever the number of its people, tokens, accounts and jobs.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from apps.accounts.models import ApiToken, FlowAccount, Subscription, Team
from apps.accounts.models.subscriptions import REAL
from apps.generation.jobs import pricing
from apps.generation.models import Job, State
from apps.generation.models.jobs import may_be_paid
from apps.generation.operations import FREE
from apps.prepared import prepared

COLUMNS = ("block", "credits", "song_credits", "song_credits_fixed")


@dataclass(frozen=True, kw_only=True)
class OwnCredits:
    """`credits`: on all accounts under their working tokens, None when not known; `reserved`: for what is queued."""

    credits: int | None
    reserved: int
    price: int  # of one song, at most

    @property
    def available(self) -> int:
        return max(0, (self.credits or 0) - self.reserved)

    @property
    def songs_left(self) -> int:
        """About how many songs the free credits are."""
        return self.available // self.price


def of_team(team: Team) -> dict[int, OwnCredits]:
    """By the person's key, for those who have a token, be it refused."""
    owners = _owners(team.pk)
    real = {owner_id for owner_id, endpoint in owners if endpoint.startswith(REAL)}
    subscriptions: dict[int, set[int]] = {}
    for owner_id, subscription_id in _working(team.pk):
        subscriptions.setdefault(owner_id, set()).add(subscription_id)
    accounts = [_account(*row) for row in _accounts(team.pk)]
    queued = _queued(team)
    return {
        owner_id: _own_credits(
            [each for each in accounts if each.subscription_id in subscriptions.get(owner_id, ())],
            queued[owner_id, True] + (0 if owner_id in real else queued[owner_id, False]),
        )
        for owner_id, _ in owners
    }


@prepared
def _owners(team_id: UUID) -> QuerySet[ApiToken, Any]:
    return ApiToken.objects.filter(team=team_id).values_list("owner_id", "subscription__endpoint")


@prepared
def _working(team_id: UUID) -> QuerySet[ApiToken, Any]:
    return ApiToken.objects.filter(team=team_id).working().values_list("owner_id", "subscription_id")


@prepared
def _accounts(team_id: UUID) -> QuerySet[FlowAccount, Any]:
    found = FlowAccount.objects.for_team(Team(pk=team_id))
    return found.values_list("subscription_id", "subscription__endpoint", *COLUMNS)


@prepared
def _waiting(team_id: UUID) -> QuerySet[Job, Any]:
    """Not what the token doesn't pay for any more."""
    songs = Job.objects.filter(may_be_paid(), team=team_id, state=State.QUEUED).order_by()
    songs = songs.exclude(operation__in=FREE)
    found = songs.values_list("token__owner", "subscription__endpoint")
    return found.annotate(count=Count("pk"))


def _account(subscription_id: int, endpoint: str, *values: Any) -> FlowAccount:
    """No more of it than the figures need."""
    subscription = Subscription(pk=subscription_id, endpoint=endpoint)
    return FlowAccount(subscription=subscription, **dict(zip(COLUMNS, values, strict=True)))


def _queued(team: Team) -> Counter[tuple[int, bool]]:
    """Songs that wait, by whose token pays and whether these are real credits."""
    songs: Counter[tuple[int, bool]] = Counter()
    for owner_id, endpoint, count in _waiting(team.pk):
        songs[owner_id, endpoint.startswith(REAL)] += count
    return songs


def _own_credits(accounts: list[FlowAccount], songs: int) -> OwnCredits:
    price = pricing.of_any(accounts).credits
    return OwnCredits(credits=_credits_left(accounts), reserved=songs * price, price=price)


def _credits_left(accounts: Iterable[FlowAccount]) -> int | None:
    """As FlowAccount.objects.credits_left() has it: the sandbox's count only while there is no real account."""
    connected = [each for each in accounts if not each.is_gone]
    real = [each for each in connected if each.subscription.endpoint.startswith(REAL)]
    known = [each.credits for each in real or connected if each.credits is not None]
    return sum(known) if known else None
