"""Who pays for a job is kept in its row, and is named beside who asked wherever the job or its song is shown."""

import importlib
import uuid

import pytest
from django.apps import apps
from django.db import connection

from apps.accounts.models import ApiToken, Lending
from apps.generation.jobs import counted_credits, decisions
from apps.generation.jobs.requests import JobRequest
from apps.generation.models import Job, State
from tests.generation.conftest import Studio, member, with_token
from tests.generation.job_pages.test_shared_panel import body
from tests.generation.pages import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]
NAMED = "mara’s token"


def borrowed(studio: Studio, count: int = 1) -> list[Job]:
    """Songs that somebody else asks for, and the studio's token pays."""
    jonas = member(studio.team, f"jonas{uuid.uuid4().hex[:4]}@nightbus.example")
    lending = Lending.objects.create(
        token=studio.token, monthly_cap=100, operations=Lending.joined(["music"])
    )
    request = JobRequest(
        team=studio.team,
        by=jonas,
        token=lending.token,
        account=studio.account("studio"),
        operation="music",
        params={"prompt": "Copper Rain"},
        count=count,
        nonce=uuid.uuid4(),
    )
    return request.ask()


def test_both_are_named_on_every_page_and_also_when_the_token_is_gone(studio: Studio) -> None:
    waiting, sent = borrowed(studio, count=2)
    (own,) = studio.ask()
    assert body(studio.user).count(NAMED) == 1, "the two songs are one card"
    Job.objects.filter(pk__in=[waiting.pk, own.pk]).update(paused=True)
    studio.dispatch()
    studio.finish(sent)
    studio.look()
    song = Job.objects.get(pk=sent.pk).song
    assert song
    ApiToken.objects.all().delete()
    client = signed_in(studio)
    for page in ("/jobs/", "/jobs/?state=queued", "/jobs/panel/"):
        assert NAMED in client.get(page).content.decode(), page
    assert "<bdi>mara</bdi>’s" in client.get(sent.get_absolute_url()).content.decode()
    assert "<bdi>mara</bdi>’s token" in client.get(song.takes.all()[0].get_absolute_url()).content.decode()
    assert NAMED not in client.get(own.get_absolute_url()).content.decode(), "who asked paid for it"


def test_it_changes_with_the_token_and_a_retry_has_its_own(studio: Studio) -> None:
    (job,) = borrowed(studio)
    assert job.asked_by
    own = with_token(studio.sandbox, studio.team, job.asked_by)
    counted_credits.move(job, own.token)
    job.refresh_from_db()
    assert job.paid_by == job.asked_by
    Job.objects.filter(pk=job.pk).update(state=State.FAILED, paid_by=studio.user)
    again = decisions.retry(job, by=job.asked_by)
    assert again
    assert again.paid_by == job.asked_by


def test_jobs_of_before_get_the_owner_of_their_token(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some at a time; whose token is gone has nobody."""
    fill = importlib.import_module("apps.generation.migrations.0016_paid_by_of_tokens")
    jobs = [*borrowed(studio, count=3), *studio.ask()]
    Job.objects.update(paid_by=None)
    Job.objects.filter(pk=jobs[0].pk).update(token=None)
    monkeypatch.setattr(fill, "AT_ONCE", 2)
    with connection.schema_editor() as editor:
        fill.fill(apps, editor)
    assert [Job.objects.get(pk=job.pk).paid_by for job in jobs] == [None, *[studio.user] * 3]
