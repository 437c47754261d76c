"""What the API says of accounts, kept; and the page of them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts import account_sync
from apps.accounts.api_clients import NoToken
from apps.accounts.models import ApiToken, FlowAccount, Subscription
from apps.upstream import errors, records
from tests.accounts.conftest import RAW, People, Remote, subscription, unasked
from tests.page import Page

STUDIO, NIGHT = "studio@sandbox.example", "night+bus@sandbox.example"
Block = FlowAccount.Block


def account(email: str = STUDIO) -> FlowAccount:
    return FlowAccount.objects.get(email=email)


def test_refresh_keeps_what_the_api_says(kept: ApiToken, remote: Remote) -> None:
    remote.set_account(STUDIO, credits=41, maxJobs=9)
    before = timezone.now()
    assert account_sync.refresh(kept) is None
    studio = account()
    assert (studio.credits, studio.max_jobs, studio.tier, studio.block) == (41, 9, "plus", "")
    assert studio.checked_at is not None
    assert studio.checked_at >= before


def test_an_account_that_left_the_list_is_gone_and_comes_back(kept: ApiToken, remote: Remote) -> None:
    remote.set_account(NIGHT, remove=True)
    account_sync.refresh(kept)
    assert account(NIGHT).block == Block.GONE
    assert account_sync.recheck(account(NIGHT), token=kept) is None
    assert account(NIGHT).block == Block.GONE
    remote.set_account(NIGHT, credits=60)
    account_sync.recheck(account(NIGHT), token=kept)
    assert (account(NIGHT).block, account(NIGHT).credits) == ("", 60)


def test_an_error_blocks_with_the_apis_words_and_healing_clears_it(kept: ApiToken, remote: Remote) -> None:
    remote.set_account(STUDIO, error="refresh token rejected")
    account_sync.refresh(kept)
    broken = account()
    assert (broken.block, broken.block_reason, broken.credits) == (
        Block.ERROR,
        "refresh token rejected",
        None,
    )
    assert broken.tier == "plus"
    assert account(NIGHT).block == ""
    remote.set_account(STUDIO, error=None)
    account_sync.recheck(account(), token=kept)
    assert (account().block, account().block_reason) == ("", "")


def test_an_account_with_less_than_a_song_costs_is_out_of_credits(kept: ApiToken, remote: Remote) -> None:
    remote.set_account(STUDIO, credits=4)
    account_sync.refresh(kept)
    assert (account().block, account().credits) == (Block.CREDITS, 4)
    remote.set_account(STUDIO, credits=5)
    account_sync.refresh(kept)
    assert account().block == ""


def test_a_block_for_being_busy_is_left_to_its_time(kept: ApiToken) -> None:
    later = timezone.now() + timedelta(minutes=1)
    FlowAccount.objects.update(block=Block.BUSY, block_until=later)
    account_sync.refresh(kept)
    assert (account().block, account().block_until) == (Block.BUSY, later)


def test_a_refused_token_is_marked_and_nothing_else_changes(kept: ApiToken, remote: Remote) -> None:
    remote.schedule("accounts", "401")
    before = list(FlowAccount.objects.values())
    assert isinstance(account_sync.refresh(kept), errors.TokenRefused)
    assert "no longer accepts this token" in ApiToken.objects.get().refused_reason
    assert list(FlowAccount.objects.values()) == before


def test_an_api_that_is_down_changes_nothing(kept: ApiToken, remote: Remote, monkeypatch) -> None:
    monkeypatch.setattr(account_sync, "SECONDS", 0.5)
    remote.schedule("accounts", "500")
    before = list(FlowAccount.objects.values()), list(ApiToken.objects.values())
    assert isinstance(account_sync.refresh(kept), errors.Unavailable)
    assert (list(FlowAccount.objects.values()), list(ApiToken.objects.values())) == before


def test_what_was_connected_or_removed_since_is_newer_than_a_list(kept: ApiToken) -> None:
    """The list was asked for before: it doesn't know the one, and still has the other."""
    asked_at = timezone.now()
    night = account_sync.Described(records.AccountRecord(email=NIGHT, credits=60), balance_asked=True)
    described = account_sync.Listed({NIGHT: night}, gone=[STUDIO])
    FlowAccount.objects.update(checked_at=asked_at + timedelta(seconds=1))
    account_sync.mark_gone(FlowAccount.objects.filter(email=NIGHT), asked_at + timedelta(seconds=1))
    account_sync.save(kept.subscription, described, asked_at=asked_at)
    assert (account(STUDIO).block, account(NIGHT).block) == ("", "gone")
    account_sync.save(kept.subscription, described, asked_at=asked_at + timedelta(seconds=1))
    assert (account(STUDIO).block, account(NIGHT).block) == ("gone", "")


def test_one_balance_that_cannot_be_read_keeps_the_old_one(
    kept: ApiToken, remote: Remote, monkeypatch
) -> None:
    monkeypatch.setattr(account_sync, "SECONDS", 1.0)
    remote.set_account(STUDIO, credits=1, maxJobs=7)
    remote.schedule("account", "500")
    assert account_sync.refresh(kept) is None
    assert (account().credits, account().max_jobs) == (500, 7)


