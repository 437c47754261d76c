"""kill -9 at every step of asking and sending: songs charged per request ≤ 1, no job lost, no wrong end."""

import uuid

import pytest
from django.test import Client

from apps.generation.models import Job, State
from tests.faults import children, steps
from tests.faults.children import Ended
from tests.faults.matrix import PARTS, SHARDS, numbers
from tests.faults.studio import FaultyStudio, signed_in

# What the remote side answers to the first POST: what it takes and charges, and what it refuses.
TAKEN, LOST, REFUSED = "", "drop after", "busy"


@pytest.mark.parametrize("shard", PARTS)
@pytest.mark.parametrize("answer", [TAKEN, LOST, REFUSED])
def test_killed_while_sending(studio: FaultyStudio, answer: str, shard: int, soak: bool) -> None:
    whole = send(studio, answer, steps.nothing)[1]
    assert whole.steps.count(steps.SENT) == 2
    for number in numbers(whole, shard=shard, soak=soak, near=(steps.CONNECT, steps.RECEIVED), pays=True):
        job, ended = send(studio, answer, steps.die_at(number))
        judge(studio, job, ended, answer)


def send(studio: FaultyStudio, answer: str, plan: steps.Plan) -> tuple[Job, Ended]:
    studio.fresh()
    job = studio.one()
    if answer:
        studio.remote.play(answer)
    ended = children.run(studio.dispatch, plan)
    job.refresh_from_db()
    return job, ended


def judge(studio: FaultyStudio, job: Job, ended: Ended, answer: str) -> None:
    """Completed and charged once. Only a person ends the doubt about a POST of which nothing is to be seen."""
    where = f"step {len(ended.steps)}, {ended.steps[-1]}"
    begun = ended.killed and job.state == State.SUBMITTING and job.sent_at is not None
    # Headers and body: with the second one the kernel has all of it, and its writer may die.
    taken = ended.steps.count(steps.SENT) == 2 and answer != REFUSED
    if taken:
        studio.remote.wait_until_charged(job.reference)
    studio.rest()
    job.refresh_from_db()
    songs = studio.remote.charged(job.reference)
    if begun and not taken:
        assert (job.state, songs) == (State.UNKNOWN, 0), where
        assert job.times_checked, where
        job = studio.decide_to_pay_again(job)
        songs = studio.remote.charged(job.reference)
    assert (job.state, songs) == (State.COMPLETED, 1), where
    assert job.song.takes.count() == 2, where
    assert sum(studio.remote.charges().values()) == 1, where


@pytest.mark.parametrize("shard", PARTS)
def test_web_killed_while_it_takes_the_form(studio: FaultyStudio, shard: int, soak: bool) -> None:
    """The browser shows an error; the person sends the same form again."""
    browser = signed_in(studio.user)
    whole = children.run(lambda: post(browser, form()))
    for number in numbers(whole, shard=shard, soak=soak, near=(steps.COMMIT,)):
        studio.fresh()
        same = form()
        children.run(lambda same=same: post(browser, same), steps.die_at(number))
        assert Job.objects.count() in {0, 2}, f"step {number}: half a batch"
        children.run(lambda same=same: post(browser, same))
        assert Job.objects.count() == 2, f"step {number}"
    studio.rest()
    assert sorted(studio.remote.charges().values()) == [1, 1]
    assert set(Job.objects.values_list("state", flat=True)) == {State.COMPLETED}


def form() -> dict[str, object]:
    return {"prompt": "a drone", "words": "instrumental", "count": 2, "nonce": uuid.uuid4()}


def post(browser: Client, values: dict[str, object]) -> None:
    assert browser.post("/create/", values).status_code == 302


@pytest.mark.long
@pytest.mark.parametrize("sent", [False, True])
def test_killed_while_it_sweeps_an_expired_claim(studio: FaultyStudio, sent: bool, soak: bool) -> None:
    """The sweeper dies as well; the next one ends what it began."""
    whole = sweep(studio, sent, steps.nothing)[1]
    for shard in range(SHARDS):
        for number in numbers(whole, shard=shard, soak=soak, near=(steps.COMMIT,)):
            job, ended = sweep(studio, sent, steps.die_at(number))
            studio.rest()
            job.refresh_from_db()
            wanted = (State.UNKNOWN, 0) if sent else (State.COMPLETED, 1)
            assert (job.state, studio.remote.charged(job.reference)) == wanted, ended.steps[-1]


def sweep(studio: FaultyStudio, sent: bool, plan: steps.Plan) -> tuple[Job, Ended]:
    studio.fresh()
    job = studio.one()
    # Before the second UPDATE of the job, which is `sent_at`, or right behind it.
    death = (
        steps.die_at_first(steps.CONNECT, 1)
        if sent
        else steps.die_at_first("before UPDATE generation_job", 2)
    )
    ended = children.run(studio.dispatch, death)
    assert ended.killed
    studio.clock.forward(minutes=2)
    return job, children.run(studio.tick, plan)
