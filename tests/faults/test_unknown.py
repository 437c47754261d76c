"""An outcome that is not known heals by itself while the job can be seen, and by a webhook that carries its jobid."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from apps.accounts import api_clients
from apps.generation.dispatch import responses
from apps.generation.models import Job, SeenJob, State
from apps.generation.operations import OPERATIONS
from apps.generation.polling import poller, record_reader
from apps.generation.polling.webhooks import CANDIDATES_PER_SUBSCRIPTION, LARGEST
from tests.faults import children, steps
from tests.faults.children import Child
from tests.faults.studio import FaultyStudio

LOST = ["drop after", "hang", "truncated", "html", "500 after", "502 after"]
FORGED = "job:00000000-0000-4000-8000-000000000000-user:1000-studio@sandbox.example-bot:flowmusic"


@pytest.fixture(autouse=True)
def _short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A remote side that hangs is waited for two seconds instead of a minute."""
    monkeypatch.setitem(OPERATIONS, "music", replace(OPERATIONS["music"], deadline_s=2))


@pytest.mark.parametrize("scenario", LOST)
def test_found_by_its_reference(studio: FaultyStudio, scenario: str) -> None:
    job = studio.one()
    studio.remote.play(scenario)
    studio.dispatch()
    assert state(job) == State.UNKNOWN
    children.race([studio.dispatch] * 3)
    studio.rest()
    assert_made_once(studio, job)


def test_heard_of_by_its_webhook_when_it_has_left_the_list(studio: FaultyStudio) -> None:
    job = studio.unknown()
    studio.remote.finish(studio.remote.jobid(job.reference))
    studio.look()
    assert state(job) == State.UNKNOWN
    assert hook(studio, job, record(studio, job)) == 204
    record_reader.hinted(studio.subscription.pk)
    studio.rest()
    assert_made_once(studio, job)


def test_heard_of_before_the_answer(studio: FaultyStudio) -> None:
    """The webhook overtakes the 201: the job runs from then on, and the 201 is the same news again."""
    job = studio.one()
    child = Child(studio.dispatch, steps.once(steps.RECEIVE, children.stop_here))
    child.wait_until_stopped()
    studio.remote.wait_until_charged(job.reference)
    assert hook(studio, job, record(studio, job)) == 204
    record_reader.hinted(studio.subscription.pk)
    assert state(job) == State.RUNNING
    child.go_on()
    child.wait()
    assert state(job) == State.RUNNING
    assert job.story.filter(state=State.RUNNING).count() == 1
    studio.rest()
    assert_made_once(studio, job)


def test_heard_of_while_its_answer_gets_lost(studio: FaultyStudio) -> None:
    """Found by the webhook first; the broken connection afterwards says nothing new."""
    job = studio.one()
    studio.remote.play("drop after")
    child = Child(studio.dispatch, steps.once(steps.RECEIVE, children.stop_here))
    child.wait_until_stopped()
    studio.remote.wait_until_charged(job.reference)
    hook(studio, job, record(studio, job))
    record_reader.hinted(studio.subscription.pk)
    child.go_on()
    child.wait()
    assert state(job) == State.RUNNING
    studio.rest()
    assert_made_once(studio, job)


@pytest.mark.long
@pytest.mark.parametrize("scenario", ["500", "502", "html", "truncated", "drop before"])
def test_found_though_its_record_cannot_be_read_for_long(studio: FaultyStudio, scenario: str) -> None:
    """As long as it is in the list, it is tried again."""
    job = studio.unknown()
    studio.remote.play(scenario, operation="job", times=12)
    for _ in range(4):
        studio.look()
    assert state(job) == State.UNKNOWN
    studio.rest()
    assert_made_once(studio, job)


def test_closed_by_a_person_and_found_after_all(studio: FaultyStudio) -> None:
    """It was paid for, so it is kept."""
    job = studio.unknown()
    Job.objects.filter(pk=job.pk).update(state=State.ABANDONED)
    hook(studio, job, record(studio, job))
    studio.remote.finish(studio.remote.jobid(job.reference))
    record_reader.hinted(studio.subscription.pk)
    for _ in range(3):
        studio.look()
        studio.clock.forward(minutes=11)
        studio.tick()
    assert_made_once(studio, job)


