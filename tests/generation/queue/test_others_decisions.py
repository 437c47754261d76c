"""What an owner or admin decides about somebody else's job: who asked for it sees who it was, and it stays theirs."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEntry, Membership, Role, Team
from apps.generation.jobs import decisions
from apps.generation.models import Job, JobEvent, State
from apps.generation.queue import fair_order
from tests.generation.conftest import Studio, member, state, with_token
from tests.generation.pages import BACKEND
from tests.page import Page

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


def browser_of(person: Studio) -> Client:
    client = Client()
    client.force_login(person.user, backend=BACKEND)
    return client


@pytest.fixture
def ada(studio: Studio) -> Studio:
    """An admin of Mara's team, without a token."""
    return Studio(
        studio.sandbox, studio.team, member(studio.team, "ada@nightbus.example", Role.ADMIN), studio.token
    )


@pytest.fixture
def jonas(studio: Studio) -> Studio:
    return with_token(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"))


def put(job: Job, **columns: object) -> None:
    Job.objects.filter(pk=job.pk).update(**columns)


def card_for(person: Studio, job: Job) -> Page:
    """The job's card in the panel of that person."""
    return Page(browser_of(person).get("/jobs/panel/")).one("article", data_job=str(job.pk))


RUNNING = {"state": State.RUNNING, "jobid": "job:1", "sent_at": timezone.now(), "accepted_at": timezone.now()}
# What the admin does: the row before, the address, what the card and the story say, its state and line in the trail.
DECISIONS = {
    "pause": ({}, "pause", "Paused by ada, until it is resumed.", "Paused by ada.", "queued", ""),
    "resume": ({"paused": True}, "resume", "", "Resumed by ada.", "queued", ""),
    "remove": (
        {},
        "remove",
        "Removed from the queue by ada. Nothing spent.",
        "Removed from the queue by ada. Nothing spent.",
        "cancelled",
        "job removed from the queue",
    ),
    "cancel": (RUNNING, "cancel", "Being cancelled by ada.", "Cancelled by ada.", "running", "job cancelled"),
    "lose": (
        {"state": State.UNKNOWN, "sent_at": timezone.now(), "unknown_since": timezone.now()},
        "mark-lost",
        "Marked as lost by ada.",
        "Marked as lost by ada.",
        "abandoned",
        "job marked as lost",
    ),
}


@pytest.mark.every_case
@pytest.mark.parametrize("name", DECISIONS)
def test_who_asked_sees_who_decided(jonas: Studio, ada: Studio, name: str) -> None:
    row, address, on_card, in_story, after, audited = DECISIONS[name]
    (job,) = jonas.ask()
    put(job, **row)
    assert browser_of(ada).post(f"/jobs/{job.pk}/{address}/").status_code == 302
    assert state(job) == after
    assert on_card in card_for(jonas, job).text
    assert in_story in Page(browser_of(jonas).get(f"/jobs/{job.pk}/")).text
    line = AuditEntry.objects.filter(team=jonas.team, by=ada.user).first()
    assert (line.action if line else "") == audited


@pytest.mark.parametrize("decide", [decisions.remove, decisions.cancel])
def test_a_decision_stands_with_its_line_or_not_at_all(
    studio: Studio, decide: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the process is killed between the two."""
    (job,) = studio.ask()
    if decide is decisions.cancel:
        put(job, **RUNNING)
        job.refresh_from_db()
    before, told = job.state, JobEvent.objects.count()

    def killed(*_: object, **__: object) -> None:
        raise SystemExit

    monkeypatch.setattr(Team, "note", killed)
    with pytest.raises(SystemExit):
        decide(job, by=studio.user)
    job = Job.objects.get(pk=job.pk)
    assert (job.state, job.cancel_requested_at, JobEvent.objects.count()) == (before, None, told)


def test_what_another_removed_needs_attention_until_it_is_dismissed(
    studio: Studio, jonas: Studio, ada: Studio
) -> None:
    """Of whoever requested it alone; the songs of one form are one card. What they removed themselves is no news."""
    songs, own = jonas.ask("many", count=3), jonas.ask("own")[0]
    decisions.remove(own, by=jonas.user)
    browser_of(ada).post(f"/jobs/{songs[0].pk}/remove/?all=1")
    mine = Page(browser_of(jonas).get("/jobs/panel/"))
    needs = mine.one(data_group="needs")
    assert len(needs.all("article")) == 1
    assert "3 songs" in needs.text
    assert "Removed from the queue by ada." in needs.text
    assert needs.all("article", data_job=str(own.pk)) == []
    listed = Page(browser_of(jonas).get("/jobs/?state=needs")).all(data_state="cancelled")
    assert {each["data-job"] for each in listed} == {str(song.pk) for song in songs}
    for other in (studio, ada):
        assert Page(browser_of(other).get("/jobs/panel/")).all(data_group="needs") == []
    put(songs[0], finished_at=timezone.now() - timezone.timedelta(days=2))
    put(songs[1], finished_at=timezone.now() - timezone.timedelta(days=2))
    dismiss = f"/jobs/{songs[0].pk}/dismiss/?all=1"
    assert dismiss in browser_of(jonas).get("/jobs/panel/").content.decode(), "two days later, too"
    browser_of(jonas).post(dismiss)
    assert Page(browser_of(jonas).get("/jobs/panel/")).all(data_group="needs") == []


def test_whoever_removed_it_puts_it_back_and_it_stays_the_askers(
    studio: Studio, jonas: Studio, ada: Studio
) -> None:
    first, job, last = (jonas.ask(prompt)[0] for prompt in "abc")
    order = [first.pk, job.pk, last.pk]
    assert [each.pk for each in fair_order.in_order(jonas.subscription)] == order
    undo = f"/jobs/{job.pk}/undo-removal/"
    browser_of(ada).post(f"/jobs/{job.pk}/remove/")
    assert undo in browser_of(ada).get("/jobs/panel/").content.decode()
    shown = browser_of(jonas).get("/jobs/panel/").content.decode()
    assert undo not in shown
    assert f"/jobs/{job.pk}/retry/" in shown
    assert browser_of(jonas).post(undo).status_code == 403
    for _ in range(2):
        assert browser_of(ada).post(undo).status_code == 302
    new = job.retries.get()
    assert (new.asked_by, new.token, new.state) == (jonas.user, jonas.token, "queued")
    order[1] = new.pk
    assert [each.pk for each in fair_order.in_order(jonas.subscription)] == order
    assert new.story.last().text == "Back in the queue: ada undid its removal."
    assert Page(browser_of(jonas).get("/jobs/panel/")).all(data_group="needs") == []


@pytest.mark.parametrize("since", ["retry", "dismiss"])
def test_what_its_asker_has_decided_since_is_not_undone(jonas: Studio, ada: Studio, since: str) -> None:
    """A song is made already, or none is wanted any more: another one would be their money."""
    (job,) = jonas.ask()
    decisions.remove(job, by=ada.user)
    page, undo = f"/jobs/{job.pk}/", f"/jobs/{job.pk}/undo-removal/"
    assert undo in browser_of(ada).get(page).content.decode()
    assert browser_of(jonas).post(f"/jobs/{job.pk}/{since}/").status_code == 302
    made = list(job.retries.all())
    job.retries.update(state=State.COMPLETED)
    for shown in (page, "/jobs/", "/jobs/?state=closed"):
        assert undo not in browser_of(ada).get(shown).content.decode()
    assert browser_of(ada).post(undo).status_code == 302
    assert decisions.put_back(job, token=jonas.token, by=ada.user) == next(iter(made), None)
    assert list(job.retries.all()) == made


def test_only_who_requested_it_dismisses_what_another_ended(jonas: Studio, ada: Studio) -> None:
    """An admin can't take the news away of what they did."""
    removed, lost = jonas.ask("a")[0], jonas.ask("b")[0]
    decisions.remove(removed, by=ada.user)
    put(lost, state=State.ABANDONED, decided_by=ada.user, finished_at=timezone.now())
    for job in (removed, lost):
        dismiss = f"/jobs/{job.pk}/dismiss/"
        assert dismiss not in browser_of(ada).get("/jobs/panel/").content.decode()
        assert browser_of(ada).post(f"{dismiss}?all=1").status_code == 403
        assert dismiss in browser_of(jonas).get("/jobs/panel/").content.decode()
        assert browser_of(jonas).post(dismiss).status_code == 302
    assert not Job.objects.filter(hidden_at=None).exists()


def test_an_admin_undoes_what_another_admin_removed_of_theirs(studio: Studio, ada: Studio) -> None:
    (job,) = studio.ask()
    decisions.remove(job, by=ada.user)
    for shown in ("/jobs/panel/", f"/jobs/{job.pk}/"):
        page = browser_of(studio).get(shown).content.decode()
        assert f"/jobs/{job.pk}/undo-removal/" in page
        assert f"/jobs/{job.pk}/retry/" in page


def test_what_its_own_person_removed_nobody_else_puts_back(jonas: Studio, ada: Studio) -> None:
    """It would be paid with their money."""
    (job,) = jonas.ask()
    decisions.remove(job, by=jonas.user)
    undo = f"/jobs/{job.pk}/undo-removal/"
    assert undo not in browser_of(ada).get("/jobs/panel/").content.decode()
    assert browser_of(ada).post(undo).status_code == 403
    assert browser_of(jonas).post(undo).status_code == 302
    assert job.retries.get().asked_by == jonas.user


def test_songs_removed_together_are_put_back_together(jonas: Studio, ada: Studio) -> None:
    songs = jonas.ask("many", count=3)
    browser_of(ada).post(f"/jobs/{songs[0].pk}/remove/?all=1")
    browser_of(ada).post(f"/jobs/{songs[0].pk}/undo-removal/?all=1")
    back = Job.objects.filter(state=State.QUEUED)
    assert sorted(back.values_list("retry_of", "batch_index")) == sorted(
        (song.pk, song.batch_index) for song in songs
    )


@pytest.mark.parametrize("gone", ["token", "person", "role"])
def test_what_nobody_pays_for_any_more_stays_removed(jonas: Studio, ada: Studio, gone: str) -> None:
    (job,) = jonas.ask()
    decisions.remove(job, by=ada.user)
    here = Membership.objects.filter(user=jonas.user)
    {"token": jonas.token.delete, "person": here.delete, "role": lambda: here.update(role=Role.VIEWER)}[
        gone
    ]()
    answer = browser_of(ada).post(f"/jobs/{job.pk}/undo-removal/", follow=True)
    assert "This can’t be undone" in answer.content.decode()
    assert job.retries.count() == 0


def test_an_admin_is_told_whose_song_it_is_before_they_decide(jonas: Studio, ada: Studio) -> None:
    (job,) = jonas.ask()
    for what in ("remove", "cancel"):
        words = "jonas requested it, and is told that you did this."
        assert words in Page(browser_of(ada).get(f"/jobs/{job.pk}/{what}/")).text
        assert words not in Page(browser_of(jonas).get(f"/jobs/{job.pk}/{what}/")).text
