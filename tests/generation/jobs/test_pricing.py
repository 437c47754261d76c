"""What songs cost and what is left for them: by the learned price, before anything is sent, never below nothing."""

import pytest
from django.utils import timezone

from apps.accounts.models import FlowAccount
from apps.generation.job_pages import panel
from apps.generation.jobs import pricing, transitions
from apps.generation.jobs.pricing import Price, ReservedCredits
from apps.generation.models import Job
from apps.generation.queue import blocked_accounts, fair_order, slots
from tests.generation.conftest import Studio, state
from tests.generation.pages import send, signed_in
from tests.page import Page

pytestmark = pytest.mark.django_db


def learned(
    studio: Studio, start: str, credits: int, *, fixed: bool = True, left: int | None = 100
) -> FlowAccount:
    account = studio.account(start)
    account.song_credits, account.song_credits_fixed, account.credits = credits, fixed, left
    account.save()
    return account


def test_a_price_is_about_until_all_songs_cost_the_same() -> None:
    assert str(Price(5)) == "about 5 credits"
    assert str(Price(7, exact=True) * 2) == "14 credits"
    assert str(Price(1, exact=True)) == "1 credit"
    assert pricing.of_any([]) == pricing.UNKNOWN
    cheap = FlowAccount(song_credits=4, song_credits_fixed=True)
    dear = FlowAccount(song_credits=7, song_credits_fixed=True)
    assert pricing.of_any([cheap, cheap]) == Price(4, exact=True)
    assert pricing.of_any([cheap, dear]) == Price(7)


def test_what_is_taken_for_a_song_is_the_learned_price_and_comes_back_whole(studio: Studio) -> None:
    account = learned(studio, "studio", 8, left=20)
    (job,) = studio.ask(account=account)
    claimed = fair_order.claim_next(studio.subscription)
    assert claimed
    assert studio.account("studio").credits == 12
    learned(studio, "studio", 3, left=12)  # meanwhile
    assert transitions.release(job, claimed[2], "Not sent.")
    assert studio.account("studio").credits == 20
    job.refresh_from_db()
    assert job.price is None


def test_an_account_with_less_than_the_price_makes_nothing(studio: Studio) -> None:
    account = learned(studio, "studio", 8, left=7)
    (job,) = studio.ask(account=account)
    assert studio.dispatch() == 0
    assert state(job) == "queued"
    assert blocked_accounts.mark_empty(timezone.now()) == 1
    learned(studio, "studio", 7, left=7)
    FlowAccount.objects.update(block="")
    assert studio.dispatch() == 1
    assert studio.account("studio").credits == 0
    assert not any(
        slots.has_room(each, timezone.now())
        for each in slots.of_subscriptions([job.subscription_id])
        if each.account.email == account.email
    )


def test_what_waits_is_reserved_by_the_price_of_where_it_will_run(studio: Studio) -> None:
    account = learned(studio, "studio", 8, left=100)
    learned(studio, "night", 6, left=20)
    FlowAccount.objects.update(max_jobs=0)  # nothing is sent
    studio.ask(account=account)
    studio.ask(count=2)
    shown = panel.read(studio.team.memberships.get())
    assert shown.credits == {"left": 120, "reserved": 8 + 8 + 8, "available": 96}
    reserved = ReservedCredits([studio.token.subscription_id])
    accounts = list(FlowAccount.objects.all())
    of_studio = pricing.balance_of(studio.account("studio"), accounts, reserved)
    assert (of_studio.available, of_studio.most, of_studio.where) == (92, 11, "on studio@")
    of_any = pricing.balance_of_any(studio.token.subscription_id, accounts, reserved)
    assert (of_any.available, of_any.most, of_any.price) == (96, 14 - 3, Price(8))


@pytest.mark.parametrize(
    ("left", "songs", "short"),
    [
        ((100, 20), 15, 0),
        ((4, 4), 1, 1),  # enough together, but on neither of them
        ((4, 0), 1, 1),
        ((0, 0), 2, 10),
        ((-3, 6), 2, 7),
        ((0, None), 9, 0),  # nobody knows
        ((None, None), 9, 0),
    ],
)
def test_how_many_credits_are_missing(
    studio: Studio, left: tuple[int | None, int | None], songs: int, short: int
) -> None:
    for start, credits in zip(("studio", "night"), left, strict=True):
        FlowAccount.objects.filter(email__startswith=start).update(credits=credits)
    accounts = list(FlowAccount.objects.all())
    balance = pricing.balance_of_any(
        studio.token.subscription_id, accounts, ReservedCredits([studio.token.subscription_id])
    )
    assert balance.short(songs) == short


def test_a_retry_says_its_price_or_what_is_missing(studio: Studio) -> None:
    account = learned(studio, "studio", 8, left=20)
    (job,) = studio.ask(account=account)
    Job.objects.filter(pk=job.pk).update(state="failed", error_code="moderation_reject")
    address = f"/jobs/{job.pk}/retry/"
    page = Page(signed_in(studio).get(address))
    (pay,) = (each for each in page.all("button") if "btn-pay" in (each["class"] or ""))
    assert ("disabled" in pay.attributes, pay.text.strip()) == (False, "Retry8 credits")
    buttons = page.one("form", action=address)
    assert next(each.text.strip() for each in buttons.all("a")) == "Edit prompt"
    learned(studio, "studio", 8, left=5)
    page = Page(signed_in(studio).get(address))
    (pay,) = (each for each in page.all("button") if "btn-pay" in (each["class"] or ""))
    assert ("disabled" in pay.attributes, pay.text.strip()) == (True, "Retry3 credits short")
    assert "not enough credits" in page.one(id=pay["aria-describedby"] or "").text


def strip(page: Page) -> tuple[str, str, str]:
    """Free, after this, and what stands on the pay button."""
    named = {name: each.text.strip() for each in page.all() for name in each.attributes}
    return named["data-free-now"], named["data-after"], named["data-pay-price"]


def test_the_strip_says_the_price_what_is_free_and_what_stays_or_why_not(studio: Studio) -> None:
    account = learned(studio, "night", 7, left=20)
    page = Page(send(studio, email=account.email, count="2", prompt=""))
    assert strip(page) == ("20", "6", "14 credits")
    assert page.one(id_="pay-why").text.strip() == ""
    page = Page(send(studio, email=account.email, count="3", prompt=""))
    assert strip(page) == ("20", "0", "1 credit short")
    assert "Not enough credits on night+bus@." in page.one(id_="pay-why").text
    assert ["hidden" in each.attributes for each in page.all("p") if "data-promise" in each.attributes] == [
        True
    ]