def test_an_answer_about_another_song_is_not_believed(studio: FaultyStudio) -> None:
    """Something in between repeats an older answer: its jobid is not this job's."""
    other = studio.running()
    job = studio.one()
    repeated = api_clients.of_token(studio.token).job(other.jobid)
    child = Child(studio.dispatch, steps.once(steps.RECEIVED, children.stop_here))
    child.wait_until_stopped()
    job.refresh_from_db()
    responses.write_down(responses.Sent(job, studio.account("studio"), job.claim), repeated)
    assert (state(job), job.jobid) == (State.UNKNOWN, None)
    assert state(other) == State.RUNNING
    child.go_on()
    child.wait()
    studio.rest()
    assert_made_once(studio, job)
    assert_made_once(studio, other)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[]", b"null", b'{"jobid": 7}', b'{"jobid": "' + b"9" * 999 + b'"}', b"<html>"],
)
def test_garbage_is_answered_and_forgotten(studio: FaultyStudio, body: bytes) -> None:
    job = studio.running()
    before = SeenJob.objects.count()
    assert hook(studio, job, body) == 204
    assert (state(job), SeenJob.objects.count()) == (State.RUNNING, before)


def test_too_much_is_not_read(studio: FaultyStudio) -> None:
    job = studio.running()
    assert hook(studio, job, b'{"jobid": "' + b" " * LARGEST + b'"}') == 413
    assert Client().post("/hooks/not-a-secret-of-ours/", record(studio, job)).status_code == 404


def test_a_forged_jobid_a_hundred_times(studio: FaultyStudio) -> None:
    """It is asked for once, forgotten, and asked for again only when somebody names it again."""
    job = studio.running()
    for _ in range(100):
        assert hook(studio, job, {"jobid": FORGED, "status": "completed"}) == 204
    before = studio.remote.calls("GET /jobs/{jobid}")
    record_reader.hinted(studio.subscription.pk)
    record_reader.hinted(studio.subscription.pk)
    assert studio.remote.calls("GET /jobs/{jobid}") == before + 1
    assert not SeenJob.objects.filter(jobid=FORGED).exists()
    assert state(job) == State.RUNNING
    studio.rest()
    assert_made_once(studio, job)


def test_whoever_knows_a_secret_cannot_fill_the_table(studio: FaultyStudio) -> None:
    job = studio.running()
    for number in range(CANDIDATES_PER_SUBSCRIPTION + 50):
        hook(studio, job, {"jobid": f"job:{number}"})
    assert SeenJob.objects.filter(read_at=None).count() == CANDIDATES_PER_SUBSCRIPTION


def test_one_jobs_webhook_that_names_another_job(studio: FaultyStudio) -> None:
    """Each jobid is believed by its record's reference only."""
    first, second = studio.running(), studio.unknown()
    hook(studio, first, record(studio, second))
    hook(studio, second, record(studio, first))
    record_reader.hinted(studio.subscription.pk)
    studio.rest()
    assert_made_once(studio, first)
    assert_made_once(studio, second)
    assert first.jobid != second.jobid


def test_the_true_webhook_a_hundred_times(studio: FaultyStudio) -> None:
    job = studio.running()
    studio.remote.finish(job.jobid)
    for _ in range(100):
        assert hook(studio, job, record(studio, job)) == 204
    children.race(
        [lambda: record_reader.hinted(studio.subscription.pk), lambda: poller.poll(studio.subscription.pk)]
    )
    assert state(job) == State.COLLECTING
    assert hook(studio, job, record(studio, job)) == 204
    studio.rest()
    assert_made_once(studio, job)


def hook(studio: FaultyStudio, job: Job, body: Any) -> int:
    """The status of the answer to this body at the job's webhook address."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    path = studio.remote.reply_path(job.reference)
    return Client().post(path, sent, content_type="application/json").status_code


def record(studio: FaultyStudio, job: Job) -> dict[str, Any]:
    """What the remote side would send."""
    return {"jobid": studio.remote.jobid(job.reference), "status": "completed", "clips": []}


def assert_made_once(studio: FaultyStudio, job: Job) -> None:
    assert (state(job), studio.remote.charged(job.reference)) == (State.COMPLETED, 1)
    assert job.song.takes.count() == 2
    assert job.incident is None


def state(job: Job) -> str:
    job.refresh_from_db()
    return job.state
