"""A monthly cap that leaves too little room: nothing is sent, nothing typed lost, and the part that fits is offered."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from apps.accounts import cap_words
from apps.accounts.caps import CapReached
from apps.accounts.models import Lending, Membership, MonthlyCredits, Role, Team
from apps.accounts.models.monthly_credits import month_of
from apps.generation.edits import chains
from apps.generation.jobs import counted_credits, decisions, transitions
from apps.generation.models import Chain, Job, State, Sweep
from apps.generation.sweeps import runner
from tests.generation.conftest import Studio, member, state
from tests.generation.edits.edit_forms import FORMS, address, row
from tests.generation.edits.test_chains import COVER, EXTEND, make
from tests.generation.pages import BACKEND, send, signed_in
from tests.page import Element, Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]


def cap(studio: Studio, credits: int | None) -> None:
    Membership.objects.filter(team=studio.team, user=studio.user).update(monthly_cap=credits)


def counted(studio: Studio) -> dict[tuple[int | None, object], int]:
    """By person and token."""
    counts = MonthlyCredits.objects.filter(team=studio.team, month=month_of())
    return {
        (person, token): credits
        for person, token, credits in counts.values_list("member", "token", "credits")
    }


def pay_button(page: Page) -> Element:
    (found,) = (each for each in page.all("button") if "data-pay" in each.attributes)
    return found


@pytest.fixture
def jonas(studio: Studio) -> Studio:
    """A member who has no token but the one that mara lends."""
    Lending.objects.create(
        token=studio.token, monthly_cap=1000, operations=Lending.joined(FORMS | {"music": 0})
    )
    return Studio(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"), studio.token)


@pytest.mark.parametrize("scope", ["team", "member", "token"])
def test_words_beside_the_count_and_the_part_that_fits(studio: Studio, jonas: Studio, scope: str) -> None:
    """Of each kind of cap: whose it is, by how much it is over, and who can raise it."""
    member(studio.team, "ada@nightbus.example", Role.ADMIN)
    Team.objects.update(monthly_cap=17 if scope == "team" else 900)
    Membership.objects.update(monthly_cap=17 if scope == "member" else 800)
    Lending.objects.update(monthly_cap=17 if scope == "token" else 700)
    with pytest.raises(CapReached) as reached:
        jonas.ask(count=10)
    assert reached.value.cap.scope == scope
    assert not Job.objects.exists()
    assert not MonthlyCredits.objects.exists()
    assert len(jonas.ask(count=3)) == 3
    whose = {"team": "the team’s cap", "member": "your cap", "token": "the cap of mara’s token"}[scope]
    who = "mara" if scope == "token" else "mara or ada"
    words = cap_words.refusal(reached.value, songs=10, reader=jonas.user)
    assert words.words.startswith(
        f"This is 48 credits over {whose} of 17 credits a month, of which 2 are left. {who} can raise it. It begins"
    )
    assert words.words.endswith(", 00:00 UTC.")
    assert (words.fits, words.is_readers) == (0, False)


def test_the_song_form_keeps_what_was_typed_and_offers_the_part(studio: Studio) -> None:
    cap(studio, 17)
    form = {"prompt": "slow disco, 96 bpm", "count": "10", "nonce": str(uuid.uuid4())}
    answer = send(studio, **form)
    page = Page(answer)
    assert answer.status_code == 422
    assert not Job.objects.exists()
    assert page.wrong("count").startswith(
        "This is 33 credits over your cap of 17 credits a month, of which 17 are left."
    )
    assert "You can raise it." in page.wrong("count")
    assert (page.value("prompt"), page.value("count")) == ("slow disco, 96 bpm", "10")
    part = page.one("button", name="part")
    assert "Create 3 of 10" in part.text
    assert "15 credits" in part.text
    answers = [send(studio, **form, part=part["value"]) for _ in range(2)]
    assert [each.status_code for each in answers] == [302, 302], "a double click"
    assert list(Job.objects.values_list("batch_size", flat=True)) == [3, 3, 3]
    assert counted(studio) == {(None, None): 15, (studio.user.pk, None): 15}
    assert near_line(studio) == "2 of your 17 credits left this month."
    cap(studio, 30)
    assert near_line(studio) == "", "half of it is left, enough for what is typed"
    cap(studio, 17)
    again = Page(send(studio, prompt="more"))
    assert again.status == 422
    assert again.all("button", name="part") == []
    assert "3 credits over" in again.wrong("count")


def near_line(studio: Studio) -> str:
    """What the page says before the click; "" where it doesn't show it."""
    page = Page(signed_in(studio).get("/create/"))
    line = next(each for each in page.all("p", role="status") if "data-cap-line" in each.attributes)
    return "" if "hidden" in line.attributes else line.text.strip()


