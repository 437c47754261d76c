"""Rows that many change are locked in one order, so that nobody waits for somebody who waits for him: the account and
the subscription, then the job, and the panel of the team last. On Postgres another order is a deadlock, in which one
of two senders fails."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import FlowAccount, Subscription
from apps.generation.jobs import decisions, transitions
from apps.generation.models import Job, PanelVersion
from tests.generation.conftest import Studio

ORDER = [model._meta.db_table for model in (FlowAccount, Subscription, Job, PanelVersion)]
CHANGES = re.compile(rf'(?:UPDATE|INSERT INTO) "({"|".join(ORDER)})"')


def tables(change: Callable[[], object]) -> list[str]:
    """Those of them that it changes, in its order."""
    with CaptureQueriesContext(connection) as captured:
        assert change()
    found = [CHANGES.match(query["sql"]) for query in captured.captured_queries]
    return [match[1] for match in found if match]


def claimed(studio: Studio) -> tuple[Job, FlowAccount, Callable[[], object]]:
    (job,) = studio.ask()
    account = FlowAccount.objects.get(email__startswith="studio")
    return job, account, lambda: transitions.claim(job, account, slot_version=account.slot_version)


def in_order(found: list[str]) -> bool:
    return found == sorted(found, key=ORDER.index)


def test_a_claim(studio: Studio) -> None:
    _, _, claim = claimed(studio)
    found = tables(claim)
    assert found == [FlowAccount._meta.db_table, Job._meta.db_table, PanelVersion._meta.db_table]


@pytest.mark.parametrize("way", ["release", "give back", "reject"])
def test_what_is_not_spent_after_all(studio: Studio, way: str) -> None:
    job, account, _ = claimed(studio)
    claim_id = transitions.claim(job, account, slot_version=account.slot_version)
    assert claim_id
    ways: dict[str, Callable[[], object]] = {
        "release": lambda: transitions.release(job, claim_id, "Not sent."),
        "give back": lambda: transitions.give_back(
            job, "Busy.", claim_id=claim_id, not_before=timezone.now()
        ),
        "reject": lambda: transitions.reject(job, "Refused.", claim_id=claim_id),
    }
    before = FlowAccount.objects.get(pk=account.pk).credits
    found = tables(ways[way])
    assert found == [FlowAccount._meta.db_table, Job._meta.db_table, PanelVersion._meta.db_table]
    after = FlowAccount.objects.get(pk=account.pk).credits
    assert (before, after) == (before, before + account.price if before is not None else None)
    assert not ways[way](), "once"
    assert FlowAccount.objects.get(pk=account.pk).credits == after, (
        "what was given back once is not given twice"
    )


def test_a_request_and_a_card_that_is_dismissed(studio: Studio) -> None:
    found, panel = tables(studio.ask), PanelVersion._meta.db_table
    assert {*found[: found.index(panel)]} == {Job._meta.db_table, Subscription._meta.db_table}
    assert {*found[found.index(panel) :]} == {panel}
    (job,) = studio.ask()
    assert in_order(tables(lambda: decisions.dismiss(job)))
