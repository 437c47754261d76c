"""Whose token pays for a queued job, when the one that was to pay can't any more; and that nothing is sent with it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts import memberships, tokens
from apps.accounts.models import ApiToken, Lending, Membership, MonthlyCredits, Role, Team, User
from apps.accounts.models.lending import OPERATIONS, Terms
from apps.accounts.models.monthly_credits import month_of
from apps.generation.job_pages import panel
from apps.generation.jobs import decisions, transitions
from apps.generation.jobs.requests import JobRequest
from apps.generation.models import Job, JobEvent, State
from apps.generation.queue import fair_order, payers, wait_reasons
from tests.generation.conftest import Studio, member, state, with_token

pytestmark = [pytest.mark.databases, pytest.mark.django_db(transaction=True)]


@dataclass
class Lent:
    """A team of which the owner, mara, lends her token; jonas has none."""

    studio: Studio
    jonas: User
    ada: Membership  # another owner

    @property
    def token(self) -> ApiToken:
        return self.studio.token

    def ask(self, operation: str = "music", *, by: User | None = None, count: int = 1) -> list[Job]:
        request = JobRequest(
            team=self.studio.team,
            by=by or self.jonas,
            token=self.token,
            account=None,
            operation=operation,
            params={"prompt": "a drone [slow]"},
            count=count,
            nonce=uuid.uuid4(),
        )
        return request.ask()

    def lend(self, token: ApiToken | None = None, **terms: object) -> None:
        values = {"monthly_cap": 100, "operations": tuple(OPERATIONS)} | terms
        token = token or self.token
        Lending.lend(token, Terms(**values), by=token.owner)  # type: ignore[arg-type]

    def counts(self) -> dict[str, int]:
        """Credits by whose token they count against, "" for the team's."""
        rows = MonthlyCredits.objects.filter(team=self.studio.team, member=None)
        return {
            each.token.owner.short_name if each.token else "": each.credits for each in rows if each.credits
        }

    def said(self, job: Job) -> str:
        around = panel.surroundings(self.ada)
        shown = panel.of_page(self.studio.team, job.pk)
        assert shown
        return wait_reasons.reason(
            shown, around.creators, around.slots, 1, timezone.now(), lent=around.lent
        ).text


@pytest.fixture
def lent(studio: Studio) -> Lent:
    owner = member(studio.team, "ada@nightbus.example", Role.OWNER)
    ada = Membership.objects.select_related("user", "team").get(user=owner)
    found = Lent(studio, member(studio.team, "jonas@nightbus.example"), ada)
    found.lend()
    return found


def second(lent: Lent, owner: User) -> ApiToken:
    """Another person's token of the same subscription."""
    return with_token(lent.studio.sandbox, lent.studio.team, owner, "user:1000-sandboxother").token


def here(lent: Lent) -> Membership:
    return Membership.objects.select_related("user", "team").get(user=lent.studio.user)


def stopped(lent: Lent) -> None:
    Lending.objects.get(token=lent.token).stop(by=lent.studio.user)


def for_others(lent: Lent) -> None:
    lent.lend(members=(lent.ada,))


def for_something_else(lent: Lent) -> None:
    lent.lend(operations=("lyrics", "stems"))


def refused(lent: Lent) -> None:
    lent.token.refuse(at=timezone.now(), reason="")


def removed(lent: Lent) -> None:
    tokens.remove(lent.token, by=lent.studio.user)


def only_listens(lent: Lent) -> None:
    memberships.change_role(here(lent), Role.VIEWER, by=lent.ada)


def has_left(lent: Lent) -> None:
    memberships.remove(here(lent), by=lent.ada)


def is_locked_out(lent: Lent) -> None:
    User.objects.filter(pk=lent.studio.user.pk).update(is_active=False)


ENDINGS: dict[Callable[[Lent], None], str] = {
    stopped: "mara has stopped lending the token that was to pay. It continues with a token that jonas adds",
    for_others: "mara lends the token that was to pay to others now.",
    for_something_else: "mara no longer lends the token that was to pay for this: “Song”.",
    refused: "useapi.net no longer accepts mara’s token, and mara has to enter the new one.",
    removed: "mara’s token, which was to pay, was removed.",
    only_listens: "mara has become a viewer, or has left",
    has_left: "mara has become a viewer, or has left",
    is_locked_out: "mara has become a viewer, or has left",
}


@pytest.mark.every_case
@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.__name__)
def test_what_is_queued_gets_another_payer_and_what_runs_arrives(
    lent: Lent, ending: Callable[[Lent], None]
) -> None:
    """Nothing is sent with it from then on. What waits says why, and goes on with the asker's own token."""
    (running,) = lent.ask()
    assert lent.studio.dispatch() == 1
    (queued,) = lent.ask()
    assert lent.counts() == {"": 10, "mara": 10}
    ending(lent)
    assert (payers.find(), lent.studio.dispatch(), state(queued)) == (0, 0, "queued")
    assert ENDINGS[ending] in lent.said(queued)
    if ending in {refused, removed, is_locked_out}:
        second(lent, member(lent.studio.team, "nele@nightbus.example"))  # by which the team may still read
    lent.studio.finish(running)
    lent.studio.look()
    assert state(running) == State.COLLECTING
    own = second(lent, lent.jonas)
    assert payers.find() == 1
    queued.refresh_from_db()
    assert (queued.token, queued.paid_by, lent.counts().get("")) == (own, lent.jonas, 10)
    assert lent.counts().get("mara", 0) == (0 if ending is removed else 5), (
        "its own credits count for no lent token"
    )
    assert lent.studio.dispatch() == 1
    assert lent.studio.charged(queued) == 1


