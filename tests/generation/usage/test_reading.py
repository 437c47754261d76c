"""Usage is read by itself: when the last job on an account has ended, and when somebody opens a page that is old."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts import usage_sync
from apps.accounts.models import ApiToken, FlowAccount, Membership
from apps.generation.job_pages import panel
from apps.generation.job_pages.panel import surroundings
from apps.generation.jobs import endings, pricing
from apps.generation.models import Job, State
from apps.generation.queue import wait_reasons
from tests.generation.conftest import Studio
from tests.generation.pages import signed_in
from tests.page import Page

ALL = "/flow-accounts/usage/"
STUDIO = "/flow-accounts/studio@sandbox.example/usage/"
LONG_AGO = timedelta(minutes=30)


@pytest.fixture
def account(studio: Studio) -> FlowAccount:
    """Its usage was read a while ago; the other account's just now."""
    FlowAccount.objects.update(usage_read_at=timezone.now(), usage_asked_at=None)
    account = studio.account("studio")
    read(account, LONG_AGO)
    return account


def read(account: FlowAccount, ago: timedelta) -> None:
    FlowAccount.objects.filter(pk=account.pk).update(
        usage_read_at=timezone.now() - ago, usage_asked_at=timezone.now() - ago, usage_wanted_at=None
    )


def saving(studio: Studio, account: FlowAccount) -> Job:
    (job,) = studio.ask()
    Job.objects.filter(pk=job.pk).update(
        state=State.COLLECTING, ran_on=account, collecting_since=timezone.now()
    )
    return Job.objects.get(pk=job.pk)


def wanted(account: FlowAccount) -> FlowAccount | None:
    return FlowAccount.objects.filter(pk=account.pk, usage_wanted_at__isnull=False).first()


def asks_by_itself(studio: Studio, address: str) -> bool:
    return 'hx-trigger="load, submit"' in signed_in(studio).get(address).content.decode()


def test_when_the_last_job_has_ended_it_is_read_with_a_token_of_the_team(
    studio: Studio, account: FlowAccount
) -> None:
    first, last = saving(studio, account), saving(studio, account)
    endings.complete(first, "Saved.")
    assert wanted(account) is None, "the other one is still being saved: one call for both"
    endings.complete(last, "Saved.")
    found = wanted(account)
    assert found
    assert found.usage_wanted_with
    assert (found.usage_wanted_with.team, found.usage_wanted_with.refused_at) == (studio.team, None)


def test_it_is_not_read_again_for_every_job(studio: Studio, account: FlowAccount) -> None:
    read(account, timedelta(minutes=5))
    endings.complete(saving(studio, account), "Saved.")
    assert wanted(account) is None


def test_without_a_working_token_of_the_team_nothing_is_asked(studio: Studio, account: FlowAccount) -> None:
    job = saving(studio, account)
    ApiToken.objects.update(refused_at=timezone.now())
    endings.complete(job, "Saved.")
    assert wanted(account) is None
    assert not asks_by_itself(studio, STUDIO)
    assert FlowAccount.objects.get(pk=account.pk).usage_problem == ""


def test_a_page_that_is_old_asks_when_it_opens(studio: Studio, account: FlowAccount) -> None:
    assert asks_by_itself(studio, STUDIO)
    assert asks_by_itself(studio, ALL)
    assert wanted(account) is None, "looking writes nothing"
    signed_in(studio).post(f"{STUDIO}read/")
    assert not asks_by_itself(studio, STUDIO), "it is being read"
    read(account, timedelta(minutes=5))
    assert not asks_by_itself(studio, STUDIO), "that is fresh enough"


def test_a_job_that_has_ended_since_makes_it_old(studio: Studio, account: FlowAccount) -> None:
    read(account, timedelta(minutes=5))
    endings.complete(saving(studio, account), "Saved.")
    assert asks_by_itself(studio, STUDIO)


def test_what_could_not_be_read_is_not_asked_without_end(studio: Studio, account: FlowAccount) -> None:
    FlowAccount.objects.filter(pk=account.pk).update(usage_asked_at=timezone.now(), usage_problem="It broke.")
    assert not asks_by_itself(studio, STUDIO)


def test_the_page_of_accounts_has_it_read_as_well(studio: Studio, account: FlowAccount) -> None:
    page = signed_in(studio)
    page.get("/flow-accounts/")
    assert wanted(account) is None, "looking writes nothing"
    page.post("/flow-accounts/check/")
    assert wanted(account)
    other = FlowAccount.objects.exclude(pk=account.pk).get()
    assert not wanted(other), "it was read just now"


# A removed account counts for nothing any more.


@pytest.fixture
def removed(studio: Studio, account: FlowAccount) -> FlowAccount:
    """A dear one, full of credits, that was taken away at useapi.net."""
    FlowAccount.objects.exclude(pk=account.pk).update(
        block="gone", credits=90_000, song_credits=40, usage_read_at=None, usage_problem="It broke."
    )
    return FlowAccount.objects.exclude(pk=account.pk).get()


def test_a_removed_account_counts_nowhere(studio: Studio, account: FlowAccount, removed: FlowAccount) -> None:
    FlowAccount.objects.filter(pk=account.pk).update(credits=100)
    assert FlowAccount.objects.for_team(studio.team).credits_left() == 100
    accounts = list(FlowAccount.objects.for_team(studio.team))
    assert pricing.of_any(accounts).credits == account.price, "not the price of the removed one"
    client = signed_in(studio)
    nav = Page(client.get("/library/")).one(id="nav-credits").text
    assert "100 credits left" in nav
    assert f"About {100 // account.price} songs" in nav
    membership = Membership.objects.get(team=studio.team, user=studio.user)
    studio.ask()
    shown = panel.read(membership)
    assert [row.email for row in shown.slots] == [account.email]
    assert shown.credits == {"left": 100, "reserved": account.price, "available": 100 - account.price}
    page = Page(client.get(ALL))
    assert "not read yet" not in page.text
    assert "It broke" not in page.text
    usage_sync.want(accounts, team=studio.team, by=studio.user)
    assert wanted(account)
    assert not wanted(removed), "it can't be read any more"


def test_a_job_that_waits_does_not_count_it_either(
    studio: Studio, account: FlowAccount, removed: FlowAccount
) -> None:
    (job,) = studio.ask()
    FlowAccount.objects.filter(pk=account.pk).update(block="error", block_reason="gone stale")
    around = surroundings(Membership.objects.get(team=studio.team, user=studio.user))
    said = wait_reasons.reason(Job.objects.get(pk=job.pk), around.creators, around.slots, 1, timezone.now())
    assert "None of the" not in said.text, "there is one account, and it needs a sign-in"
    FlowAccount.objects.update(block="gone")
    around = surroundings(Membership.objects.get(team=studio.team, user=studio.user))
    said = wait_reasons.reason(Job.objects.get(pk=job.pk), around.creators, around.slots, 1, timezone.now())
    assert "is not connected at useapi.net any more" in said.text
