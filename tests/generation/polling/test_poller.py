"""Watching: how often the remote side is asked, and what its lists and records change."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApiToken, FlowAccount, Role, Subscription, Team
from apps.generation.jobs import poll_times, transitions
from apps.generation.models import Job, Lease, SeenJob
from apps.generation.polling import poller
from tests.generation.conftest import Studio, member, state, with_token
from tests.sandbox_control import order

pytestmark = pytest.mark.django_db(transaction=True)


def due(studio: Studio) -> bool:
    return poll_times.due(timezone.now()).filter(pk=studio.subscription.pk).exists()


def tick(studio: Studio) -> None:
    """What one period of the beat does: everything that is due is done once."""
    for pk in poll_times.due(timezone.now()).values_list("pk", flat=True):
        poller.poll(pk)


def next_period() -> None:
    Subscription.objects.update(next_poll_at=timezone.now())


def many_running(studio: Studio, count: int) -> list[Job]:
    studio.sandbox.world.speed = 1  # they run until the test ends them, on a slow machine too
    order(studio.sandbox.url, "accounts", email=studio.account("studio").email, credits=5000, maxJobs=count)
    FlowAccount.objects.update(max_jobs=count, credits=5000)
    jobs = studio.ask("a long drone [slow] [hook never]", count=20, account=studio.account("studio"))
    jobs += studio.ask("a long drone [slow] [hook never]", count=20, account=studio.account("studio"))
    jobs += studio.ask("a long drone [slow] [hook never]", count=count - 40, account=studio.account("studio"))
    studio.dispatch()
    assert Job.objects.filter(state="running").count() == count
    return jobs


@pytest.mark.long
def test_twenty_browsers_and_fifty_jobs_cost_one_list_per_tick(studio: Studio) -> None:
    """A jobid of ours is known from its 201, so it needs no first reading either."""
    many_running(studio, 50)
    browsers = [Client() for _ in range(20)]
    for browser in browsers:
        browser.force_login(studio.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    before = studio.sandbox.requests("GET")
    for _ in range(3):
        next_period()
        tick(studio)
        for browser in browsers:
            assert browser.get("/jobs/panel/").status_code == 200
        tick(studio)  # a second beat
    order_all_finished = list(Job.objects.filter(state="running"))[:7]
    for job in order_all_finished:
        studio.finish(job)
    next_period()
    tick(studio)
    after = studio.sandbox.requests("GET")
    calls = {
        path: count - before.get(path, 0) for path, count in after.items() if count > before.get(path, 0)
    }
    assert calls == {"GET /jobs": 4, "GET /jobs/{jobid}": 7}


def test_nobody_is_asked_when_nothing_is_made_and_no_panel_is_open(studio: Studio) -> None:
    assert not due(studio)
    poll_times.panel_is_open(studio.team)
    assert due(studio)
    tick(studio)
    assert not due(studio)  # the next one in a minute
    assert studio.subscription.next_poll_at > timezone.now() + timedelta(seconds=50)


def test_a_poll_from_before_the_clock_was_put_back_is_due(studio: Studio) -> None:
    poll_times.panel_is_open(studio.team)
    Subscription.objects.update(next_poll_at=timezone.now() + timedelta(hours=3))
    assert due(studio)
    tick(studio)
    assert studio.subscription.next_poll_at < timezone.now() + timedelta(seconds=61)
    assert not due(studio)


def test_a_request_is_polled_a_tick_later_though_the_last_poll_was_just_now(studio: Studio) -> None:
    """Not at once: nothing of it can have ended. More requests don't put it off."""
    poll_times.panel_is_open(studio.team)
    tick(studio)
    studio.ask()
    assert not due(studio)
    for _ in range(3):
        Subscription.objects.update(next_poll_at=timezone.now() + timedelta(seconds=1))
        studio.ask()
        assert next_poll_in(studio) <= 1


def next_poll_in(studio: Studio) -> float:
    next_at = Subscription.objects.get(pk=studio.subscription.pk).next_poll_at
    return (next_at - timezone.now()).total_seconds()


@pytest.mark.parametrize(
    ("age", "least", "most"), [(0, 7, 8), (36, 7, 8), (40, 4, 6), (49, 2, 3), (400, 2, 3), (700, 26, 28)]
)
def test_a_song_is_looked_at_every_tick_from_half_its_usual_time_on(
    studio: Studio, age: int, least: float, most: float
) -> None:
    """95 s by the pages. Half a tick less than the pause: the tick comes when it comes."""
    studio.ask("a drone [slow]")
    studio.dispatch()
    Job.objects.update(accepted_at=timezone.now() - timedelta(seconds=age))
    studio.look()
    assert least < next_poll_in(studio) < most


def test_the_teams_own_times_say_what_is_usual(studio: Studio) -> None:
    (ended,) = studio.ask("a drone [slow]")
    studio.dispatch()
    Job.objects.filter(pk=ended.pk).update(state="completed", duration_ms=20_000, finished_at=timezone.now())
    (job,) = studio.ask("a drone [slow]")
    studio.dispatch()
    Job.objects.filter(pk=job.pk).update(accepted_at=timezone.now() - timedelta(seconds=11))
    studio.look()
    assert next_poll_in(studio) < 3


