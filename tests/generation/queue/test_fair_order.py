"""Whose job is next, on which account, and how many at once."""

import pytest
from django.utils import timezone

from apps.accounts.models import FlowAccount
from apps.generation.models import Job
from apps.generation.queue import fair_order, slots
from tests.generation.conftest import Studio, member, with_token
from tests.sandbox_control import order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]


def second_member(studio: Studio) -> Studio:
    return with_token(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"))


def test_a_batch_does_not_hold_up_the_others(studio: Studio) -> None:
    fifty = studio.ask(count=20)
    (late,) = second_member(studio).ask("just one")
    order = fair_order.in_order(studio.subscription)
    assert order[0] == fifty[0]
    assert order[1] == late


def test_no_more_than_an_account_takes(studio: Studio) -> None:
    studio.ask("a drone [slow]", count=20)
    studio.dispatch()
    assert Job.objects.filter(state="running").count() == 4 + 2
    assert studio.sandbox.requests("POST") == {"POST /music": 6}


def test_a_song_is_spread_over_the_accounts_with_room(studio: Studio) -> None:
    studio.ask("a drone [slow]", count=4)
    studio.dispatch()
    assert set(Job.objects.values_list("ran_on__email", flat=True)) == {
        studio.account("studio").email,
        studio.account("night").email,
    }


def test_an_account_without_enough_credits_gets_nothing(studio: Studio) -> None:
    FlowAccount.objects.filter(pk=studio.account("studio").pk).update(credits=4)
    studio.ask("a drone [slow]", count=20)
    studio.dispatch()
    assert set(Job.objects.filter(state="running").values_list("ran_on__email", flat=True)) == {
        studio.account("night").email
    }


def test_what_is_sent_is_taken_off_the_credits_last_read(studio: Studio) -> None:
    studio.ask("a drone [slow]", account=studio.account("studio"))
    studio.dispatch()
    assert (studio.account("studio").credits, studio.account("night").credits) == (495, 120)


@pytest.mark.parametrize("scenario", ["busy", "401", "account error", "422"])
def test_what_was_not_spent_is_given_back(studio: Studio, scenario: str) -> None:
    order(studio.sandbox.url, "scenario", operation="music", scenario=scenario, times=1)
    studio.ask("a drone [slow]", account=studio.account("studio"))
    studio.dispatch()
    assert studio.account("studio").credits == 500


def test_an_unknown_outcome_frees_its_slot_after_fifteen_minutes(studio: Studio) -> None:
    (job,) = studio.ask()
    values = {"state": "unknown", "ran_on": studio.account("studio"), "sent_at": timezone.now()}
    Job.objects.filter(pk=job.pk).update(unknown_since=timezone.now(), **values)
    free = {each.account.email: each.free for each in slots.of_subscriptions([studio.subscription.pk])}
    assert free[studio.account("studio").email] == 3
    Job.objects.filter(pk=job.pk).update(unknown_since=timezone.now() - Job.UNKNOWN_HOLDS_SLOT * 1.01)
    free = {each.account.email: each.free for each in slots.of_subscriptions([studio.subscription.pk])}
    assert free[studio.account("studio").email] == 4


def test_a_paused_job_lets_the_others_pass(studio: Studio) -> None:
    first, second = studio.ask(count=2)
    Job.objects.filter(pk=first.pk).update(paused=True)
    assert fair_order.in_order(studio.subscription) == [second]


def test_positions_count_per_subscription_without_more_queries(
    studio: Studio, django_assert_num_queries: object
) -> None:
    studio.ask(count=20)
    subscription = studio.subscription
    with django_assert_num_queries(2):  # type: ignore[operator]
        places = fair_order.positions([subscription.pk])
    assert sorted(places.values()) == list(range(1, 21))
