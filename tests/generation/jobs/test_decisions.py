"""What people decide about jobs, and that no decision pays twice by accident."""

import uuid

import pytest
from django.utils import timezone

from apps.accounts.models import FlowAccount, Membership, Role, User
from apps.generation.jobs import decisions, endings, poll_times, transitions
from apps.generation.models import Job, SeenJob, State
from apps.generation.queue import blocked_accounts, payers
from tests.generation.conftest import Studio, member, state, with_token
from tests.sandbox_control import order

pytestmark = pytest.mark.django_db(transaction=True)


def unknown(studio: Studio) -> Job:
    (job,) = studio.ask()
    Job.objects.filter(pk=job.pk).update(
        state=State.UNKNOWN, unknown_since=timezone.now(), sent_at=timezone.now()
    )
    job.refresh_from_db()
    return job


def test_making_it_again_closes_the_lost_one(studio: Studio) -> None:
    job = unknown(studio)
    new = decisions.retry(job, by=studio.user)
    assert new
    assert (state(job), new.state, new.retry_of_id) == ("abandoned", "queued", job.pk)
    assert new.reference != job.reference
    assert new.params == job.params


def test_what_was_closed_and_is_found_after_all_is_kept_beside_what_was_asked_for_in_its_place(
    studio: Studio,
) -> None:
    """Both were paid for. A request may have one living retry; the one that is found stands by itself."""
    first = unknown(studio)
    second = decisions.retry(first, by=studio.user)
    assert second
    Job.objects.filter(pk=second.pk).update(state=State.UNKNOWN, sent_at=timezone.now())
    second.refresh_from_db()
    assert decisions.mark_as_lost(second, by=studio.user)
    (third,) = studio.ask()
    Job.objects.filter(pk=third.pk).update(retry_of=first)
    assert endings.start_collecting(second)
    assert (state(second), second.retry_of_id, state(third)) == ("collecting", None, "queued")


def test_a_second_click_gives_the_same_new_job(studio: Studio) -> None:
    job = unknown(studio)
    first = decisions.retry(job, by=studio.user)
    again = decisions.retry(Job.objects.get(pk=job.pk), by=studio.user)
    assert first == again
    assert Job.objects.count() == 2


def test_a_page_that_is_sent_again_later_does_not_pay_again(studio: Studio) -> None:
    """Not even when what it made has ended meanwhile."""
    (job,) = studio.ask()
    Job.objects.update(state=State.FAILED, finished_at=timezone.now())
    nonce = uuid.uuid4()
    new = decisions.retry(Job.objects.get(pk=job.pk), by=studio.user, nonce=nonce)
    assert new
    Job.objects.filter(pk=new.pk).update(state=State.FAILED, finished_at=timezone.now())
    assert decisions.retry(Job.objects.get(pk=job.pk), by=studio.user, nonce=nonce) == new
    assert Job.objects.count() == 2


def test_what_was_found_while_somebody_decided_is_not_paid_again(studio: Studio) -> None:
    job = unknown(studio)
    stale = Job.objects.get(pk=job.pk)
    transitions.accept(job, "job:found-user:1000-studio@sandbox.example-bot:flowmusic")
    assert decisions.retry(stale, by=studio.user) is None
    assert Job.objects.count() == 1


def test_one_marked_as_lost_that_turns_up_after_all_is_collected(studio: Studio) -> None:
    (job,) = studio.ask("a drone [slow]")
    studio.dispatch()
    Job.objects.update(state=State.UNKNOWN, unknown_since=timezone.now(), jobid=None)
    SeenJob.objects.all().delete()
    job.refresh_from_db()
    assert decisions.mark_as_lost(job, by=studio.user)
    poll_times.panel_is_open(studio.team)
    studio.look()  # its record is read by its reference, and it is still being made
    job.refresh_from_db()
    assert job.state == "abandoned"
    assert job.jobid
    studio.finish(job)
    Job.objects.update(check_at=timezone.now())
    studio.look()
    assert state(job) == "collecting"


def test_a_completed_song_is_not_retried_by_its_card(studio: Studio) -> None:
    (job,) = studio.ask()
    Job.objects.update(state=State.COMPLETED)
    job.refresh_from_db()
    assert decisions.retry(job, by=studio.user) is None


def test_making_it_again_needs_a_token_of_ones_own(studio: Studio) -> None:
    job = unknown(studio)
    priya = member(studio.team, "priya@nightbus.example")
    assert decisions.retry(job, by=priya) is None
    with_token(studio.sandbox, studio.team, priya)
    new = decisions.retry(job, by=priya)
    assert new
    assert new.token.owner == priya


@pytest.mark.parametrize(
    ("role", "own", "may"),
    [
        (Role.OWNER, False, True),
        (Role.ADMIN, False, True),
        (Role.MEMBER, True, True),
        (Role.MEMBER, False, False),
        (Role.VIEWER, False, False),
        (Role.VIEWER, True, False),
    ],
)
def test_who_may_decide(studio: Studio, role: Role, own: bool, may: bool) -> None:
    person = member(studio.team, "jonas@nightbus.example", role)
    (job,) = studio.ask()
    Job.objects.update(asked_by=person if own else studio.user)
    job.refresh_from_db()
    assert Membership.objects.get(user=person).may_decide(job.asked_by_id) is may


def test_keeping_back_and_going_on(studio: Studio) -> None:
    (job,) = studio.ask()
    assert decisions.pause(job, True, by=studio.user)
    assert studio.dispatch() == 0
    assert decisions.pause(job, False, by=studio.user)
    assert studio.dispatch() == 1


def test_an_account_that_is_gone_does_not_burn_the_batch(studio: Studio) -> None:
    """What was meant for it goes to the other one; what must run there waits until it is back."""
    gone = studio.account("studio")
    order(studio.sandbox.url, "accounts", email=gone.email, remove=True)
    free, fixed = studio.ask("a drone [slow]")[0], studio.ask("a drone [slow]", account=gone)[0]
    for _ in range(3):
        studio.dispatch()
    assert (state(free), state(fixed)) == ("running", "queued")
    assert free.ran_on == studio.account("night")
    order(studio.sandbox.url, "accounts", email=gone.email, credits=500, maxJobs=4)
    FlowAccount.objects.update(block_until=timezone.now())
    blocked_accounts.recheck(gone.pk)
    studio.dispatch()
    assert state(fixed) == "running"


def test_what_waits_for_a_payer_goes_on_with_the_askers_next_token(studio: Studio) -> None:
    (job,) = studio.ask("a drone [slow]")
    studio.token.delete()
    assert studio.dispatch() == 0
    with_token(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"))
    assert payers.find() == 0  # somebody else's token doesn't pay for it
    with_token(studio.sandbox, studio.team, studio.user)
    assert payers.find() == 1
    studio.dispatch()
    assert state(job) == "running"


@pytest.mark.parametrize("gone", ["left the team", "only listens", "deactivated"])
def test_the_token_of_somebody_who_is_gone_sends_nothing_more(studio: Studio, gone: str) -> None:
    (job,) = studio.ask("a drone [slow]")
    if gone == "left the team":
        Membership.objects.filter(user=studio.user).delete()
    elif gone == "only listens":
        Membership.objects.filter(user=studio.user).update(role=Role.VIEWER)
    else:
        User.objects.filter(pk=studio.user.pk).update(is_active=False)
    assert studio.dispatch() == 0
    assert (state(job), studio.charged(job)) == ("queued", 0)
