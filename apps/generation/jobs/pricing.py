"""Works out what songs cost, as far as it is known, and which credits are left, before anything is sent.

Credits left on an account are what the API last said less what was sent since; what is queued reserves its price.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from django.db.models import Count, QuerySet

from apps.accounts.models import ApiToken, FlowAccount, Team
from apps.accounts.models.subscriptions import CREDITS_PER_SONG
from apps.generation.models import Job, State
from apps.generation.operations import FREE
from apps.prepared import prepared

Block = FlowAccount.Block


@dataclass(frozen=True)
class Price:
    """`exact`: every recent song cost the same; else it is said as "about"."""

    credits: int
    exact: bool = False

    def __str__(self) -> str:
        if not self.credits:
            return "free"
        return f"{'' if self.exact else 'about '}{self.credits} credit{'' if self.credits == 1 else 's'}"

    def __mul__(self, songs: int) -> "Price":
        return Price(self.credits * songs, self.exact)


UNKNOWN = Price(CREDITS_PER_SONG)
NOTHING = Price(0, exact=True)  # the pages name no price for it


def of_account(account: FlowAccount | None) -> Price:
    return Price(account.price, account.song_credits_fixed) if account else UNKNOWN


def of_any(accounts: Iterable[FlowAccount]) -> Price:
    """Of the dearest that is still connected: which one makes the song is not known yet."""
    prices = {of_account(account) for account in accounts if not account.is_gone}
    highest = max(prices, key=lambda price: price.credits, default=UNKNOWN)
    return highest if len(prices) == 1 else Price(highest.credits)


def of_job(job: Job, accounts: Iterable[FlowAccount]) -> Price:
    """What was counted off for it, else what it will cost on one of these accounts."""
    if job.operation in FREE:
        return NOTHING
    account = job.ran_on or (job.account if job.account_is_fixed else None)
    if job.price and account:
        return Price(job.price, account.song_credits_fixed and account.song_credits == job.price)
    if account:
        return of_account(account)
    return of_any(each for each in accounts if each.subscription_id == job.subscription_id)


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What songs are paid from: one account, or any of a subscription's.

    `available` is None when no balance is known; `most` is for how many songs it is enough, None when that isn't known.
    """

    where: str
    price: Price
    available: int | None
    most: int | None
    slots: int = 0  # for how many there is one now

    @property
    def short_of_one(self) -> int:
        return self.short(1)

    def short(self, songs: int) -> int:
        """How many credits are missing for so many songs; 0 when they can be made, or nothing is known."""
        if self.available is None or self.most is None or songs <= self.most:
            return 0
        # What is left may lie on several accounts, on none of which there is enough for one song more.
        return max(1, songs * self.price.credits - self.available)


def _usable(accounts: Iterable[FlowAccount]) -> list[FlowAccount]:
    return [each for each in accounts if each.block not in {Block.GONE, Block.ERROR}]


@prepared
def _queued(*subscription_ids: int) -> QuerySet[Job, tuple[int, int | None, bool, int]]:
    queued = Job.objects.filter(state=State.QUEUED, subscription__in=subscription_ids).order_by()
    queued = queued.exclude(operation__in=FREE)
    return queued.values_list("subscription", "account", "account_is_fixed").annotate(songs=Count("pk"))


class ReservedCredits:
    """Credits that what is queued is going to cost, by subscription and by chosen account. One query."""

    def __init__(self, subscription_ids: Collection[int]) -> None:
        self._queued = _queued(*subscription_ids)

    def songs_on(self, account: FlowAccount, *, alone: bool) -> int:
        """Those for which the account was chosen; all of its subscription if there is no other one."""
        if alone:
            return self.songs_under(account.subscription_id)
        return sum(songs for _, pk, fixed, songs in self._queued if fixed and pk == account.pk)

    def songs_under(self, subscription_id: int) -> int:
        return sum(songs for pk, _, _, songs in self._queued if pk == subscription_id)


