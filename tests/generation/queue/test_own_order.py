"""A person's own line: put in order, kept back, dropped, put back, stopped; nobody else's turn changes by it."""

import uuid

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Role, Team
from apps.generation.jobs import decisions
from apps.generation.models import Job, State
from apps.generation.operations import OPERATIONS
from apps.generation.queue import fair_order, own_order
from apps.library.models import Clip, LyricDraft, ReferenceFile, Song
from tests.generation.conftest import Studio, member, state, with_token
from tests.generation.pages import BACKEND, signed_in
from tests.page import Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]


def waiting(studio: Studio, *prompts: str) -> list[Job]:
    return [studio.ask(prompt)[0] for prompt in prompts]


def in_order(studio: Studio) -> list[str]:
    return [job.params["prompt"] for job in fair_order.in_order(studio.subscription)]


def own(studio: Studio) -> list[str]:
    jobs = Job.objects.filter(asked_by=studio.user, state="queued").order_by(*fair_order.OWN_ORDER)
    return [job.params["prompt"] for job in jobs]


def as_person(person: Studio) -> Client:
    client = Client()
    client.force_login(person.user, backend=BACKEND)
    return client


def address(job: Job, what: str) -> str:
    return f"/jobs/{job.pk}/{what}/"


def test_a_request_goes_before_or_behind_its_neighbour_or_to_the_front(studio: Studio) -> None:
    a, b, c, d = waiting(studio, "a", "b", "c", "d")
    browser = signed_in(studio)
    assert browser.post(address(c, "move"), {"before": b.pk}).status_code == 302
    assert in_order(studio) == ["a", "c", "b", "d"]
    browser.post(address(a, "move"), {"after": b.pk})
    assert in_order(studio) == ["c", "b", "a", "d"]
    browser.post(address(d, "move"), {"first": "1"})
    assert in_order(studio) == ["d", "c", "b", "a"]
    studio.ask("e")
    assert in_order(studio) == ["d", "c", "b", "a", "e"], "a new request goes to the end"
    assert d.story.last().text == "Moved in the queue by mara."


def test_a_neighbour_that_was_sent_meanwhile_moves_nothing(studio: Studio) -> None:
    _, b, c = waiting(studio, "a", "b", "c")
    Job.objects.filter(pk=b.pk).update(state=State.RUNNING)
    answer = signed_in(studio).post(address(c, "move"), {"before": b.pk}, follow=True)
    assert own(studio) == ["a", "c"]
    assert "changed in the meantime" in answer.content.decode()
    assert not own_order.move(b, by=studio.user), "what was sent is in no line"


def test_the_songs_of_one_form_move_together(studio: Studio) -> None:
    waiting(studio, "a")
    many = studio.ask("many", count=3)
    (z,) = waiting(studio, "z")
    signed_in(studio).post(address(many[0], "move"), {"after": z.pk, "all": "1"})
    assert own(studio) == ["a", "z", "many", "many", "many"]
    signed_in(studio).post(address(many[2], "move"), {"first": "1"})
    assert own(studio) == ["many", "a", "z", "many", "many"]


def test_synchronous_jobs_have_a_queue_of_their_own(studio: Studio) -> None:
    a, b = waiting(studio, "a", "b")
    Job.objects.filter(pk=a.pk).update(operation="lyrics")
    a.refresh_from_db()
    assert not own_order.move(b, by=studio.user, before=str(a.pk))
    assert own_order.move(b, by=studio.user)


