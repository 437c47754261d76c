"""A dispatcher is stopped (SIGSTOP, a suspended machine) until its claim has expired, and then wakes up."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from apps.generation.models import Job, State
from tests.faults import children, steps
from tests.faults.children import Child
from tests.faults.studio import FaultyStudio

SLEPT = timedelta(minutes=4)
MARK_SENT = "before UPDATE generation_job"  # the second one; the first one is the claim


def sleep_and_notice() -> None:
    """Wakes up in a process whose clock went on."""
    children.stop_here()
    time_machine.travel(datetime.now(UTC) + SLEPT, tick=True).start()


def asleep(studio: FaultyStudio, plan: steps.Plan) -> Child:
    """A dispatcher that sleeps at that step; meanwhile its claim expires and is swept."""
    child = Child(studio.dispatch, plan)
    child.wait_until_stopped()
    studio.clock.forward(seconds=SLEPT.total_seconds())
    studio.tick()
    return child


def wake(child: Child) -> tuple[str, ...]:
    child.go_on()
    return child.wait().steps


@pytest.mark.parametrize("notices", [True, False])
def test_woken_before_it_marked_the_job_as_sent(studio: FaultyStudio, notices: bool) -> None:
    """Somebody else has sent it: the sleeper finds its claim gone, even if its own clock stood still."""
    job = studio.one()
    nap = sleep_and_notice if notices else children.stop_here
    sleeper = asleep(studio, steps.once(steps.COMMITTED, nap))
    assert state(job) == State.QUEUED
    studio.dispatch()
    assert state(job) == State.RUNNING
    assert steps.CONNECT not in wake(sleeper)
    assert (state(job), studio.remote.charged(job.reference)) == (State.RUNNING, 1)


def test_woken_while_another_has_the_claim(studio: FaultyStudio) -> None:
    """Nothing is marked as sent yet, by either: only the one whose claim it is may send."""
    job = studio.one()
    sleeper = asleep(studio, steps.once(steps.COMMITTED, children.stop_here))
    owner = Child(studio.dispatch, steps.once(steps.COMMITTED, children.stop_here))
    owner.wait_until_stopped()
    assert state(job) == State.SUBMITTING
    assert steps.CONNECT not in wake(sleeper)
    owner.go_on()
    assert steps.CONNECT in owner.wait().steps
    assert (state(job), studio.remote.charged(job.reference)) == (State.RUNNING, 1)


def test_woken_between_looking_at_its_clock_and_marking_the_job(studio: FaultyStudio) -> None:
    """`claim_expires_at` was compared with a time that is long gone; the claim itself is not there any more."""
    job = studio.one()
    sleeper = Child(studio.dispatch, steps.once(MARK_SENT, sleep_and_notice, nth=2))
    sleeper.wait_until_stopped()
    if not locks_the_whole_database():
        studio.clock.forward(seconds=SLEPT.total_seconds())
        studio.tick()
        assert state(job) == State.QUEUED
    wake(sleeper)  # it goes on as any dispatcher does, with a claim of its own
    studio.rest()
    assert (state(job), studio.remote.charged(job.reference)) == (State.COMPLETED, 1)
    assert studio.remote.responds("POST /music") == {201: 1}


def test_woken_before_the_socket_opens(studio: FaultyStudio) -> None:
    """`sent_at` stands, so the sweep doesn't know; the sleeper does: it sends nothing and gives the job back."""
    job = studio.one()
    sleeper = asleep(studio, steps.once(steps.CONNECT, sleep_and_notice))
    assert state(job) == State.UNKNOWN
    assert steps.SENT not in wake(sleeper)
    assert studio.remote.calls("POST /music") == 0
    assert (state(job), studio.remote.charged(job.reference)) == (State.QUEUED, 0)
    studio.rest()
    assert (state(job), studio.remote.charged(job.reference)) == (State.COMPLETED, 1)


def test_woken_after_a_person_has_paid_again(studio: FaultyStudio) -> None:
    """The one POST of the job that was marked as lost is never sent, so the person pays once."""
    job = studio.one()
    sleeper = asleep(studio, steps.once(steps.CONNECT, sleep_and_notice))
    again = studio.decide_to_pay_again(Job.objects.get(pk=job.pk))
    wake(sleeper)
    assert state(job) == State.ABANDONED
    assert studio.remote.charges() == {again.reference: 1}


def test_a_late_answer_is_written_down(studio: FaultyStudio) -> None:
    job = studio.one()
    sleeper = asleep(studio, steps.once(steps.RECEIVED, sleep_and_notice))
    assert state(job) == State.UNKNOWN
    wake(sleeper)
    job.refresh_from_db()
    assert job.state == State.RUNNING
    assert job.jobid == studio.remote.jobid(job.reference)
    studio.rest()
    assert (state(job), studio.remote.charged(job.reference)) == (State.COMPLETED, 1)


def test_a_late_refusal_frees_the_job(studio: FaultyStudio) -> None:
    """Nothing was made of the only POST of that claim: not known is over, the job goes on."""
    job = studio.one()
    studio.remote.play("busy")
    sleeper = asleep(studio, steps.once(steps.RECEIVED, sleep_and_notice))
    assert state(job) == State.UNKNOWN
    wake(sleeper)
    assert state(job) == State.QUEUED
    studio.rest()
    assert (state(job), studio.remote.charges()) == (State.COMPLETED, {job.reference: 1})


def test_a_late_refusal_does_not_undo_what_was_found(studio: FaultyStudio) -> None:
    """The sleeper has an answer that lies; the job was found by its reference meanwhile."""
    job = studio.one()
    studio.remote.play("500 after")
    sleeper = asleep(studio, steps.once(steps.RECEIVED, sleep_and_notice))
    studio.look()
    assert state(job) == State.RUNNING
    wake(sleeper)
    assert (state(job), studio.remote.charged(job.reference)) == (State.RUNNING, 1)


def state(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def locks_the_whole_database() -> bool:
    """On SQLite the sleeper holds the write lock: nobody can sweep, and nobody can send either."""
    return connection.vendor == "sqlite"
