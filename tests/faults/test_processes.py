"""Real workers, beats and a real gunicorn, killed at moments that the remote side or the database holds open."""

import http.client
import random
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection, transaction

from apps.generation.jobs import decisions
from apps.generation.models import Job, State
from apps.library.models import ClipFile
from tests.faults.site import Site, files_are_given_up, years_pass
from tests.faults.studio import FaultyStudio, signed_in
from tests.local.processes import wait_for

PROMPT = "a drone [short]"


@pytest.fixture
def site(studio: FaultyStudio, tmp_path: Path) -> Iterator[Site]:
    site = Site(studio.remote, tmp_path)
    yield site
    site.stop()


def is_state(job: Job, state: str) -> bool:
    job.refresh_from_db()
    return job.state == state


def finish_all(studio: FaultyStudio) -> None:
    for job in Job.objects.filter(state=State.RUNNING):
        studio.remote.finish(job.jobid)


def all_made(studio: FaultyStudio) -> bool:
    """Moves the remote side and the rows on; True when every job is completed."""
    finish_all(studio)
    files_are_given_up()
    return not Job.objects.exclude(state=State.COMPLETED).exists()


def assert_made_once(studio: FaultyStudio, jobs: list[Job]) -> None:
    assert studio.remote.charges() == {job.reference: 1 for job in jobs}
    for job in jobs:
        job.refresh_from_db()
        assert job.state == State.COMPLETED
        assert job.song.takes.count() == 2


@pytest.mark.long
def test_worker_killed_while_it_waits_for_the_answer(studio: FaultyStudio, site: Site) -> None:
    job = studio.one(PROMPT)
    studio.remote.play("hang")
    studio.remote.play("500", operation="jobs", times=99)  # or it would be found while the POST still hangs
    site.start("worker")
    site.until(lambda: studio.remote.charged(job.reference))
    site.kill("worker")
    assert is_state(job, State.SUBMITTING)
    years_pass()
    studio.remote.play_no_more()
    site.start("worker")
    site.until(lambda: all_made(studio))
    assert_made_once(studio, [job])
    assert job.story.filter(state=State.UNKNOWN).exists()


@pytest.mark.long
@pytest.mark.parametrize(
    ("operation", "route"), [("jobs", "GET /jobs"), ("job", "GET /jobs/{jobid}")], ids=["list", "record"]
)
def test_worker_killed_while_it_watches(studio: FaultyStudio, site: Site, operation: str, route: str) -> None:
    job = studio.running(PROMPT)
    studio.remote.finish(job.jobid)
    studio.remote.play("hang", operation=operation, times=3)
    before = studio.remote.calls(route)
    site.start("worker")
    site.until(lambda: studio.remote.calls(route) > before)
    site.kill("worker")
    assert is_state(job, State.RUNNING)
    years_pass()
    studio.remote.play_no_more()
    site.start("worker")
    site.until(lambda: all_made(studio))
    assert_made_once(studio, [job])


@pytest.mark.long
def test_worker_killed_while_it_stops_a_song(studio: FaultyStudio, site: Site) -> None:
    job = studio.running(PROMPT)
    studio.remote.play("hang", operation="cancel", times=9)
    studio.remote.play("hang", operation="job", times=9)
    decisions.cancel(job, by=studio.user)
    site.start("worker")
    site.until(lambda: studio.remote.calls("DELETE /jobs/{jobid}"))
    site.kill("worker")
    assert is_state(job, State.RUNNING)
    years_pass()
    studio.remote.play_no_more()
    site.start("worker")
    site.until(lambda: is_state(job, State.CANCELLED))
    assert studio.remote.charges() == {job.reference: 1}


@pytest.mark.long
def test_slow_worker_killed_while_it_fetches(studio: FaultyStudio, site: Site) -> None:
    """Everything is saved in the end, by the one that was started instead."""
    job = studio.running(PROMPT)
    studio.remote.finish(job.jobid)
    studio.look()
    studio.remote.play("hang", operation="media", times=2)
    site.start("slow")
    site.until(lambda: studio.remote.calls("GET /media/{file}") >= 2)
    site.kill("slow")
    years_pass()
    studio.remote.play_no_more()
    site.start("slow", "worker")
    site.until(lambda: is_state(job, State.COMPLETED))
    assert all(file.is_stored for file in studio.files(job))
    assert_made_once(studio, [job])