def test_nobody_elses_place_changes_by_the_order_of_a_queue(studio: Studio) -> None:
    """Neither does whoever puts a request in front go before others, nor lose the turn of an old one."""
    jonas = with_token(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"))
    waiting(studio, "a")
    waiting(jonas, "x")
    (b,) = waiting(studio, "b")
    waiting(jonas, "y")
    assert in_order(studio) == ["a", "x", "b", "y"]
    own_order.move(b, by=studio.user)
    assert in_order(studio) == ["b", "x", "a", "y"]


def test_a_long_queue_of_one_hides_nobody(studio: Studio) -> None:
    jonas = with_token(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"))
    first = studio.ask("many", count=fair_order.CONSIDERED + 10)[0]
    own_order.move(first, by=studio.user)
    waiting(jonas, "x")
    assert in_order(studio)[1] == "x"


def test_who_may_move(studio: Studio) -> None:
    """Its person, and an owner or admin; not a team-mate, a viewer or a stranger. The table of URLs has the rest."""
    jonas = with_token(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"))
    a, b = waiting(studio, "a", "b")
    x, y = waiting(jonas, "x", "y")
    assert as_person(jonas).post(address(b, "move"), {"first": "1"}).status_code == 403
    assert own(studio) == ["a", "b"]
    assert signed_in(studio).post(address(y, "move"), {"first": "1"}).status_code == 302
    assert own(jonas) == ["y", "x"]
    assert not own_order.move(x, by=jonas.user, before=str(a.pk)), "never into another's line"
    stranger = member(Team.objects.create(name="Elsewhere"), "eve@elsewhere.example", Role.OWNER)
    client = Client()
    client.force_login(stranger, backend=BACKEND)
    assert client.post(address(b, "move"), {"first": "1"}).status_code == 404


def test_the_cards_know_their_neighbours(studio: Studio) -> None:
    a, b = waiting(studio, "a", "b")
    many = studio.ask("many", count=2)
    page = Page(signed_in(studio).get("/jobs/"))
    forms = page.all("form", aria_label="Place in the queue")
    assert len(forms) == 3
    values = [[button["value"] for button in form.all("button")] for form in forms]
    assert values[0] == ["1", "", str(b.pk)]
    assert values[1] == ["1", str(a.pk), str(many[1].pk)]
    assert values[2] == ["1", str(b.pk), ""]
    assert [form.all(name="all") != [] for form in forms] == [False, False, True]
    alone = Page(signed_in(studio).get("/jobs/?state=queued"))
    assert len(alone.all("form", aria_label="Place in the queue")) == 4


def test_all_of_a_persons_songs_are_paused_and_resumed(studio: Studio) -> None:
    jonas = with_token(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"))
    waiting(studio, "a", "b")
    waiting(jonas, "x")
    signed_in(studio).post("/jobs/pause/")
    assert in_order(studio) == ["x"]
    page = Page(signed_in(studio).get("/jobs/"))
    assert [each["id"] for each in page.all("button") if each["id"] in {"pause-mine", "resume-mine"}] == [
        "resume-mine"
    ]
    signed_in(studio).post("/jobs/resume/")
    assert sorted(in_order(studio)) == ["a", "b", "x"]


def test_what_waits_of_a_request_is_paused_or_removed_together_and_what_runs_continues(
    studio: Studio,
) -> None:
    many = studio.ask("many", count=3)
    Job.objects.filter(pk=many[0].pk).update(state=State.RUNNING, accepted_at=timezone.now())
    page = signed_in(studio).get("/jobs/").content.decode()
    assert "Remove the rest…" in page
    assert "Pause all" in page
    signed_in(studio).post(f"{address(many[1], 'pause')}?all=1")
    assert Job.objects.filter(paused=True).count() == 2
    assert "Resume all" in signed_in(studio).get("/jobs/").content.decode()
    asked = signed_in(studio).get(f"{address(many[1], 'remove')}?all=1").content.decode()
    assert "Remove these 2 songs from the queue?" in asked
    signed_in(studio).post(f"{address(many[1], 'remove')}?all=1")
    assert [state(job) for job in many] == ["running", "cancelled", "cancelled"]


def test_a_removal_can_be_undone_once_and_is_paid_once(studio: Studio) -> None:
    _, b, _ = waiting(studio, "a", "b", "c")
    browser = signed_in(studio)
    browser.post(address(b, "remove"))
    assert "Undo" in browser.get("/jobs/").content.decode()
    for _ in range(2):
        browser.post(address(b, "undo-removal"))
    assert in_order(studio) == ["a", "b", "c"], "where it stood"
    new = b.retries.get()
    assert (new.nonce == b.nonce, new.params) == (False, b.params)
    while studio.dispatch():
        pass
    assert studio.charged(b) == 0
    assert studio.charged(new) == 1
    browser.post(address(b, "undo-removal"))
    assert b.retries.count() == 1


def test_what_was_sent_while_somebody_removed_it_is_not_lost(studio: Studio) -> None:
    (job,) = studio.ask("a drone [slow]")
    studio.dispatch()
    answer = signed_in(studio).post(address(job, "remove"), follow=True)
    assert (state(job), job.cancel_requested_at) == ("running", None)
    assert "sent just now" in answer.content.decode()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_that_failed_can_be_asked_for_again_and_once(studio: Studio, operation: str) -> None:
    song = Song.objects.create(team=studio.team, created_at=timezone.now())
    clip = Clip.objects.create(team=studio.team, song=song, subscription=studio.subscription, clip_id="x")
    about = {
        "source": clip,
        "file": ReferenceFile.objects.create(
            team=studio.team, subscription=studio.subscription, kind="image", name="a.png"
        ),
        "lyric_draft": LyricDraft.objects.create(team=studio.team),
    }
    (job,) = studio.ask("x")
    Job.objects.update(
        operation=operation, state=State.FAILED, finished_at=timezone.now(), sent_at=timezone.now(), **about
    )
    browser = signed_in(studio)
    assert address(job, "retry") in browser.get("/jobs/").content.decode()
    page = Page(browser.get(address(job, "retry")))
    nonce = page.value("nonce")
    for _ in range(2):
        assert browser.post(address(job, "retry"), {"nonce": nonce}).status_code == 302
    new = job.retries.get()
    assert (new.nonce, new.state) == (uuid.UUID(nonce), "queued")
    job.refresh_from_db()
    assert new.request_fields() == job.request_fields()


@pytest.mark.parametrize(
    ("operation", "now", "words", "may"),
    [
        ("music", State.RUNNING, "are spent either way", True),
        ("extend", State.RUNNING, "frees the slot", True),
        ("stems", State.SUBMITTING, "can’t be cancelled", False),
        ("lyrics", State.UNKNOWN, "can’t be cancelled", False),
        ("music", State.COMPLETED, "nothing to cancel", False),
    ],
)
def test_stopping_says_what_it_saves_and_what_not(
    studio: Studio, operation: str, now: State, words: str, may: bool
) -> None:
    (job,) = studio.ask("x")
    Job.objects.update(operation=operation, state=now, sent_at=timezone.now(), jobid="job:1")
    page = signed_in(studio).get(address(job, "cancel")).content.decode()
    assert words in page
    assert ("Cancel job</button>" in page) == may
    signed_in(studio).post(address(job, "cancel"))
    job.refresh_from_db()
    assert (job.cancel_requested_at is not None) == may
    assert decisions.may_cancel(job) is False