def test_recheck_with_the_token_of_somebody_who_left_asks_nothing(kept: ApiToken, remote: Remote) -> None:
    kept.owner.memberships.all().delete()
    asked = remote.sandbox.requests()
    assert isinstance(account_sync.recheck(account(), token=kept), NoToken)
    assert remote.sandbox.requests() == asked


def test_recheck_by_an_unreachable_api_gives_the_error(people: People) -> None:
    token = unasked(people.team, people.owner, endpoint="http://127.0.0.1:9/v1/flowmusic")
    lone = FlowAccount.objects.create(subscription=subscription(), email=STUDIO)
    assert isinstance(account_sync.recheck(lone, token=token), errors.NotSent)


def test_every_block_has_words_that_say_what_to_do() -> None:
    real = Subscription(endpoint="https://api.useapi.net/v1/flowmusic")
    for block in Block:
        words = account_sync.next_step(FlowAccount(email=STUDIO, block=block, subscription=real))
        assert bool(words) == bool(block)
    assert "Top it up" in account_sync.next_step(FlowAccount(block=Block.CREDITS, subscription=real))


def test_the_page_shows_balance_tier_places_and_how_to_mend(
    people: People, kept: ApiToken, remote: Remote
) -> None:
    remote.set_account(STUDIO, error="refresh token rejected")
    account_sync.refresh(kept)
    FlowAccount.objects.filter(email=NIGHT).update(running=2, elsewhere=1)
    response = people.client("owner").get("/flow-accounts/")
    page = response.content.decode()
    for words in (
        "Nothing can run here until it is connected again",
        "refresh token rejected",
        "Starter",
        "120",
        "1 of 2 parallel jobs",  # as the live panel counts: ours from our own rows
    ):
        assert words in Page(response).text
    assert f"/flow-accounts/{STUDIO}/connect/" in page
    assert "slot-elsewhere" in page
    assert RAW not in page


@pytest.mark.parametrize(
    ("ours", "elsewhere", "max_jobs", "dots"),
    [
        (0, 0, 2, "free free"),
        (1, 1, 3, "ours elsewhere free"),
        (2, 2, 3, "ours ours elsewhere"),  # the limit was lowered meanwhile: one dot per slot all the same
        (0, 0, 0, ""),
    ],
)
def test_one_dot_per_slot(ours: int, elsewhere: int, max_jobs: int, dots: str) -> None:
    found = account_sync.slot_dots(ours=ours, elsewhere=elsewhere, max_jobs=max_jobs)
    assert found == dots.split()


def test_the_page_adds_up_the_teams_credits(people: People) -> None:
    for name, left in (("owner", 1_200), ("member", 34)):
        token = unasked(people.team, getattr(people, name), f"user:{left}-secret{name}")
        FlowAccount.objects.create(subscription=token.subscription, email=f"{name}@x.example", credits=left)
    for name in ("owner", "member", "viewer"):
        assert "1,234 credits in all" in Page(people.client(name).get("/flow-accounts/")).text


def test_who_sees_and_checks(people: People, kept: ApiToken, remote: Remote) -> None:
    url = f"/flow-accounts/{STUDIO}/check/"
    for name, seen, checked in (
        ("anonymous", 302, 302),
        ("stranger", 200, 404),
        ("viewer", 200, 403),
        ("member", 200, 403),
        ("owner", 200, 302),
    ):
        client = people.client(name)
        page = client.get("/flow-accounts/")
        assert page.status_code == seen, name
        assert (STUDIO in page.content.decode()) == (name in {"viewer", "member", "owner"}), name
        own = client.get(f"/flow-accounts/{STUDIO}/").content.decode()
        assert (url in own) == (name == "owner"), name
        asked = sum(remote.sandbox.requests().values())
        assert client.post(url).status_code == checked, name
        assert sum(remote.sandbox.requests().values()) - asked == (1 if name == "owner" else 0), name
        assert client.get(url).status_code == 405, name


def test_a_check_by_hand_says_what_went_wrong(people: People, kept: ApiToken, remote: Remote) -> None:
    remote.schedule("account", "401")
    page = people.client("owner").post(f"/flow-accounts/{STUDIO}/check/", follow=True).content.decode()
    assert "no longer accepts this token" in page
    assert "you enter the new one" in page


def test_without_accounts_the_page_says_where_they_come_from(people: People) -> None:
    assert "No account yet" in people.client("owner").get("/flow-accounts/").content.decode()


def test_the_number_of_queries_does_not_grow(
    people: People, kept: ApiToken, django_assert_num_queries
) -> None:
    client = people.client("owner")
    few = queries(client)
    unasked(people.team, people.member, "user:1000-sandboxmember")
    for number in range(20):
        FlowAccount.objects.create(subscription=kept.subscription, email=f"take{number}@sandbox.example")
    assert queries(client) == few


def queries(client: Client) -> int:
    client.get("/flow-accounts/")
    with CaptureQueriesContext(connection) as counted:
        client.get("/flow-accounts/")
    return len(counted)
