"""Sweeps: every combination once, within the cap, until there are enough favourites; whoever looks after them."""

import threading
import uuid
from typing import Any

import pytest
from django.db import connections

from apps.accounts.models import FlowAccount, Membership, Role
from apps.generation import tasks
from apps.generation.jobs import decisions
from apps.generation.models import Job, State, Sweep
from apps.generation.restore import guard
from apps.generation.sweeps import runner
from apps.generation.sweeps.progress import Progress
from apps.library.curation import ratings
from apps.library.models import Clip
from tests.generation.conftest import Studio

pytestmark = pytest.mark.django_db

PROMPTS = ["slow disco [short]", "a waltz [short]"]


def draft(
    studio: Studio, *, cap: int = 1000, favourites: int | None = None, songs: int = 1, **inputs: list[str]
) -> Sweep:
    plan = runner.SweepPlan(
        by=studio.user,
        token=studio.token,
        account=None,
        inputs={"prompt": PROMPTS, "lyrics": [""], "ghostwriter": ["", "pro"]} | inputs,
        songs_each=songs,
        cap=cap,
        favourites=favourites,
        nonce=uuid.uuid4(),
    )
    return runner.draft(studio.team, plan)


def started(studio: Studio, **values: Any) -> Sweep:
    sweep = draft(studio, **values)
    assert runner.start(sweep, as_of=sweep.changed_at)
    return sweep


def step(sweep: Sweep) -> list[Job]:
    """Gives all jobs of the sweep, the oldest first."""
    runner.step(str(sweep.pk))
    sweep.refresh_from_db()
    return list(Job.objects.filter(cell__sweep=sweep).order_by("created_at", "pk"))


def make(studio: Studio) -> None:
    """What is in line is made at the remote side, and seen to be."""
    studio.sandbox.world.speed = 0.01  # nothing is done before it is said
    studio.dispatch()
    for job in Job.objects.filter(state=State.RUNNING):
        studio.finish(job)
    studio.look()


def drive(studio: Studio, sweep: Sweep) -> list[Job]:
    """Until it is over."""
    for _ in range(20):
        jobs = step(sweep)
        if sweep.phase != Sweep.Phase.RUNNING:
            return jobs
        make(studio)
        Job.objects.filter(state=State.COLLECTING).update(state=State.COMPLETED)
    raise AssertionError("it never ends")


def test_the_ghostwriter_has_no_effect_beside_own_words(studio: Studio) -> None:
    inputs = {
        "lyrics": ["", "[Verse]\nKettle"],
        "ghostwriter": ["", "standard", "pro"],
        "model": ["", "lyria-3.5"],
    }
    sweep = draft(studio, **inputs)
    params = [cell.params for cell in sweep.cells.all()]
    assert len(params) == 2 * 2 * (3 + 1)
    assert {"prompt": PROMPTS[0], "lyrics": "[Verse]\nKettle", "model": "lyria-3.5"} in params
    assert not [each for each in params if "lyrics" in each and "ghostwriter" in each]
    assert not Job.objects.exists()


def test_every_combination_is_made_once_a_few_at_a_time(studio: Studio) -> None:
    sweep = started(studio)
    assert len(step(sweep)) == Sweep.PARALLEL_SONGS
    assert len(step(sweep)) == Sweep.PARALLEL_SONGS  # another look changes nothing
    jobs = drive(studio, sweep)
    assert (sweep.phase, sweep.ended) == ("done", "all")
    asked = sorted(str(cell.params) for cell in sweep.cells.all())
    assert sorted(str(job.params) for job in jobs) == asked
    assert [studio.charged(job) for job in jobs] == [1] * 4


def test_one_song_of_each_comes_before_the_second_of_any(studio: Studio) -> None:
    sweep = started(studio, songs=2, ghostwriter=[""])
    jobs = drive(studio, sweep)
    assert [job.batch_index for job in jobs] == [0, 0, 1, 1]
    assert len({(job.nonce, job.batch_index) for job in jobs}) == 4


