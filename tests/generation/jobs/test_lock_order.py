"""Rows that many change are locked in one order, so that nobody waits for somebody who waits for him: the account and
the subscription, then the job, what counts against caps, and the panel of the team last. On Postgres another order is
a deadlock, in which one of two senders fails."""

import re
from collections.abc import Callable
from itertools import groupby

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts import tokens
from apps.accounts.models import FlowAccount, MonthlyCredits, Subscription
from apps.accounts.models.monthly_credits import month_of
from apps.generation.edits import chains
from apps.generation.jobs import decisions, transitions
from apps.generation.models import Chain, Job, PanelVersion, Sweep
from apps.library.curation import ratings
from apps.library.models import Clip
from tests.generation.conftest import Studio
from tests.generation.edits import test_chains
from tests.generation.sweeps import test_runner

ORDER = [model._meta.db_table for model in (FlowAccount, Subscription, Job, MonthlyCredits, PanelVersion)]
CHANGES = re.compile(rf'(?:UPDATE|INSERT INTO|DELETE FROM) "({"|".join(ORDER)})"')


def tables(change: Callable[[], object]) -> list[str]:
    """Those of them that it changes, in its order; one after the other once."""
    with CaptureQueriesContext(connection) as captured:
        assert change()
    found = [CHANGES.match(query["sql"]) for query in captured.captured_queries]
    return [name for name, _ in groupby(match[1] for match in found if match)]


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
    models = FlowAccount, Job, *([MonthlyCredits] if way == "reject" else []), PanelVersion
    assert found == [model._meta.db_table for model in models]
    after = FlowAccount.objects.get(pk=account.pk).credits
    assert (before, after) == (before, before + account.price if before is not None else None)
    assert not ways[way](), "once"
    assert FlowAccount.objects.get(pk=account.pk).credits == after, (
        "what was given back once is not given twice"
    )


def test_a_lent_token_that_is_removed(studio: Studio) -> None:
    studio.ask()
    MonthlyCredits.objects.create(team=studio.team, token=studio.token, month=month_of(), credits=5)
    found = tables(lambda: tokens.remove(studio.token, by=studio.user) is None)
    # Django empties the column once more behind that, where it is empty already.
    assert found[:2] == [Job._meta.db_table, MonthlyCredits._meta.db_table]


def is_request(found: list[str]) -> bool:
    """Nobody else knows the new job yet, so it may come before the subscription; counts and the panel come last."""
    counts, panel = MonthlyCredits._meta.db_table, PanelVersion._meta.db_table
    first = {*found[: found.index(counts)]}
    last = found[found.index(counts) :]
    return first == {Job._meta.db_table, Subscription._meta.db_table} and last == [counts, panel]


def test_a_request_and_a_card_that_is_dismissed(studio: Studio) -> None:
    assert is_request(tables(studio.ask))
    (job,) = studio.ask()
    assert in_order(tables(lambda: decisions.dismiss(job)))


def test_variations_that_find_enough_favourites(studio: Studio) -> None:
    """One song is made and liked, one is in the queue still: the job that is called off comes before the panel."""
    sweep = test_runner.started(studio, favourites=1, ghostwriter=[""])
    made, _ = test_runner.step(sweep)
    Job.objects.exclude(pk=made.pk).update(paused=True)
    test_runner.make(studio)
    ratings.mark_favourite(Clip.objects.filter(song__job=made)[0], studio.user, on=True)
    found = tables(lambda: test_runner.step(sweep))
    assert Sweep.objects.get().ended == Sweep.Ended.FAVOURITES
    assert in_order(found), found


@pytest.mark.parametrize("way", ["started", "moved on", "resumed"])
def test_a_chain_whose_next_step_is_requested(studio: Studio, way: str) -> None:
    take, steps = studio.take(), (test_chains.EXTEND, test_chains.COVER)
    found = tables(lambda: test_chains.start(studio, take, *steps))
    if way != "started":
        chain = Chain.objects.get()
        test_chains.make(studio, test_chains.jobs_of(chain)[0])
        if way == "resumed":
            Chain.objects.update(status=Chain.Status.STOPPED)
        found = tables(chains.advance if way == "moved on" else lambda: chains.resume(chain))
    assert is_request(found), found
