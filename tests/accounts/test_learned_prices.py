"""What a song costs is learned from the account's own usage, seldom, and never while somebody waits."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apps.accounts import account_sync, learned_prices
from apps.accounts.models import ApiToken, FlowAccount
from apps.accounts.models.subscriptions import CREDITS_PER_SONG
from apps.upstream.usage import UsageCharge
from tests.accounts.conftest import Remote

NOW = datetime(2026, 6, 30, tzinfo=UTC)
ASKED = "/accounts/usage"


def spent(*credits: int, days_ago: int = 1) -> list[UsageCharge]:
    at = NOW - timedelta(days=days_ago)
    return [UsageCharge(f"{days_ago}-{number}", 12 * each, at) for number, each in enumerate(credits)]


@pytest.mark.parametrize(
    ("credits", "learned"),
    [
        ([], None),
        ([7, 7], None),  # too few to tell
        ([7, 7, 7], (7, True)),
        ([5, 15, 5, 10], (5, False)),  # songs that were edited cost a multiple
        ([4, 6, 4, 6], (4, False)),
        ([8, 8, 8, 0, 51, 600], (8, True)),  # what no song costs doesn't count
        ([6] * 20 + [9] * 40, (6, True)),  # the newest twenty
    ],
)
def test_the_usual_price_of_a_song(credits: list[int], learned: tuple[int, bool] | None) -> None:
    assert learned_prices.usual_price(spent(*credits), NOW) == learned


def test_what_was_long_ago_is_forgotten_and_what_has_no_time_counts() -> None:
    assert learned_prices.usual_price(spent(9, 9, 9, days_ago=40) + spent(6, 6, 6), NOW) == (6, True)
    assert learned_prices.usual_price([UsageCharge(name, 60) for name in "abc"], NOW) == (5, True)


@pytest.fixture
def account(kept: ApiToken) -> FlowAccount:
    return FlowAccount.objects.get(email__startswith="studio")


def charge(remote: Remote, *credits: int) -> None:
    """What the sandbox is said to have charged the studio for songs."""
    for number, each in enumerate(credits):
        remote.book(12 * each, conversation=f"song {number}", seconds_ago=number)


def asked_again(account: FlowAccount, after: timedelta) -> None:
    FlowAccount.objects.filter(pk=account.pk).update(usage_asked_at=timezone.now() - after)


def test_it_is_learned_and_kept(remote: Remote, kept: ApiToken, account: FlowAccount) -> None:
    assert account.price == CREDITS_PER_SONG
    charge(remote, 7, 7, 7)
    assert learned_prices.learn(kept.subscription_id, kept.team_id) == 1
    account.refresh_from_db()
    assert (account.price, account.song_credits_fixed) == (7, True)
    other = FlowAccount.objects.get(email__startswith="night")
    assert (other.song_credits, other.price) == (None, CREDITS_PER_SONG)


def test_it_is_asked_a_few_times_a_day(remote: Remote, kept: ApiToken, account: FlowAccount) -> None:
    def calls() -> int:
        learned_prices.learn(kept.subscription_id, kept.team_id)
        return sum(remote.sandbox.requests("GET", ASKED).values())

    assert (calls(), calls()) == (2, 2)  # one for each account, once
    asked_again(account, learned_prices.SOONER)
    charge(remote, 7, 7, 7)
    assert calls() == 3
    asked_again(account, learned_prices.SOONER)
    assert calls() == 3
    asked_again(account, learned_prices.AGAIN_AFTER)
    assert calls() == 4


def test_checking_a_token_asks_no_usage_while_the_person_waits(remote: Remote, kept: ApiToken) -> None:
    assert account_sync.refresh(kept) is None
    assert remote.sandbox.requests("GET", ASKED) == {}


@pytest.mark.parametrize("scenario", ["500", "html", "truncated"])
def test_a_bad_answer_changes_nothing(
    remote: Remote, kept: ApiToken, account: FlowAccount, scenario: str
) -> None:
    charge(remote, 7, 7, 7)
    remote.schedule("usage", scenario)
    assert learned_prices.learn(kept.subscription_id, kept.team_id) == 0
    account.refresh_from_db()
    assert account.song_credits is None


def test_without_a_usable_token_nothing_is_asked(remote: Remote, kept: ApiToken) -> None:
    kept.refuse(at=timezone.now(), reason="gone")
    assert learned_prices.learn(kept.subscription_id, kept.team_id) == 0
    assert remote.sandbox.requests("GET", ASKED) == {}


def test_what_is_left_is_measured_by_the_learned_price(
    remote: Remote, kept: ApiToken, account: FlowAccount
) -> None:
    FlowAccount.objects.filter(pk=account.pk).update(song_credits=8)
    remote.set_account(account.email, credits=7)
    account_sync.refresh(kept)
    account.refresh_from_db()
    assert account.block == FlowAccount.Block.CREDITS
    assert list(FlowAccount.objects.too_poor()) == [account]
    remote.set_account(account.email, credits=8)
    account_sync.refresh(kept)
    account.refresh_from_db()
    assert account.block == ""
    assert not FlowAccount.objects.too_poor().exists()
