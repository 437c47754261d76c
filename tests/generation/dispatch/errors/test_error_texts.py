"""What a clean answer means and says: errors in the remote side's own words, waits that end, slots that come free."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import FlowAccount, Subscription
from apps.generation.models import Job
from apps.generation.queue import blocked_accounts, slots
from tests.generation.conftest import Studio, state
from tests.generation.dispatch.test_statuses import seen
from tests.generation.pages import signed_in
from tests.generation.relay import Relay
from tests.page import Page
from tests.sandbox_control import order

pytestmark = pytest.mark.django_db(transaction=True)

MUSIC = "POST /music"
BROKEN = {"error": "Internal trouble at the studio", "code": 500}


def sent(studio: Studio, **params: object) -> Job:
    (job,) = studio.ask(account=studio.account("studio"))
    if params:
        Job.objects.filter(pk=job.pk).update(params={**job.params, **params})
    studio.dispatch()
    job.refresh_from_db()
    return job


def text_of(studio: Studio, job: Job) -> str:
    shown = seen(studio, job)
    return " ".join([shown.text, shown.subtitle, shown.quote])


def labels(studio: Studio, job: Job) -> list[str]:
    return [action.label for action in seen(studio, job).actions]


# 404


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (404, {"error": "Route POST /music not found", "code": 404}, "Route POST /music not found"),
        (404, b"<html>not here</html>", "did not accept this"),
        (404, b"", "did not accept this"),
        (410, {"error": "That was moved"}, "That was moved"),
    ],
)
def test_a_404_of_a_post_is_a_refusal_and_says_nothing_of_the_account(
    studio: Studio, relay: Relay, status: int, body: object, words: str
) -> None:
    relay.say(MUSIC, status, body)
    job = sent(studio)
    assert job.state == "rejected"
    assert text_of(studio, job).count(words) == 1, "said once is enough"
    assert studio.account("studio").block == ""
    assert studio.dispatch() == 0
    assert (relay.calls.count(MUSIC), studio.charged(job)) == (1, 0)


def test_an_account_that_is_gone_by_its_own_address_holds_the_job_back_without_end_of_sending(
    studio: Studio, relay: Relay
) -> None:
    relay.say(MUSIC, 404, {"error": "account not configured"})
    order(studio.sandbox.url, "accounts", email=studio.account("studio").email, remove=True)
    job = sent(studio)
    assert (job.state, studio.account("studio").block) == ("queued", "gone")
    for _ in range(3):
        FlowAccount.objects.update(block_until=timezone.now() - timedelta(seconds=1))
        blocked_accounts.recheck(studio.account("studio").pk)
        studio.dispatch()
    assert relay.calls.count(MUSIC) == 1


def test_where_the_account_cannot_be_asked_about_it_is_a_refusal_too(studio: Studio, relay: Relay) -> None:
    relay.say(MUSIC, 404, {"error": "no"})
    relay.say(f"GET /accounts/{studio.account('studio').email}", 503, {"error": "later"})
    job = sent(studio)
    assert (job.state, studio.account("studio").block) == ("rejected", "")


# What came instead of a result


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, BROKEN, "responded with an error: “Internal trouble at the studio”"),
        (
            503,
            {"error": {"code": "x", "message": "Down for an hour"}},
            "responded with an error: “Down for an hour”",
        ),
        (408, {"error": "Took too long"}, "responded with an error: “Took too long”"),
        (502, b"<html>Bad gateway</html>", "responded with a web page"),
        (504, b"", "responded with an error without saying which"),
        (302, b"", "pointed to another address"),
        (201, {"id": 7}, "can't be used"),
    ],
)
def test_words_say_what_came_and_the_state_stays_unknown(
    studio: Studio, relay: Relay, status: int, body: object, words: str
) -> None:
    relay.say(MUSIC, status, body)
    job = sent(studio)
    assert job.state == "unknown"
    said = text_of(studio, job)
    assert words in said
    assert "got lost" not in said
    assert "connection" not in said
    assert "may have cost credits" in said
    assert words in " ".join(job.story.values_list("text", flat=True))
    assert studio.dispatch() == 0
    assert relay.calls.count(MUSIC) == 1


def test_a_103_before_the_201_is_read_over(studio: Studio, relay: Relay) -> None:
    relay.responses[MUSIC] = lambda conn, _request: conn.sendall(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.1 201 Created\r\n"
        b"Content-Type: application/json\r\nContent-Length: 80\r\n\r\n"
        + b'{"jobid": "job:aaaabbbb-cccc-4ddd-8eee-ffff99990000-user:1-a@b.c-bot:flowmusic"}'
    )
    assert sent(studio).state == "running"


# Slots


def full(studio: Studio) -> FlowAccount:
    FlowAccount.objects.filter(email__startswith="studio").update(max_jobs=1)
    return studio.account("studio")


def test_after_a_clean_error_the_slot_is_free_with_the_next_list(studio: Studio, relay: Relay) -> None:
    relay.say(MUSIC, 500, BROKEN)
    account = full(studio)
    job = sent(studio)
    (following,) = studio.ask(account=account)
    del relay.responses[MUSIC]
    assert (job.state, studio.dispatch()) == ("unknown", 0)
    said = text_of(studio, following)
    assert "On studio@ it is not known what became of one song. Its slot is reserved" in said
    relay.say("GET /jobs", 200, {account.email: {"running": 0, "maxJobs": 1, "jobs": []}})
    studio.look()
    assert studio.dispatch() == 1
    assert (state(job), state(following)) == ("unknown", "running")
    assert studio.charged(job) == 0


def test_while_the_list_shows_a_job_that_nobody_knows_the_slot_is_kept(studio: Studio, relay: Relay) -> None:
    relay.say(MUSIC, 500, BROKEN)
    account = full(studio)
    job = sent(studio)
    studio.ask(account=account)
    running = {"running": 1, "maxJobs": 1, "jobs": [{"jobid": "job:of-somebody"}]}
    relay.say("GET /jobs", 200, {account.email: running})
    studio.look()
    assert (state(job), studio.dispatch()) == ("unknown", 0)


def test_a_broken_connection_keeps_its_slot_as_long_as_before(studio: Studio, relay: Relay) -> None:
    """It may still be on its way through the remote side: a list that doesn't show it proves nothing."""
    relay.responses[MUSIC] = lambda _conn, _request: None
    account = full(studio)
    job = sent(studio)
    studio.ask(account=account)
    relay.say("GET /jobs", 200, {account.email: {"running": 0, "maxJobs": 1, "jobs": []}})
    studio.look()
    assert (state(job), studio.dispatch()) == ("unknown", 0)
    (found,) = [each for each in slots.of_subscriptions([account.subscription_id]) if each.account == account]
    assert (found.lost, found.free) == (1, 0)
    Job.objects.filter(pk=job.pk).update(unknown_since=timezone.now() - timedelta(minutes=16))
    assert studio.dispatch() == 1