@pytest.mark.parametrize("operation", ["extend", "remix", "stems"])
def test_an_edit_stays_in_its_drawer(studio: Studio, operation: str) -> None:
    take = row(studio)
    cap(studio, 4)
    client, form = signed_in(studio), FORMS[operation][0] | {"nonce": str(uuid.uuid4())}
    opened = Page(client.get(address(take, operation)))
    assert "This is 1 credit over your cap of 4 credits a month" in opened.one(id="pay-why").text
    assert "disabled" in pay_button(opened).attributes
    answer = client.post(address(take, operation), form)
    assert answer.status_code == 422
    assert "1 credit over your cap" in Page(answer).notice
    for name in set(form) - {"nonce"}:
        assert Page(answer).value(name).split() == form[name].split()
    assert not Job.objects.exists()


def test_a_retry_says_why_not_and_leaves_the_first_as_it_was(studio: Studio) -> None:
    (job,) = studio.ask()
    Job.objects.filter(pk=job.pk).update(
        state=State.UNKNOWN, unknown_since=timezone.now(), sent_at=timezone.now()
    )
    cap(studio, 9)
    answer = signed_in(studio).post(f"/jobs/{job.pk}/retry/", {"nonce": str(uuid.uuid4())})
    assert answer.status_code == 422
    assert "1 credit over your cap" in Page(answer).notice
    assert (state(job), Job.objects.count()) == (State.UNKNOWN, 1)
    cap(studio, 10)
    assert decisions.retry(job, by=studio.user)
    assert counted(studio)[studio.user.pk, None] == 10


def test_what_was_removed_comes_back_only_where_it_fits(studio: Studio) -> None:
    """To a page, and to the live panel as a toast."""
    (job,) = studio.ask()
    decisions.remove(job, by=studio.user)
    cap(studio, 4)
    client = signed_in(studio)
    for headers in ({}, {"HX-Request": "true", "HX-Target": "panel"}):
        answer = client.post(f"/jobs/{job.pk}/undo-removal/", headers=headers, follow=not headers)
        assert "Not everything is back in the queue. This is 1 credit over your cap" in Page(answer).text, (
            headers
        )
    assert Job.objects.get().state == State.CANCELLED
    cap(studio, 5)
    client.post(f"/jobs/{job.pk}/undo-removal/")
    assert Job.objects.get(state=State.QUEUED).counted_credits == 5


def test_a_chain_offers_its_first_steps_and_waits_for_room(studio: Studio) -> None:
    like, take = studio.take(), row(studio)
    longer = make(studio, studio.ask_for("extend", source=like, instruction="an outro", extend_s=5))
    covered = make(studio, studio.ask_for("cover", source=longer, instruction="bossa nova"))
    spent = counted(studio)[None, None]
    page_address = f"/library/clips/{covered.pk}/chain/"
    client, fields = signed_in(studio), {"target": str(take.pk), "nonce": str(uuid.uuid4())}
    cap(studio, spent + 9)
    page = Page(client.get(f"{page_address}?target={take.pk}"))
    assert "1 credit over your cap" in page.one(id="chain-why").text
    assert "Apply 1 of 2 steps" in page.one("button", name="part").text
    assert client.post(page_address, fields).status_code == 422
    assert not Chain.objects.exists()
    answers = [client.post(page_address, fields | {"part": "1"}) for _ in range(2)]
    (chain,) = Chain.objects.all()
    assert {answer["Location"] for answer in answers} == {f"/jobs/chains/{chain.pk}/"}
    assert chain.steps.count() == 1
    assert counted(studio)[studio.user.pk, None] == spent + 5


