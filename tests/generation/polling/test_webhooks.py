"""Webhooks are hints from anybody: they may speed a job up and nothing else."""

import json
import secrets
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import Team
from apps.accounts.models.users import hash_secret
from apps.generation.jobs import poll_times
from apps.generation.models import Job, JobEvent, SeenJob
from apps.generation.polling import record_reader, webhooks
from tests.generation.conftest import Studio, member, state, with_token
from tests.sandbox_control import ask

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _webhooks_on(settings: Settings) -> None:
    settings.WEBHOOKS = True


def secret_of(job: Job) -> str:
    """A secret for that job, as the dispatcher makes them: only the hash is in the row."""
    secret = secrets.token_urlsafe(32)
    Job.objects.filter(pk=job.pk).update(hook_hash=hash_secret(secret))
    return secret


def post(secret: str, body: object = b"", **more: object) -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    client = Client(enforce_csrf_checks=True)
    return client.post(f"/hooks/{secret}/", raw, content_type="application/json", **more).status_code


def running(studio: Studio, prompt: str = "a drone [hook never]") -> Job:
    (job,) = studio.ask(prompt)
    studio.dispatch()
    assert state(job) == "running"
    return job


def records_read(studio: Studio) -> int:
    return sum(studio.sandbox.requests("GET", "/jobs/{jobid}").values())


# Who may say what.


@pytest.mark.parametrize("secret", ["made-up", "x" * 2000, "' OR 1=1 --"])
def test_an_unknown_secret_is_404(studio: Studio, secret: str) -> None:
    running(studio)
    assert post(secret, {"jobid": "job:1"}) == 404
    assert not SeenJob.objects.filter(jobid="job:1").exists()


def test_the_hash_in_the_row_is_no_secret(studio: Studio) -> None:
    job = running(studio)
    secret_of(job)
    assert post(Job.objects.get(pk=job.pk).hook_hash, {"jobid": "job:1"}) == 404


def test_jobs_without_a_hook_are_not_found_by_an_empty_one(studio: Studio) -> None:
    job = running(studio)
    Job.objects.filter(pk=job.pk).update(hook_hash="")
    assert post("%20", {"jobid": "job:1"}) == 404
    assert Client().post("/hooks//").status_code == 404


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options"])
def test_other_methods_are_refused(studio: Studio, method: str) -> None:
    assert getattr(Client(), method)(f"/hooks/{secret_of(running(studio))}/").status_code == 405


def test_too_much_is_refused_unread(studio: Studio) -> None:
    secret = secret_of(running(studio))
    assert post(secret, b"x" * (webhooks.LARGEST + 1)) == 413
    assert post(secret, b"x" * webhooks.LARGEST) == 204


@pytest.mark.parametrize("length", ["-1", "many", "1e9", str(10**30)])
def test_a_length_that_is_a_lie_is_refused(studio: Studio, length: str) -> None:
    assert post(secret_of(running(studio)), b"{}", CONTENT_LENGTH=length) == 413


GARBAGE = [
    b"",
    b"not json",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b"null",
    b"[]",
    b'"job:1"',
    b"1e999",
    b"9" * 5000,
    b'{"jobid": 7}',
    b'{"jobid": null}',
    b'{"jobid": ["job:1"]}',
    b'{"jobid": "clip:1"}',
    b'{"jobid": ""}',
    b'{"status": "completed", "clips": []}',
    json.dumps({"jobid": "job:" + "x" * 400}).encode(),
    b'{"jobid": "job:\\u0000"}',
    b'{"jobid": "job:\\ud800"}',
]


@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_taken_and_changes_nothing(studio: Studio, body: bytes) -> None:
    job = running(studio)
    before = Job.objects.filter(pk=job.pk).values().get()
    secret = secret_of(job)
    assert post(secret, body) == 204
    after = Job.objects.filter(pk=job.pk).values().get()
    assert {**after, "hook_hash": ""} == {**before, "hook_hash": ""}
    record_reader.hinted(studio.subscription.pk)
    assert state(job) == "running"


# What a hint does.


def test_a_hint_has_the_record_read_once_and_the_job_goes_on(studio: Studio) -> None:
    job = running(studio)
    secret = secret_of(job)
    studio.finish(job)
    assert post(secret, {"jobid": job.jobid, "status": "completed"}) == 204
    record_reader.hinted(studio.subscription.pk)
    assert state(job) == "collecting"
    assert records_read(studio) == 1
    for _ in range(3):
        assert post(secret, {"jobid": job.jobid}) == 204
        record_reader.hinted(studio.subscription.pk)
    assert records_read(studio) == 1, "what is over is not read again"
    assert JobEvent.objects.filter(job=job, state="collecting").count() == 1


def test_the_body_is_not_believed(studio: Studio) -> None:
    job = running(studio)
    forged = {"jobid": job.jobid, "status": "failed", "error": "forged", "replyRef": job.reference}
    assert post(secret_of(job), forged) == 204
    record_reader.hinted(studio.subscription.pk)
    assert state(job) == "running"
    forged |= {
        "status": "completed",
        "clips": [{"clip": "user:1-a@b.c-clip:1", "audio_url": "http://127.0.0.1:9/x"}],
    }
    assert post(secret_of(job), forged) == 204
    record_reader.hinted(studio.subscription.pk)
    assert state(job) == "running"