@pytest.mark.parametrize("cap", [4, 5, 12, 20])
def test_the_cap_is_never_exceeded(studio: Studio, cap: int) -> None:
    sweep = started(studio, cap=cap)
    price = FlowAccount.objects.order_by("-song_credits").first().price  # type: ignore[union-attr]
    jobs = drive(studio, sweep)
    assert len(jobs) == min(4, cap // price)
    assert sum(studio.charged(job) for job in jobs) * price <= cap
    assert sweep.ended == ("all" if cap >= 4 * price else "cap")


def test_what_got_lost_counts_as_spent(studio: Studio) -> None:
    sweep = started(
        studio, cap=10, prompt=["gone [drop after]", "waltz [short]", "polka [short]"], ghostwriter=[""]
    )
    step(sweep)
    make(studio)
    jobs = step(sweep)
    assert len(jobs) == 2
    assert Progress(sweep).committed == 10


def test_a_price_that_is_learned_meanwhile_calls_off_what_is_too_much(studio: Studio) -> None:
    sweep = started(studio, cap=15)
    assert len(step(sweep)) == 3
    FlowAccount.objects.update(song_credits=10)
    jobs = step(sweep)
    assert [job.state for job in jobs].count(State.CANCELLED) == 2
    make(studio)
    Job.objects.filter(state=State.COLLECTING).update(state=State.COMPLETED)
    step(sweep)
    assert (sweep.ended, sum(studio.charged(job) for job in jobs)) == ("cap", 1)


def test_enough_favourites_end_it_and_what_was_not_sent_is_called_off(studio: Studio) -> None:
    sweep = started(studio, favourites=2)
    first, *_ = step(sweep)
    Job.objects.exclude(pk=first.pk).update(paused=True)
    make(studio)
    one, other = Clip.objects.filter(song__job=first)
    ratings.mark_favourite(one, studio.user, on=True)
    ratings.rate(other, studio.user, 3)
    step(sweep)
    assert (sweep.phase, sweep.favourites_found) == ("running", 1)
    ratings.rate(other, studio.user, 4)
    ratings.mark_favourite(other, studio.user, on=True)  # one take, however often it is praised
    jobs = step(sweep)
    assert (sweep.phase, sweep.ended, sweep.favourites_found) == ("done", "keepers", 2)
    assert sorted(job.state for job in jobs) == ["cancelled", "cancelled", "cancelled", "collecting"]
    # More of it is asked for by a person: what was called off is made after all, and nothing twice.
    assert runner.resume(sweep, by=studio.user, cap=1000, favourites=None)
    jobs = drive(studio, sweep)
    made = [job for job in jobs if job.state != State.CANCELLED]
    assert sorted(str(job.params) for job in made) == sorted(str(cell.params) for cell in sweep.cells.all())


def test_stopped_it_sends_nothing_more_until_a_person_lets_it_go_on(studio: Studio) -> None:
    sweep = started(studio)
    step(sweep)
    assert runner.stop(sweep, by=studio.user)
    assert (studio.dispatch(), len(step(sweep))) == (0, 3)
    assert runner.resume(sweep, by=studio.user, cap=1000, favourites=None)
    assert len(drive(studio, sweep)) == 4


def test_going_on_within_a_lower_cap_sends_nothing_beyond_it(studio: Studio) -> None:
    """Not even in the moment before the next look: the dispatcher is as quick."""
    sweep = started(studio, cap=20)
    assert len(step(sweep)) == 3
    assert runner.stop(sweep, by=studio.user)
    price = Progress(sweep).price.credits
    assert runner.resume(sweep, by=studio.user, cap=price, favourites=None)
    left = [
        job for job in Job.objects.filter(cell__sweep=sweep) if job.state == State.QUEUED and not job.paused
    ]
    assert len(left) == 1
    assert studio.dispatch() == 1


def test_starting_twice_starts_once_and_not_what_nobody_has_seen(studio: Studio) -> None:
    sweep = draft(studio)
    seen = sweep.changed_at
    sweep.save()
    assert not runner.start(sweep, as_of=seen)
    assert runner.start(sweep, as_of=sweep.changed_at)
    assert not runner.start(sweep, as_of=sweep.changed_at)


@pytest.mark.parametrize("gone", ["token", "membership", "viewer", "account"])
def test_nothing_is_asked_for_in_the_name_of_somebody_who_may_not(studio: Studio, gone: str) -> None:
    sweep = started(studio)
    match gone:
        case "token":
            studio.token.delete()
        case "membership":
            Membership.objects.filter(user=studio.user).delete()
        case "viewer":
            Membership.objects.filter(user=studio.user).update(role=Role.VIEWER)
        case "account":
            Sweep.objects.update(account_is_fixed=True)
    assert step(sweep) == []
    assert sweep.phase == "running"


def test_a_song_that_a_person_removes_or_retries(studio: Studio) -> None:
    sweep = started(studio, ghostwriter=[""], prompt=["refused [moderated]", "waltz [short]"], cap=12)
    refused, dropped = step(sweep)
    decisions.cancel(dropped, by=studio.user)
    make(studio)
    step(sweep)
    again = decisions.retry(refused, by=studio.user)
    assert again
    assert again.cell_id == refused.cell_id
    assert (sweep.phase, sweep.ended) == ("done", "all")
    assert Progress(sweep).committed == 10  # the one that failed may have cost, and the one more
    assert len(step(sweep)) == 3


def test_after_a_restored_backup_it_stands_still(studio: Studio) -> None:
    sweep = started(studio)
    guard.hold()
    assert step(sweep) == []
    assert (sweep.phase, sweep.ended) == ("stopped", "backup")


def test_the_tick_drives_it(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = started(studio)
    woken: list[tuple[object, ...]] = []
    monkeypatch.setattr(tasks, "wake", lambda *call: woken.append(call))
    studio.tick()
    assert ("generation.sweep", str(sweep.pk)) in woken


@pytest.mark.django_db(transaction=True)
def test_many_at_once_ask_for_each_song_once(studio: Studio) -> None:
    sweep = started(studio)
    ready = threading.Barrier(4)

    def look() -> None:
        try:
            ready.wait(10)
            tasks.step_sweep(str(sweep.pk))
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    jobs = list(Job.objects.filter(cell__sweep=sweep))
    assert len(jobs) == len({(job.nonce, job.batch_index) for job in jobs}) == Sweep.PARALLEL_SONGS