def test_a_chain_under_way_stops_with_words_and_is_resumed(studio: Studio) -> None:
    take, client = studio.take(), signed_in(studio)
    plan = chains.ChainPlan(
        team=studio.team,
        by=studio.user,
        made_like=take,
        target=take,
        steps=[EXTEND, COVER],
        nonce=uuid.uuid4(),
    )
    chain = plan.start()
    make(studio, chain.steps.get(number=1).job)
    cap(studio, 12)
    studio.tick()
    studio.tick()
    page = Page(client.get(f"/jobs/chains/{chain.pk}/"))
    assert "Step 2 was not sent. This is 3 credits over mara’s cap of 12 credits a month" in page.notice
    client.post(f"/jobs/chains/{chain.pk}/resume/")
    chain.refresh_from_db()
    assert (chain.status, Job.objects.count()) == ("stopped", 2)
    cap(studio, 15)
    client.post(f"/jobs/chains/{chain.pk}/resume/")
    chain.refresh_from_db()
    assert (chain.status, chain.text, Job.objects.count()) == ("running", "", 3)


def test_variations_stop_with_words_and_are_resumed(studio: Studio) -> None:
    client = signed_in(studio)
    form = {
        "prompt": ["a waltz [short]", "a drone [short]"],
        "count": "2",
        "cap": "100",
        "nonce": str(uuid.uuid4()),
    }
    cap(studio, 7)
    address = client.post("/create/sweeps/", form | {"none": "1"}).headers["Location"]
    page = Page(client.get(address))
    assert (
        "All 4 don’t fit. This is 13 credits over your cap of 7 credits a month"
        in page.one(id="pay-why").text
    )
    assert "Create 1 of 4 songs" in pay_button(page).text
    client.post(f"{address}start/", {"as_of": page.value("as_of")})
    sweep = Sweep.objects.get()
    runner.step(str(sweep.pk))
    sweep.refresh_from_db()
    assert (sweep.phase, sweep.ended, Job.objects.count()) == ("stopped", "month", 1)
    assert "The next song was not sent. This is 3 credits over your cap" in Page(client.get(address)).text
    cap(studio, 20)
    assert "There is room again: it can be resumed." in Page(client.get(address)).text
    client.post(f"{address}resume/", {"cap": "100"})
    runner.step(str(sweep.pk))
    assert Job.objects.count() == 3
    assert counted(studio)[studio.user.pk, None] == 15


def test_what_is_certainly_not_spent_is_released_once(studio: Studio) -> None:
    """Removed, whoever comes twice. Unknown and lost keep theirs; removed and found after all counts again."""
    first, second, third = studio.ask(count=3)
    own = (studio.user.pk, None)
    for _ in range(2):
        decisions.remove(Job.objects.get(pk=first.pk), by=studio.user)
        counted_credits.release(first)
    assert counted(studio)[own] == 10
    Job.objects.filter(pk=second.pk).update(state=State.SUBMITTING, sent_at=timezone.now())
    transitions.lose(second, "no answer")
    assert counted(studio)[own] == 10
    decisions.mark_as_lost(second, by=studio.user)
    assert counted(studio)[own] == 10
    Job.objects.filter(pk=third.pk).update(restored_at=timezone.now())
    decisions.remove(third, by=studio.user)
    assert counted(studio)[own] == 5
    third.refresh_from_db()
    counted_credits.count_again(third)
    counted_credits.count_again(Job.objects.get(pk=third.pk))
    assert counted(studio) == {(None, None): 10, own: 10}


def test_a_month_begins_at_midnight_utc(studio: Studio) -> None:
    """What is corrected or released later moves the figure of the month in which it was requested."""
    cap(studio, 5)
    with time_machine.travel(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), tick=False) as clock:
        (old,) = studio.ask()
        with pytest.raises(CapReached) as reached:
            studio.ask()
        words = cap_words.refusal(reached.value, reader=studio.user).words
        assert "It begins anew on 1 January, 00:00 UTC." in words
        clock.shift(timedelta(seconds=1))
        (new,) = studio.ask()
        counted_credits.correct(old, 7)
    assert (old.counted_in, new.counted_in) == (date(2026, 12, 1), date(2027, 1, 1))
    own = MonthlyCredits.objects.filter(member=studio.user).order_by("month")
    assert list(own.values_list("month", "credits")) == [(date(2026, 12, 1), 7), (date(2027, 1, 1), 5)]


def test_free_ones_need_no_room(studio: Studio) -> None:
    cap(studio, 0)
    client = Client()
    client.force_login(studio.user, backend=BACKEND)
    image = {"prompt": "a harbour", "nonce": str(uuid.uuid4())}
    assert client.post("/create/image/", image).status_code == 302
    assert not MonthlyCredits.objects.exists()
