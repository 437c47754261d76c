"""Every answer to POST /music ends as docs/design.md, section 3, says, with words, and charges at most one song."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts import api_clients
from apps.accounts.models import ApiToken, FlowAccount, Subscription
from apps.generation.dispatch import responses
from apps.generation.models import Job
from apps.generation.operations import OPERATIONS
from apps.generation.queue import blocked_accounts, fair_order
from apps.upstream import errors
from apps.upstream.records import JobRecord
from tests.generation.conftest import Studio, state
from tests.sandbox_control import order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A remote side that hangs is waited for two seconds instead of a minute."""
    monkeypatch.setitem(OPERATIONS, "music", replace(OPERATIONS["music"], deadline_s=2))


def send(studio: Studio, scenario: str) -> Job:
    """One song whose POST goes that way, once."""
    (job,) = studio.ask("a slow waltz, 90 bpm [slow]", account=studio.account("studio"))
    order(studio.sandbox.url, "scenario", operation="music", scenario=scenario, times=1)
    studio.dispatch()
    job.refresh_from_db()
    return job


@pytest.mark.parametrize("scenario", ["busy", "busy all", "drop before"])
def test_what_was_never_taken_up_is_sent_again_later(studio: Studio, scenario: str) -> None:
    """A connection that was closed without an answer can't be told from one that was closed after charges."""
    job = send(studio, scenario)
    if scenario == "drop before":
        assert job.state == "unknown"
        return
    assert job.state == "queued"
    assert job.not_before
    assert job.wait_reason
    Job.objects.update(not_before=None)
    Subscription.objects.update(blocked_until=None)
    FlowAccount.objects.update(block_until=timezone.now() - timedelta(seconds=1))
    studio.dispatch()
    assert state(job) == "running"
    assert studio.charged(job) == 1


@pytest.mark.parametrize(
    ("scenario", "charged"),
    [
        ("500", 0),
        ("502", 0),
        ("500 after", 1),
        ("502 after", 1),
        ("hang", 1),
        ("drop before", 0),
        ("drop after", 1),
        ("truncated", 1),
        ("html", 1),
    ],
)
def test_an_outcome_that_is_not_known_is_never_sent_again(
    studio: Studio, scenario: str, charged: int
) -> None:
    job = send(studio, scenario)
    assert job.state == "unknown"
    assert job.error_text
    assert job.evidence
    assert studio.dispatch() == 0
    assert studio.charged(job) == charged


@pytest.mark.parametrize("scenario", ["500 after", "hang", "drop after", "truncated", "html"])
def test_a_lost_answer_is_found_by_its_reference(studio: Studio, scenario: str) -> None:
    job = send(studio, scenario)
    studio.look()
    assert state(job) == "running"
    studio.finish(job)
    studio.look()
    assert state(job) == "collecting"
    assert studio.charged(job) == 1


def test_a_moderated_answer_fails_at_once_and_keeps_what_was_typed(studio: Studio) -> None:
    job = send(studio, "moderated now")
    assert job.state == "failed"
    assert "Leave out names" in job.error_text
    assert job.params["prompt"] == "a slow waltz, 90 bpm [slow]"


def test_a_refused_request_costs_nothing_and_keeps_what_was_typed(studio: Studio) -> None:
    job = send(studio, "422")
    assert job.state == "rejected"
    assert job.error_text
    assert job.params["prompt"] == "a slow waltz, 90 bpm [slow]"
    assert studio.charged(job) == 0


def test_a_refused_token_stops_its_jobs_until_it_is_replaced(studio: Studio) -> None:
    job = send(studio, "401")
    (other,) = studio.ask()
    token = ApiToken.objects.get()
    assert job.state == "queued"
    assert token.refused_at
    assert token.refused_reason
    assert studio.dispatch() == 0
    ApiToken.objects.update(refused_at=None)
    studio.dispatch()
    assert (state(job), state(other)) == ("running", "running")


def test_an_ended_subscription_holds_everything_until_it_is_checked_again(studio: Studio) -> None:
    job = send(studio, "no subscription")
    assert job.state == "queued"
    assert studio.subscription.blocked_reason
    assert studio.dispatch() == 0
    Subscription.objects.update(blocked_until=timezone.now() - timedelta(seconds=1))
    studio.dispatch()
    assert state(job) == "running"
    assert studio.subscription.blocked_reason == ""


@pytest.mark.parametrize(("scenario", "block"), [("out of credits", "credits"), ("account error", "error")])
def test_a_blocked_account_holds_what_must_run_there(studio: Studio, scenario: str, block: str) -> None:
    job = send(studio, scenario)
    account = studio.account("studio")
    assert job.state == "queued"
    assert account.block == block
    assert studio.dispatch() == 0
    FlowAccount.objects.update(block_until=timezone.now() - timedelta(seconds=1))
    studio.tick()
    blocked_accounts.recheck(account.pk)
    studio.dispatch()
    assert state(job) == "running"


@pytest.mark.long
def test_a_batch_goes_on_with_the_other_account(studio: Studio) -> None:
    """A batch of 20 with one account out of credits: none is burnt, all are made on the other one."""
    order(studio.sandbox.url, "accounts", email=studio.account("studio").email, credits=0)
    order(studio.sandbox.url, "accounts", email=studio.account("night").email, credits=500)
    jobs = studio.ask(count=20)
    for _ in range(40):
        studio.dispatch()
        for job in Job.objects.filter(state="running"):
            studio.finish(job)
        studio.look()
        if not Job.objects.filter(state__in=["queued", "submitting", "running"]).exists():
            break
    assert {state(job) for job in jobs} == {"collecting"}
    assert {job.ran_on.email for job in jobs} == {studio.account("night").email}
    assert [studio.charged(job) for job in jobs] == [1] * 20


def test_writing_down_the_same_answer_twice_changes_nothing(studio: Studio) -> None:
    (job,) = studio.ask()
    studio.dispatch()
    job.refresh_from_db()
    record = api_clients.of_token(studio.token).job(job.jobid)
    before = job.story.count()
    responses.write_down(responses.Sent(job, job.ran_on, job.pk), record)
    assert state(job) == "running"
    assert job.story.count() == before


@pytest.mark.parametrize("with_record", [False, True])
def test_a_late_refusal_says_nothing_of_a_later_call(studio: Studio, with_record: bool) -> None:
    """Of a claim that was over: the job is being sent anew, and that call may be charged."""
    (job,) = studio.ask(account=studio.account("studio"))
    claim = fair_order.claim_next(studio.subscription)
    assert claim
    record = JobRecord.parse({"jobid": "job:late", "status": "failed", "errorCode": "moderation_reject"})
    late = errors.RenderFailed("No.", record=record) if with_record else errors.Declined("No.")
    responses.write_down(responses.Sent(job, studio.account("studio"), uuid.uuid4()), late)
    assert state(job) == "submitting"
    responses.write_down(responses.Sent(job, studio.account("studio"), claim[2]), late)
    assert state(job) == "failed"
