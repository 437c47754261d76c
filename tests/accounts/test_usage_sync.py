"""What Flow Music booked is kept by day, kind and song, and read when it is due or somebody asks."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from apps.accounts import learned_prices, usage_sync
from apps.accounts.models import ApiToken, FlowAccount, Role, Team, UsageRow
from apps.upstream.usage import UsageEvent
from tests.accounts.conftest import Remote, person, unasked

pytestmark = pytest.mark.databases

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
DAY = date(2026, 6, 30)
ASKED = "/accounts/usage"


@pytest.fixture
def account(kept: ApiToken) -> FlowAccount:
    return FlowAccount.objects.get(email__startswith="studio")


def event(
    tokens: int, kind: str = "producer-usage", *, days_ago: int | None = 0, song: str | None = None
) -> UsageEvent:
    day = None if days_ago is None else DAY - timedelta(days=days_ago)
    return UsageEvent(kind, tokens, song, song and f"Title of {song}", day, NOW)


def keep(
    account: FlowAccount, *events: UsageEvent, at: datetime = NOW
) -> dict[tuple[date | None, str, str], int]:
    usage_sync.save(account, events, read_at=at)
    return {(row.day, row.type, row.conversation_id): row.tokens for row in UsageRow.objects.all()}


def test_a_row_for_each_day_kind_and_song(account: FlowAccount) -> None:
    found = keep(
        account,
        event(60, song="a"),
        event(60, song="a", days_ago=1),
        event(12, "riffusion", song="a"),
        event(5, "riffusion"),  # of no song
        event(7, "riffusion"),  # and another such row
        event(1440, "daily-free"),
        event(3, "a kind that nobody knows"),
        event(9, days_ago=None),
    )
    yesterday = DAY - timedelta(days=1)
    assert found == {
        (DAY, "producer-usage", "a"): 60,
        (yesterday, "producer-usage", "a"): 60,
        (DAY, "riffusion", "a"): 12,
        (DAY, "riffusion", ""): 12,
        (DAY, "daily-free", ""): 1440,
        (DAY, "a kind that nobody knows", ""): 3,
        (None, "producer-usage", ""): 9,
    }
    assert UsageRow.objects.filter(conversation_id="a", title="Title of a").count() == 3


def test_a_newer_answer_takes_the_place_of_what_it_reaches_back_to(account: FlowAccount) -> None:
    keep(
        account, event(60, song="old", days_ago=400), event(60, song="a", days_ago=1), event(9, days_ago=None)
    )
    kept = UsageRow.objects.get(conversation_id="old").pk
    found = keep(account, event(120, song="a", days_ago=1), event(60, song="b"), at=NOW + timedelta(hours=1))
    assert sorted(found.values()) == [60, 60, 120]
    assert UsageRow.objects.get(conversation_id="old").pk == kept, "it didn't reach back to that day"
    late = keep(account, event(1, song="late"), at=NOW)
    assert late == found, "an answer that was overtaken changes nothing"
    assert keep(account, at=NOW + timedelta(hours=2)) == found, "an answer without a row says nothing of them"


def test_it_is_kept_when_prices_are_learned(kept: ApiToken, remote: Remote, account: FlowAccount) -> None:
    for number in range(3):
        remote.book(84, conversation=f"song {number}", title="Copper Rain")
    remote.book(24, kind="riffusion")
    learned_prices.learn(kept.subscription_id, kept.team_id)
    account.refresh_from_db()
    assert account.price == 7
    assert account.usage_read_at is not None
    assert UsageRow.objects.of([account]).charged().count() == 4
    assert UsageRow.objects.of([account]).get(type="riffusion").tokens == 24
    assert UsageRow.objects.of([account]).filter(title="Copper Rain").count() == 3


def test_who_asks_is_answered_once_however_often_the_message_comes(
    kept: ApiToken, remote: Remote, account: FlowAccount
) -> None:
    usage_sync.want([account], team=kept.team, by=kept.owner)
    account.refresh_from_db()
    assert usage_sync.due() == [account.pk]
    assert usage_sync.is_being_read(account, timezone.now())
    for _ in range(3):
        learned_prices.learn_wanted(account.pk)
    assert sum(remote.sandbox.requests("GET", ASKED).values()) == 1
    account.refresh_from_db()
    assert usage_sync.due() == []
    assert not usage_sync.is_being_read(account, timezone.now())
    usage_sync.want([account], team=kept.team, by=kept.owner)
    assert usage_sync.due() == [], "it was read a moment ago"


@pytest.mark.parametrize("scenario", ["500", "401", "404 by removing it"])
def test_what_cannot_be_read_says_why_and_keeps_what_there_was(
    kept: ApiToken, remote: Remote, account: FlowAccount, scenario: str
) -> None:
    keep(account, event(60, song="a"))
    if scenario.startswith("404"):
        remote.set_account(account.email, remove=True)
    else:
        remote.schedule("usage", scenario)
    usage_sync.want([account], team=kept.team, by=kept.owner)
    learned_prices.learn_wanted(account.pk)
    account.refresh_from_db()
    assert account.usage_problem
    assert not usage_sync.is_being_read(account, timezone.now())
    assert (account.usage_read_at, UsageRow.objects.count()) == (NOW, 1)
    assert usage_sync.due() == []


def test_it_is_read_with_the_own_token_and_with_none_of_another_team(
    kept: ApiToken, account: FlowAccount
) -> None:
    there = Team.objects.create(name="Elsewhere")
    usage_sync.want([account], team=there, by=kept.owner)
    account.refresh_from_db()
    assert account.usage_wanted_with is None
    mate = person("ada@nightbus.example", kept.team, Role.MEMBER)
    own = unasked(kept.team, mate, endpoint=kept.subscription.endpoint)
    assert own.subscription_id == kept.subscription_id
    for asker, token in ((mate, own), (kept.owner, kept)):
        usage_sync.want([account], team=kept.team, by=asker)
        account.refresh_from_db()
        assert account.usage_wanted_with == token


def test_without_a_token_that_works_the_page_can_say_so(
    kept: ApiToken, account: FlowAccount, remote: Remote
) -> None:
    kept.refuse(at=timezone.now(), reason="gone")
    usage_sync.want([account], team=kept.team, by=kept.owner)
    learned_prices.learn_wanted(account.pk)
    account.refresh_from_db()
    assert account.usage_problem == usage_sync.NO_TOKEN
    assert remote.sandbox.requests("GET", ASKED) == {}
