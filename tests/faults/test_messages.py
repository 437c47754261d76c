"""Messages are hints: each one twice at once, none at all, of two beats, about things that aren't there."""

import logging
import uuid
from collections.abc import Iterator

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.core.cache import cache

from apps.generation import tasks
from apps.generation.models import Job, Lease, State
from apps.library import tasks as library_tasks
from tests.faults import children, messages
from tests.faults.studio import FaultyStudio, signed_in

pytestmark = pytest.mark.long

MOST_PERIODS = 40


@pytest.fixture(autouse=True)
def _empty_queues() -> Iterator[None]:
    current_app.loader.import_default_modules()
    messages.take()
    yield
    messages.take()


@pytest.mark.long
def test_every_message_twice_at_the_same_time(studio: FaultyStudio) -> None:
    jobs = studio.ask("a drone [short]", count=2)
    for _ in range(MOST_PERIODS):
        for message in messages.take():
            children.race([message.run, message.run])
        if not Job.objects.exclude(state=State.COMPLETED).exists():
            break
        finish_all(studio)
        studio.clock.forward(seconds=6)
        a_period_is_over()
        children.race([tasks.tick, tasks.tick, library_tasks.wake_files])
    check_made_once(studio, jobs)
    assert studio.remote.responds("POST /music") == {201: 2}


def test_only_what_a_tick_sends_arrives(studio: FaultyStudio) -> None:
    """Nobody is woken by anything: the sweeps over the rows find everything that is due."""
    jobs = studio.ask("a drone [short]", count=2)
    for _ in range(MOST_PERIODS):
        messages.take()
        finish_all(studio)
        studio.clock.forward(seconds=16)
        a_period_is_over()
        tasks.tick()
        library_tasks.wake_files()
        for message in messages.take():
            message.run()
        if not Job.objects.exclude(state=State.COMPLETED).exists():
            break
    check_made_once(studio, jobs)


def a_period_is_over() -> None:
    """By the clocks of the database and of Redis, which no test moves."""
    Lease.objects.filter(name="tick").delete()
    cache.delete("turn:library.sweep")


def finish_all(studio: FaultyStudio) -> None:
    for job in Job.objects.filter(state=State.RUNNING):
        studio.remote.finish(job.jobid)


def check_made_once(studio: FaultyStudio, jobs: list[Job]) -> None:
    assert set(Job.objects.values_list("state", flat=True)) == {State.COMPLETED}
    assert studio.remote.charges() == {job.reference: 1 for job in jobs}
    for job in jobs:
        assert all(file.is_stored for file in studio.files(job))


def test_many_beats_make_one_tick(studio: FaultyStudio) -> None:
    studio.one()
    studio.clock.forward(seconds=6)
    messages.take()
    children.race([tasks.tick] * 8)
    sent = [message.task for message in messages.take()]
    assert sorted(sent) == ["generation.dispatch", "generation.watch"]
    assert Lease.objects.filter(name="tick").count() == 1


@pytest.mark.parametrize(
    "task", ["dispatch", "watch", "read", "recheck", "changed"], ids=lambda name: f"generation.{name}"
)
def test_a_message_about_something_that_is_not_there(studio: FaultyStudio, task: str) -> None:
    before = studio.remote.calls("GET /jobs")
    messages.Message(f"generation.{task}", (987654,)).run()
    assert studio.remote.calls("GET /jobs") == before


def test_a_message_about_a_song_or_a_file_that_is_not_there(studio: FaultyStudio) -> None:
    messages.Message("generation.collect", (str(uuid.uuid4()),)).run()
    messages.Message("library.archive", (987654,)).run()


@pytest.fixture
def full_broker() -> Iterator[None]:
    """A Redis that refuses every write, as one does that has run out of memory."""
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.config_set("maxmemory", 1)
    yield
    broker.config_set("maxmemory", 0)


@pytest.mark.usefixtures("full_broker")
def test_a_broker_that_refuses_everything_costs_only_time(
    studio: FaultyStudio, caplog: pytest.LogCaptureFixture
) -> None:
    """A form is taken, a song is sent and written down; the next tick with a broker does the rest."""
    caplog.set_level(logging.CRITICAL, "django.db.backends.base")
    browser = signed_in(studio.user)
    form = {"prompt": "a drone", "words": "instrumental", "count": 1, "nonce": uuid.uuid4()}
    assert browser.post("/create/", form).status_code == 302
    studio.dispatch()
    job = Job.objects.get()
    assert job.state == State.RUNNING
    studio.rest()
    job.refresh_from_db()
    assert (job.state, studio.remote.charged(job.reference)) == (State.COMPLETED, 1)