def test_a_hint_finds_a_job_whose_answer_was_lost(studio: Studio) -> None:
    (job,) = studio.ask("a drone [drop after] [hook never]")
    studio.dispatch()
    assert state(job) == "unknown"
    (made,) = ask(studio.sandbox.url, "jobs")
    assert post(secret_of(job), {"jobid": made["jobid"]}) == 204
    record_reader.hinted(studio.subscription.pk)
    assert (state(job), job.jobid) == ("running", made["jobid"])
    assert studio.charged(job) == 1


def test_a_jobid_of_another_job_is_not_taken_for_ours(studio: Studio) -> None:
    """Whoever holds one job's secret can't give it another one's song."""
    victim = running(studio)
    (lost,) = studio.ask("a drone [drop before]")
    studio.dispatch()
    Job.objects.filter(pk=lost.pk).update(
        state="unknown", sent_at=timezone.now(), unknown_since=timezone.now()
    )
    assert post(secret_of(lost), {"jobid": victim.jobid}) == 204
    record_reader.hinted(studio.subscription.pk)
    assert (state(lost), lost.jobid) == ("unknown", None)
    assert (state(victim), victim.incident) == ("running", None)


def test_a_jobid_of_another_subscription_is_not_read_with_our_token_into_our_job(studio: Studio) -> None:
    home = Team.objects.create(name="Elsewhere")
    other = with_token(studio.sandbox, home, member(home, "eve@elsewhere.example"), "user:2000-sandboxdemo")
    theirs = running(other)
    (lost,) = studio.ask("a drone [drop after] [hook never]")
    studio.dispatch()
    assert post(secret_of(lost), {"jobid": theirs.jobid}) == 204
    record_reader.hinted(studio.subscription.pk)
    assert (state(lost), lost.jobid) == ("unknown", None)
    assert not SeenJob.objects.filter(subscription=studio.subscription, jobid=theirs.jobid).exists(), (
        "forgotten"
    )


def test_a_made_up_jobid_is_read_once_per_hint_and_forgotten(studio: Studio) -> None:
    """Not remembered as read: a hint may come before the record can be read."""
    job = running(studio)
    made_up = "job:00000000-0000-4000-8000-000000000000-user:1000-studio@sandbox.example-bot:flowmusic"
    assert post(secret_of(job), {"jobid": made_up}) == 204
    for _ in range(3):
        record_reader.hinted(studio.subscription.pk)
    assert records_read(studio) == 1
    assert not SeenJob.objects.filter(jobid=made_up).exists()
    assert state(job) == "running"


@pytest.mark.long
def test_whoever_knows_a_secret_can_not_fill_the_table(studio: Studio) -> None:
    secret = secret_of(running(studio))
    for number in range(webhooks.CANDIDATES_PER_SUBSCRIPTION + 20):
        assert post(secret, {"jobid": f"job:{number}"}) == 204
    assert SeenJob.objects.filter(read_at=None).count() == webhooks.CANDIDATES_PER_SUBSCRIPTION


def test_a_hint_makes_the_subscription_due_without_any_job_to_watch(studio: Studio) -> None:
    (job,) = studio.ask("a drone [drop after] [hook never]")
    studio.dispatch()
    long_ago = timezone.now() - Job.SEARCH_LASTS * 2
    Job.objects.filter(pk=job.pk).update(unknown_since=long_ago, last_checked_at=long_ago + Job.SEARCH_LASTS)
    poll_times.poll_now(studio.subscription.pk)
    assert not poll_times.due(timezone.now()).exists()
    post(secret_of(job), {"jobid": ask(studio.sandbox.url, "jobs")[0]["jobid"]})
    assert poll_times.due(timezone.now()).exists()


# The real thing: the sandbox calls this site.


@pytest.fixture
def public(live_server: LiveServer, settings: Settings) -> str:
    settings.PUBLIC_URL = live_server.url
    settings.SITE_HOSTS |= {urlsplit(live_server.url).netloc}
    return live_server.url


def hook_results(studio: Studio) -> list[object]:
    return [each["result"] for each in ask(studio.sandbox.url, "hooks")]


def test_an_early_hook_finds_the_job_before_its_201(studio: Studio, public: str) -> None:
    (job,) = studio.ask("a drone [hook early] [drop after]")
    studio.dispatch()
    assert hook_results(studio) == ["204"]
    assert state(job) == "unknown", "the jobid waits to be read"
    record_reader.hinted(studio.subscription.pk)
    assert state(job) == "running"


def test_an_early_hook_and_the_201_are_the_same_news(studio: Studio, public: str) -> None:
    (job,) = studio.ask("a drone [hook early]")
    studio.dispatch()
    record_reader.hinted(studio.subscription.pk)
    assert (state(job), job.incident, studio.charged(job)) == ("running", None, 1)
    assert JobEvent.objects.filter(job=job, state="running").count() == 1


def test_the_secret_in_the_request_is_not_in_the_row(studio: Studio, public: str) -> None:
    studio.ask("a drone")
    studio.dispatch()
    (row,) = studio.sandbox.state.rows("SELECT request FROM jobs")
    address = json.loads(row["request"])["replyUrl"]
    assert address.startswith(f"{public}/hooks/")
    secret = address.rstrip("/").rpartition("/")[2]
    assert len(secret) >= 40
    assert secret not in repr(Job.objects.values().get())
    assert Job.objects.get().hook_hash == hash_secret(secret)


def test_no_address_is_sent_where_webhooks_are_off(studio: Studio, settings: Settings) -> None:
    settings.WEBHOOKS = False
    studio.ask("a drone")
    studio.dispatch()
    (row,) = studio.sandbox.state.rows("SELECT request FROM jobs")
    assert "replyUrl" not in json.loads(row["request"])
