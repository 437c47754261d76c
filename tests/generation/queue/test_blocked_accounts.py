"""Accounts that jobs wait for are asked again, so that work goes on by itself when the cause is mended."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import FlowAccount
from apps.generation.queue import blocked_accounts
from tests.generation.conftest import Studio, state

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]


def test_an_account_that_is_empty_by_our_count_is_asked_about(studio: Studio) -> None:
    account = studio.account("studio")
    FlowAccount.objects.filter(pk=account.pk).update(credits=3)
    (job,) = studio.ask("a drone [slow]", account=account)
    assert studio.dispatch() == 0
    assert blocked_accounts.mark_empty(timezone.now()) == 1
    assert blocked_accounts.due(timezone.now()) == [account.pk]
    blocked_accounts.recheck(account.pk)
    assert studio.account("studio").credits == 500
    studio.dispatch()
    assert state(job) == "running"


def test_nobody_is_asked_about_an_account_that_nothing_waits_for(studio: Studio) -> None:
    FlowAccount.objects.update(block="error", block_until=timezone.now())
    assert blocked_accounts.due(timezone.now()) == []


def test_two_rechecks_ask_once(studio: Studio) -> None:
    account = studio.account("studio")
    studio.ask(account=account)
    FlowAccount.objects.filter(pk=account.pk).update(
        block="error", block_until=timezone.now() - timedelta(seconds=1)
    )
    before = sum(studio.sandbox.requests("GET", "/accounts/{email}").values())
    blocked_accounts.recheck(account.pk)
    blocked_accounts.recheck(account.pk)
    assert sum(studio.sandbox.requests("GET", "/accounts/{email}").values()) == before + 1
    assert studio.account("studio").block == ""
