"""What each person of a team can still spend by their own tokens: the figures at the foot of the nav.

Four queries for the whole team, whatever the number of its people, tokens, accounts and jobs.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count

from apps.accounts.models import ApiToken, FlowAccount, Team
from apps.accounts.models.subscriptions import REAL
from apps.generation.jobs import pricing
from apps.generation.models import Job, State
from apps.generation.operations import FREE


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
    tokens = ApiToken.objects.for_team(team)
    owners = list(tokens.values_list("owner_id", "subscription__endpoint"))
    real = {owner_id for owner_id, endpoint in owners if endpoint.startswith(REAL)}
    subscriptions: dict[int, set[int]] = {}
    for owner_id, subscription_id in tokens.working().values_list("owner_id", "subscription_id"):
        subscriptions.setdefault(owner_id, set()).add(subscription_id)
    accounts = list(FlowAccount.objects.for_team(team).select_related("subscription"))
    queued = _queued(team)
    return {
        owner_id: _own_credits(
            [each for each in accounts if each.subscription_id in subscriptions.get(owner_id, ())],
            queued[owner_id, True] + (0 if owner_id in real else queued[owner_id, False]),
        )
        for owner_id, _ in owners
    }


def _queued(team: Team) -> Counter[tuple[int, bool]]:
    """Songs that wait, by whose token pays and whether these are real credits."""
    waiting = Job.objects.for_team(team).filter(
        state=State.QUEUED, token__refused_at=None, token__isnull=False
    )
    rows = (
        waiting.exclude(operation__in=FREE).order_by().values_list("token__owner", "subscription__endpoint")
    )
    songs: Counter[tuple[int, bool]] = Counter()
    for owner_id, endpoint, count in rows.annotate(count=Count("pk")):
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
