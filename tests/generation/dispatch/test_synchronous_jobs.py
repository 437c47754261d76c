"""What blocks until it is answered has a line and workers of its own: a song is never delayed by it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from apps.generation import tasks
from apps.generation.models import Job, State
from apps.generation.operations import OPERATIONS, SYNCHRONOUS
from apps.generation.queue import fair_order
from tests.generation.conftest import Studio, state
from tests.local.processes import wait_for
from tests.sandbox_control import ask, order

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_slow_worker_sends_what_is_synchronous() -> None:
    assert settings.CELERY_TASK_ROUTES["generation.block"] == {"queue": "slow"}
    assert "generation.dispatch" not in settings.CELERY_TASK_ROUTES


def test_each_queue_sends_its_own(studio: Studio) -> None:
    stems = studio.ask_for("stems", source=studio.take())
    (song,) = studio.ask()
    assert fair_order.positions([studio.subscription.pk]) == {stems.pk: 1, song.pk: 1}
    assert studio.dispatch() == 1
    assert (state(song), state(stems)) == (State.RUNNING, State.QUEUED)


@pytest.mark.long
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_claim_outlives_the_post_of_its_owner(studio: Studio, operation: str) -> None:
    job = studio.ask_for("stems", source=studio.take())
    Job.objects.filter(pk=job.pk).update(operation=operation)
    claimed = fair_order.claim_next(studio.subscription, synchronous=operation in SYNCHRONOUS)
    assert claimed
    assert claimed[0].claim_expires_at > timezone.now() + timedelta(seconds=OPERATIONS[operation].deadline_s)


@pytest.fixture
def slow_worker() -> Iterator[ThreadPoolExecutor]:
    """Eight threads, as the process of that name has."""
    pool = ThreadPoolExecutor(8)
    yield pool
    pool.shutdown()


def in_thread(subscription_id: int) -> None:
    try:
        tasks.dispatch_synchronous(subscription_id)
    finally:
        connections.close_all()


def are_away(jobs: list[Job], count: int) -> bool:
    sent = Job.objects.filter(pk__in=[job.pk for job in jobs], sent_at__isnull=False)
    return sent.filter(state=State.SUBMITTING).count() == count


def end_all(studio: Studio) -> bool:
    """Whatever is being split is split now. True when nothing is any more."""
    hidden = [job for job in ask(studio.sandbox.url, "jobs") if job["operation"] == "stems"]
    for job in hidden:
        if job["status"] == "pending":
            order(studio.sandbox.url, "finish", jobid=job["jobid"])
    return not Job.objects.filter(operation="stems", state__in=[State.QUEUED, State.SUBMITTING]).exists()


@pytest.mark.long
def test_ten_splits_delay_no_song(studio: Studio, slow_worker: ThreadPoolExecutor) -> None:
    """They block for as long as they like; the first look sees that the song is made, and files find free threads."""
    takes = [each for _ in range(5) for each in studio.take().song.takes.all()]
    order(studio.sandbox.url, "accounts", email=studio.account("studio").email, maxJobs=16)
    studio.sandbox.world.speed = 1
    splits = [studio.ask_for("stems", source=each) for each in takes]
    (song,) = studio.ask()
    studio.dispatch()
    busy = [slow_worker.submit(in_thread, studio.subscription.pk) for _ in range(8)]
    assert wait_for(lambda: are_away(splits, tasks.MOST_SYNCHRONOUS)), "nobody splits"
    studio.finish(song)
    studio.look()
    assert state(song) == State.COLLECTING
    assert wait_for(lambda: sum(each.done() for each in busy) == len(busy) - tasks.MOST_SYNCHRONOUS)
    assert wait_for(lambda: end_all(studio)), "not all were split"
    assert {state(each) for each in splits} <= {State.COLLECTING, State.COMPLETED}