def test_a_list_asked_for_before_the_error_frees_nothing(studio: Studio, relay: Relay) -> None:
    relay.say(MUSIC, 500, BROKEN)
    account = full(studio)
    job = sent(studio)
    Job.objects.filter(pk=job.pk).update(unknown_since=timezone.now() + timedelta(seconds=5))
    studio.look()
    studio.ask(account=account)
    job.refresh_from_db()
    assert (job.times_checked, studio.dispatch()) == (0, 0)


# Waiting


@pytest.mark.parametrize(
    "error", ["All 3 FlowMusic accounts are at their maxJobs concurrency limit", "Slow down"]
)
def test_a_day_of_waiting_is_a_quarter_of_an_hour_and_can_be_cut_short(
    studio: Studio, relay: Relay, error: str
) -> None:
    relay.say(MUSIC, 429, {"error": error, "code": 429}, Retry_After="86400")
    job = sent(studio)
    (other,) = studio.ask(account=studio.account("studio"))
    waits = [job.not_before, studio.subscription.blocked_until, studio.account("studio").block_until]
    latest = timezone.now() + timedelta(minutes=15)
    assert all(each <= latest for each in waits if each)
    clock = f"at {timezone.localtime(job.not_before):%H:%M}"
    assert f"Trying again {clock}" in seen(studio, job).text, "in a narrow card only the text has room for it"
    assert f"Trying again {clock}" in seen(studio, other).text
    assert "Try now" in labels(studio, job)
    assert "Try now" in labels(studio, other)
    del relay.responses[MUSIC]
    assert studio.dispatch() == 0
    signed_in(studio).post(f"/jobs/{job.pk}/try-now/")
    studio.dispatch()
    assert (state(job), state(other)) == ("running", "running")
    assert (studio.charged(job), relay.calls.count(MUSIC)) == (1, 3)


def test_what_is_tried_too_early_waits_again_and_costs_nothing(studio: Studio, relay: Relay) -> None:
    relay.say(MUSIC, 429, {"error": "Slow down", "code": 429}, Retry_After="600")
    job = sent(studio)
    for _ in range(3):
        signed_in(studio).post(f"/jobs/{job.pk}/try-now/")
        studio.dispatch()
    assert (state(job), studio.charged(job)) == ("queued", 0)
    assert job.not_before


@pytest.mark.parametrize("found", ["running", "unknown", "rejected", "cancelled", "completed", "submitting"])
def test_only_what_waits_can_be_tried(studio: Studio, relay: Relay, found: str) -> None:
    (job,) = studio.ask()
    Job.objects.filter(pk=job.pk).update(state=found)
    Subscription.objects.update(blocked_until=timezone.now() + timedelta(minutes=5))
    signed_in(studio).post(f"/jobs/{job.pk}/try-now/")
    assert state(job) == found
    assert studio.subscription.blocked_until
    assert MUSIC not in relay.calls


def test_an_ended_subscription_is_not_tried_by_it(studio: Studio) -> None:
    """That is mended under Tokens: there is nothing to wait for."""
    (job,) = studio.ask()
    until = timezone.now() + timedelta(minutes=5)
    Subscription.objects.update(blocked_reason="It has ended.", blocked_until=until)
    assert "Try now" not in labels(studio, job)
    signed_in(studio).post(f"/jobs/{job.pk}/try-now/")
    assert studio.subscription.blocked_until == until


# A model that isn't known there


def test_a_refused_model_leads_to_the_form_with_default(studio: Studio, relay: Relay) -> None:
    relay.say(MUSIC, 400, {"error": "Parameter model (lyria-3.5) is not supported", "code": 400})
    job = sent(studio, model="lyria-3.5")
    (action,) = [each for each in seen(studio, job).actions if "Default" in each.label]
    page = Page(signed_in(studio).get(action.url))
    assert page.value("model") == ""
    assert page.value("prompt") == job.params["prompt"]


def test_another_refusal_offers_no_other_model(studio: Studio, relay: Relay) -> None:
    relay.say(MUSIC, 400, {"error": "Parameter prompt is required", "code": 400})
    job = sent(studio, model="lyria-3.5")
    assert not [label for label in labels(studio, job) if "Default" in label]