def test_a_single_song_that_may_have_ended_is_asked_for_without_the_list(studio: Studio) -> None:
    (job,) = studio.ask("a drone [slow] [hook never]")
    studio.dispatch()
    Job.objects.update(accepted_at=timezone.now() - timedelta(seconds=60))
    before = studio.sandbox.requests("GET", "/jobs")
    studio.look()
    assert state(job) == "running"
    studio.finish(job)
    studio.look()
    assert state(job) == "collecting"
    assert studio.sandbox.requests("GET", "/jobs") == before
    assert studio.sandbox.requests("GET", "/jobs/{jobid}") == {"GET /jobs/{jobid}": 2}


@pytest.mark.parametrize("reason", ["young", "elsewhere", "hint", "another"])
def test_what_else_may_run_is_seen_in_the_list(studio: Studio, reason: str) -> None:
    studio.ask("a drone [slow] [hook never]", count=2 if reason == "another" else 1)
    studio.dispatch()
    if reason != "young":
        Job.objects.update(accepted_at=timezone.now() - timedelta(seconds=60))
    if reason == "elsewhere":
        FlowAccount.objects.update(elsewhere=1)
    if reason == "hint":
        SeenJob.objects.create(
            subscription=studio.subscription, jobid="job:1", team=studio.team, first_seen_at=timezone.now()
        )
    studio.look()
    assert studio.sandbox.requests("GET", "/jobs") == {"GET /jobs": 1}


def test_a_job_started_elsewhere_is_read_once_and_takes_a_slot(studio: Studio) -> None:
    studio.ask("a drone [slow]", account=studio.account("studio"))
    studio.dispatch()
    Job.objects.all().delete()
    SeenJob.objects.all().delete()
    poll_times.panel_is_open(studio.team)
    studio.look()
    studio.look()
    assert studio.account("studio").elsewhere == 1
    assert studio.sandbox.requests("GET", "/jobs/{jobid}") == {"GET /jobs/{jobid}": 1}


def test_a_refused_token_leaves_running_jobs_running(studio: Studio) -> None:
    (job,) = studio.ask("a drone [slow]")
    studio.dispatch()
    order(studio.sandbox.url, "scenario", operation="jobs", scenario="401", times=1)
    studio.look()
    assert state(job) == "running"
    assert ApiToken.objects.get().refused_at
    assert not due(studio)


@pytest.mark.parametrize("scenario", ["500", "502", "html", "truncated"])
def test_a_list_that_cannot_be_read_changes_nothing(studio: Studio, scenario: str) -> None:
    (job,) = studio.ask("a drone [slow]")
    studio.dispatch()
    order(studio.sandbox.url, "scenario", operation="jobs", scenario=scenario, times=5)
    studio.look()
    assert state(job) == "running"


def test_a_record_that_is_gone_makes_the_outcome_unknown(studio: Studio) -> None:
    (job,) = studio.ask("a drone [vanish]")
    studio.dispatch()
    studio.finish(job)
    studio.look()
    assert state(job) == "unknown"
    assert job.unknown_since


def test_an_unknown_outcome_is_searched_for_for_forty_minutes(studio: Studio) -> None:
    (job,) = studio.ask()
    Job.objects.update(state="unknown", unknown_since=timezone.now(), sent_at=timezone.now())
    studio.look()
    job.refresh_from_db()
    assert job.times_checked == 1
    assert not job.given_up
    Job.objects.update(unknown_since=timezone.now() - timedelta(minutes=41))
    job.refresh_from_db()
    assert job.given_up
    next_period()
    assert not due(studio)


def test_a_second_jobid_for_one_request_is_kept_and_shown(studio: Studio) -> None:
    (job,) = studio.ask("a drone [slow]")
    studio.dispatch()
    job.refresh_from_db()
    first = job.jobid
    assert not transitions.accept(job, "job:other-user:1000-studio@sandbox.example-bot:flowmusic")
    job.refresh_from_db()
    assert (job.state, job.jobid) == ("running", first)
    assert len(job.incident["jobids"]) == 1


def test_two_beats_make_one_tick(studio: Studio) -> None:
    assert poll_times.take_lease("tick", timedelta(seconds=4))
    assert not poll_times.take_lease("tick", timedelta(seconds=4))
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert poll_times.take_lease("tick", timedelta(seconds=4))


def test_another_teams_job_is_only_a_used_slot(studio: Studio) -> None:
    """Two teams hold a token of one subscription: the slot counts, the words don't show."""
    other = Team.objects.create(name="Ferrow")
    theo = member(other, "theo@ferrow.example", Role.OWNER)
    with_token(studio.sandbox, other, theo)
    studio.ask("a secret song [slow]", account=studio.account("studio"))
    studio.dispatch()
    browser = Client()
    browser.force_login(theo, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = browser.get("/jobs/panel/").content.decode()
    assert "secret" not in page
    assert "1 of 4" in page