def test_the_askers_own_goes_first_then_one_that_has_enough_left(lent: Lent) -> None:
    (job,) = lent.ask()
    nele = second(lent, member(lent.studio.team, "nele@nightbus.example"))
    ada = second(lent, lent.ada.user)
    lent.lend(nele, monthly_cap=3)
    stopped(lent)
    assert payers.find() == 0
    assert wait_reasons.CAPPED in lent.said(job)
    lent.lend(ada)
    assert payers.find() == 1
    job.refresh_from_db()
    assert (job.token, job.wait_reason, lent.counts()) == (ada, "", {"": 5, "ada": 5})
    own = second(lent, lent.jonas)
    assert payers.find() == 0, "whoever pays and can pays on"
    Lending.objects.get(token=ada).stop(by=lent.ada.user)
    assert payers.find() == 1
    job.refresh_from_db()
    assert (job.token, lent.counts()) == (own, {"": 5})
    assert list(JobEvent.objects.filter(job=job).order_by("pk").values_list("text", flat=True))[-2:] == [
        "From now on ada’s token pays.",
        "Paid with the new token.",
    ]


@pytest.mark.parametrize("requested", ["last month", "before there were caps"])
def test_a_lender_who_takes_over_is_asked_for_the_cap_of_now(lent: Lent, requested: str) -> None:
    (job,) = lent.ask()
    if requested == "last month":
        Job.objects.update(counted_in=date(2025, 1, 1))
        MonthlyCredits.objects.update(month=date(2025, 1, 1))
    else:
        Job.objects.update(counted_in=None, counted_credits=0)
        MonthlyCredits.objects.all().delete()
    stopped(lent)
    ada = second(lent, lent.ada.user)
    lent.lend(ada, monthly_cap=4)
    assert [payers.find(), payers.find()] == [0, 0]
    lent.lend(ada, monthly_cap=5)
    assert payers.find() == 1
    job.refresh_from_db()
    assert (job.token, job.counted_in, job.counted_credits) == (ada, month_of(), 5)
    assert lent.counts() == {"": 5, "ada": 5}
    assert set(MonthlyCredits.objects.exclude(credits=0).values_list("month", flat=True)) == {month_of()}


def test_what_fits_is_paid_beside_what_does_not_and_words_are_written_once(
    lent: Lent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two songs fit, the third doesn't, the picture behind it is free. A few transactions a tick."""
    *_, third = lent.ask(count=3)
    (picture,) = lent.ask("image")
    nele = second(lent, member(lent.studio.team, "nele@nightbus.example"))
    ada = second(lent, lent.ada.user)
    lent.lend(ada, monthly_cap=12)
    lent.lend(nele, monthly_cap=3)
    stopped(lent)
    monkeypatch.setattr(payers, "AT_ONCE", 4)
    assert [payers.find(), payers.find()] == [2, 1]
    with CaptureQueriesContext(connection) as captured:
        assert payers.find() == 0
    begun = [query for query in captured.captured_queries if query["sql"].startswith("BEGIN")]
    assert len(begun) == 2, "each of the two tokens was asked once, and no words were written"
    picture.refresh_from_db()
    assert (picture.token, state(third)) == (ada, State.QUEUED)
    assert f"{wait_reasons.CAPPED} 2 of 12 credits." in lent.said(third)


def test_a_replaced_token_goes_on_as_it_was_lent(lent: Lent) -> None:
    (job,) = lent.ask()
    refused(lent)
    assert lent.studio.dispatch() == 0
    with_token(lent.studio.sandbox, lent.studio.team, lent.studio.user, "user:1000-sandboxnew")
    assert lent.studio.dispatch() == 1
    assert (state(job), lent.counts()) == ("running", {"": 5, "mara": 5})


def test_nothing_is_sent_that_was_claimed_when_lending_stopped(lent: Lent) -> None:
    (job,) = lent.ask()
    claimed = fair_order.claim_next(lent.studio.subscription)
    assert claimed
    stopped(lent)
    assert not transitions.mark_sent(claimed[0], claimed[2], hook_hash="")
    assert not Job.objects.get(pk=job.pk).sent_at


def test_what_one_paid_for_oneself_is_not_moved_to_others_and_their_tokens_stay_theirs(lent: Lent) -> None:
    """mara's own jobs go on when she stops lending. Nothing of another team pays, though it shares the subscription."""
    (job,) = lent.ask(by=lent.studio.user)
    stopped(lent)
    assert (payers.find(), lent.counts()) == (0, {"": 5})
    elsewhere = with_token(
        lent.studio.sandbox,
        Team.objects.create(name="Elsewhere"),
        member_of_elsewhere(),
        "user:1000-sandboxelse",
    )
    assert elsewhere.subscription == lent.studio.subscription
    lent.lend(elsewhere.token)
    removed(lent)
    assert (payers.find(), lent.studio.dispatch(), state(job)) == (0, 0, "queued")


def member_of_elsewhere() -> User:
    return User.objects.create_user("eve@elsewhere.example")


def test_a_retry_is_paid_by_whoever_may_pay_for_it(lent: Lent) -> None:
    (job,) = lent.ask()
    assert decisions.remove(job, by=lent.jonas)
    assert lent.counts() == {}
    new = decisions.retry(job, by=lent.jonas)
    assert new
    assert (new.token, new.paid_by, lent.counts()) == (lent.token, lent.studio.user, {"": 5, "mara": 5})
    assert decisions.remove(new, by=lent.jonas)
    for_something_else(lent)
    assert decisions.retry(new, by=lent.jonas) is None