@pytest.mark.long
def test_two_workers_killed_again_and_again(studio: FaultyStudio, site: Site) -> None:
    """A batch goes through five murders; each request is met, and charged once or decided by nobody else."""
    chance = random.Random(20261120)
    jobs = studio.ask(PROMPT, count=8)
    for _ in range(5):
        site.start("worker")
        site.until(lambda: Job.objects.exclude(state=State.QUEUED).exists())
        threading.Event().wait(chance.uniform(0.0, 0.6))
        site.kill("worker")
        finish_all(studio)
        years_pass()
    site.start("worker", "worker")
    site.until(lambda: all_made_or_unsent(studio))
    charges = studio.remote.charges()
    for job in jobs:
        job.refresh_from_db()
        assert (job.state, charges.get(job.reference, 0)) in {(State.COMPLETED, 1), (State.UNKNOWN, 0)}
    assert 429 not in studio.remote.responds("POST /music")


def all_made_or_unsent(studio: FaultyStudio) -> bool:
    """Only a job that was killed between `sent_at` and its request may be left for a person."""
    all_made(studio)
    charges = studio.remote.charges()
    left = Job.objects.exclude(state=State.COMPLETED)
    return all(
        job.state == State.UNKNOWN and job.times_checked and not charges.get(job.reference) for job in left
    )


@pytest.mark.long
def test_two_beats_and_a_worker(studio: FaultyStudio, site: Site) -> None:
    jobs = studio.ask(PROMPT, count=4)
    site.start("beat", "beat", "worker")
    site.until(lambda: all_made(studio), beat=False)
    assert_made_once(studio, jobs)
    assert studio.remote.responds("POST /music") == {201: 4}


def test_healed_by_a_webhook_while_no_worker_lives(studio: FaultyStudio, site: Site) -> None:
    """The web takes the hint; the job has left the list long before anybody looks."""
    job = studio.one(PROMPT)
    studio.remote.play("hang")
    site.start("web", "worker")
    site.until(lambda: studio.remote.charged(job.reference))
    site.kill("worker")
    studio.remote.finish(studio.remote.jobid(job.reference))
    assert wait_for(lambda: studio.remote.hook_results() == ["204"])
    years_pass()
    site.start("worker")
    site.until(lambda: all_made(studio))
    assert_made_once(studio, [job])


@pytest.mark.long
def test_web_killed_before_it_has_taken_the_form(studio: FaultyStudio, site: Site) -> None:
    """The form waits for the database; nothing of it is left, and the same form is taken once afterwards."""
    browser, form = signed_in(studio.user), filled_form()
    site.start("web")
    with transaction.atomic():
        lock_the_jobs(studio)
        broken = post_aside(site, browser, form)
        threading.Event().wait(0.7)
        site.kill("web")
        broken.join(60)
    assert not Job.objects.exists()
    send_again_and_make(studio, site, browser, form)


def test_web_killed_after_it_has_taken_the_form(studio: FaultyStudio, site: Site) -> None:
    """It is committed, but the browser was never told: the same form again makes nothing new."""
    browser, form = signed_in(studio.user), filled_form()
    site.start("web")
    redis.Redis.from_url(settings.REDIS_URL).client_pause(3000)
    broken = post_aside(site, browser, form)
    assert wait_for(Job.objects.exists)
    site.kill("web")
    broken.join(60)
    send_again_and_make(studio, site, browser, form)


def filled_form() -> dict[str, object]:
    return {"prompt": PROMPT, "words": "instrumental", "count": 3, "nonce": str(uuid.uuid4())}


def lock_the_jobs(studio: FaultyStudio) -> None:
    """So that nobody can write a job until the transaction ends."""
    if connection.vendor == "sqlite":
        Job.objects.update(paused=False)
    else:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE generation_job IN EXCLUSIVE MODE")


def post_aside(site: Site, browser: object, form: dict[str, object]) -> threading.Thread:
    """The form in a thread; its connection breaks when the web dies."""

    def post() -> None:
        with pytest.raises((OSError, http.client.HTTPException)):
            site.post_form(browser, form, timeout=60)

    thread = threading.Thread(target=post, daemon=True)
    thread.start()
    return thread


def send_again_and_make(studio: FaultyStudio, site: Site, browser: object, form: dict[str, object]) -> None:
    site.start("web", "worker")
    assert site.post_form(browser, form) == 302
    assert site.post_form(browser, form) == 302
    site.until(lambda: all_made(studio))
    assert_made_once(studio, list(Job.objects.all()))
    assert Job.objects.count() == 3
    assert ClipFile.objects.filter(state="stored").count() == 0