def balance_of(account: FlowAccount, accounts: Iterable[FlowAccount], reserved: ReservedCredits) -> Balance:
    """For an account that was chosen. How much is available there only whoever sees it among these may know."""
    price, available, seen = of_account(account), None, list(accounts)
    others = [each for each in _usable(seen) if each.subscription_id == account.subscription_id]
    if account.credits is not None and account in seen:
        waiting = reserved.songs_on(account, alone=others == [account])
        available = max(0, account.credits - waiting * price.credits)
    most = None if available is None else available // price.credits
    return Balance(where=f"on {account.short}", price=price, available=available, most=most)


def balance_on(account: FlowAccount) -> Balance:
    """For what can run on this account alone."""
    accounts = _accounts_under(account.subscription_id)
    return balance_of(account, accounts, ReservedCredits([account.subscription_id]))


@prepared
def _accounts_under(subscription_id: int) -> QuerySet[FlowAccount]:
    return FlowAccount.objects.filter(subscription=subscription_id)


def balance_of_any(
    subscription_id: int, accounts: Iterable[FlowAccount], reserved: ReservedCredits
) -> Balance:
    """For the automatic choice among a subscription's accounts."""
    here = [each for each in _usable(accounts) if each.subscription_id == subscription_id]
    price, known = of_any(here), [each.credits for each in here if each.credits is not None]
    waiting = reserved.songs_under(subscription_id)
    available = max(0, sum(known) - waiting * price.credits) if known else None
    # One whose balance is not known may pay: then nobody can say for how many it is enough.
    most = (
        max(0, sum(max(0, left) // price.credits for left in known) - waiting)
        if len(known) == len(here)
        else None
    )
    where = f"on {here[0].short}" if len(here) == 1 else "on all accounts"
    return Balance(where=where, price=price, available=available, most=most if known else None)


class Quote:
    """What the song form says of money: for each account and token that can be chosen, and for the chosen ones.

    `accounts` and `tokens` are pairs of what is chosen and its balance. `room`: how many songs can start now, by
    account.
    """

    def __init__(
        self,
        tokens: list[ApiToken],
        accounts: list[FlowAccount],
        *,
        token: object,
        email: object,
        songs: int,
        room: Mapping[int, int],
    ) -> None:
        reserved = ReservedCredits({each.subscription_id for each in tokens})
        under: Counter[int] = Counter()
        for each in accounts:
            under[each.subscription_id] += room.get(each.pk, 0)
        balances = ((each, balance_of(each, accounts, reserved)) for each in accounts)
        self.accounts = [(each, replace(balance, slots=room.get(each.pk, 0))) for each, balance in balances]
        any_of = ((each, balance_of_any(each.subscription_id, accounts, reserved)) for each in tokens)
        self.tokens = [
            (each, replace(balance, slots=under[each.subscription_id])) for each, balance in any_of
        ]
        payer, any_of_it = next(
            (pair for pair in self.tokens if str(pair[0].pk) == str(token)), self.tokens[0]
        )
        on_it = (
            balance
            for account, balance in self.accounts
            if account.email == email and account.subscription_id == payer.subscription_id
        )
        self.balance = next(on_it, any_of_it)
        self.any = any_of_it
        self.songs = songs
        self.short = self.balance.short(songs)
        self.cost = self.balance.price * songs

    @property
    def after(self) -> int | None:
        """What would be available after it."""
        return None if self.balance.available is None else max(0, self.balance.available - self.cost.credits)


def balance_of_job(job: Job) -> Balance:
    """From which a retry would be paid."""
    if job.operation in FREE:
        return Balance(where="", price=NOTHING, available=None, most=None)
    reserved = ReservedCredits([job.subscription_id])
    accounts = [each for each in _accounts_seen(job.team) if each.subscription_id == job.subscription_id]
    if job.account_is_fixed and job.account:
        return balance_of(job.account, accounts, reserved)
    return balance_of_any(job.subscription_id, accounts, reserved)


@prepared
def _accounts_seen(team: Team) -> QuerySet[FlowAccount]:
    return FlowAccount.objects.for_team(team)
