"""After a restored backup: what every page says, and what an owner or admin decides, for one job or for all."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEntry, Role
from apps.generation.jobs import decisions
from apps.generation.models import Hold, Job, LostSongSearch, State
from apps.generation.recovery import adoption, candidates
from apps.generation.restore import guard
from apps.generation.restore import page as restore_page
from apps.generation.restore.marks import Mark
from tests.generation.conftest import Studio, member, state
from tests.generation.pages import signed_in
from tests.page import Element, Page

pytestmark = [pytest.mark.django_db, pytest.mark.long]
PAGE = "/jobs/restored/"


@pytest.fixture
def client(studio: Studio) -> Client:
    return signed_in(studio)


def as_another(studio: Studio, email: str, role: Role) -> Client:
    person = member(studio.team, email, role)
    return signed_in(Studio(studio.sandbox, studio.team, person, studio.token))


def restored(studio: Studio, count: int = 2, *, marks: int = 0) -> list[Job]:
    jobs = studio.ask(count=count)
    at = timezone.now()
    sent = [Mark(n, at, studio.team.pk.hex, job.pk.hex) for n, job in enumerate(jobs[:marks], start=1)]
    guard.hold([*sent, Mark(marks + 1, at, studio.team.pk.hex, "f" * 32)] if marks else [])
    return jobs


def post(client: Client, do: str, *jobs: Job) -> str:
    """What is said afterwards."""
    answer = client.post(PAGE, {"do": do, "job": [str(job.pk) for job in jobs]}, follow=True)
    assert answer.status_code == 200
    return Page(answer).one("main").text


def searched(*jobs: Job, clips: list[dict[str, object]] | None = None) -> None:
    for job in jobs:
        LostSongSearch.objects.update_or_create(
            job=job, defaults={"found_at": timezone.now(), "clips": clips or []}
        )
        Job.objects.filter(pk=job.pk).update(times_checked=1)


def clip(**more: object) -> dict[str, object]:
    return {"clip_id": "clip:9", "title": "A waltz", "since": True, "lyrics": "", **more}


def is_chosen(row: Element) -> bool:
    return "checked" in row.one("input").attributes


@pytest.mark.parametrize("address", ["/", "/library/", "/jobs/", "/flow-accounts/", "/create/"])
def test_every_page_says_so_while_it_is_held(studio: Studio, client: Client, address: str) -> None:
    chief = as_another(studio, "chief@nightbus.example", Role.ADMIN)
    listener = as_another(studio, "zoe@nightbus.example", Role.VIEWER)
    asker = as_another(studio, "ada@nightbus.example", Role.MEMBER)
    assert Page(client.get(address, follow=True)).all(data_held="1") == []
    restored(studio, marks=1)
    for who, decides in ((client, True), (chief, True), (asker, False), (listener, False)):
        answer = who.get(address, follow=True)
        if answer.status_code == 403:
            continue
        (banner,) = Page(answer).all(data_held="1")
        assert "Sending is paused: the database was restored from a backup." in banner.text
        assert "2 jobs were sent since" in banner.text
        assert ("An owner or admin of the team decides" in banner.text) != decides
        assert [link["href"] for link in banner.all("a")] == ([PAGE] if decides else [])
    guard.resume(studio.team, by=studio.user)
    assert Page(client.get(address, follow=True)).all(data_held="1") == []


def test_only_owners_and_admins_decide(studio: Studio) -> None:
    jobs = restored(studio)
    for role in (Role.MEMBER, Role.VIEWER):
        other = as_another(studio, f"{role}@nightbus.example", role)
        assert other.get(PAGE).status_code == 403
        for do in ("search", "requeue", "close", "resume"):
            assert other.post(PAGE, {"do": do, "job": jobs[0].pk}).status_code == 403
    assert state(jobs[0]) == State.UNKNOWN
    assert Hold.objects.filter(team=studio.team).exists()
    assert "2 jobs to decide" in Page(as_another(studio, "x@y.example", Role.ADMIN).get(PAGE)).text


def test_what_the_page_says_of_each(studio: Studio, client: Client) -> None:
    marked, other = restored(studio, marks=1)
    page = Page(client.get(PAGE))
    first, second = page.all("li", class_="adopt-row restored-row")
    assert "Sent " in first.text
    assert "There is no record that it was sent, but it may have been." in second.text
    assert "Not searched for yet." in second.text
    text = page.one("main").text
    assert "One of them was requested after the backup" in text
    assert "then paid for twice" in text
    searched(marked, clips=[clip()])
    searched(other)
    first, second = Page(client.get(PAGE)).all("li", class_="adopt-row restored-row")
    assert "1 song at Flow Music may be this one." in first.text
    assert "No song found that could be this one" in second.text


def test_all_are_searched_for_and_those_not_found_requeued(studio: Studio, client: Client) -> None:
    jobs = restored(studio, count=3)
    assert "Search Flow Music first" in post(client, "requeue", *jobs)
    post(client, "search", *jobs)
    assert LostSongSearch.objects.filter(found_at=None).count() == 3
    assert "Searching…" in Page(client.get(PAGE)).text
    studio.look()
    for job in jobs:
        assert candidates.search(str(job.pk))
    searched(jobs[0], clips=[clip()])
    assert "Requeued: 2." in post(client, "requeue", *jobs)
    assert [state(job) for job in jobs] == [State.UNKNOWN, State.QUEUED, State.QUEUED]
    assert AuditEntry.objects.filter(action="job requeued").count() == 2
    assert "Sending is resumed." in post(client, "resume")
    # One of them is still to be decided, and is not sent.
    studio.dispatch()
    assert [studio.charged(job) for job in jobs] == [0, 1, 1]
    assert "One job to decide" in Page(client.get(PAGE)).text


def test_one_that_is_chosen_alone_is_requeued_in_any_case(studio: Studio, client: Client) -> None:
    first, second = restored(studio)
    searched(first, clips=[clip()])
    assert "Requeued: 1." in post(client, "requeue", first)
    assert [state(first), state(second)] == [State.QUEUED, State.UNKNOWN]


def test_songs_of_no_date_and_no_sign_may_be_it(studio: Studio, client: Client) -> None:
    """A list has no dates, and a restored database knows no newer song that could tell."""
    jobs = restored(studio, count=3)
    searched(jobs[0], clips=[clip(since=None), clip(clip_id="clip:8", since=False)])
    searched(*jobs[1:])
    first, second, _third = Page(client.get(PAGE)).all("li", class_="adopt-row restored-row")
    assert "1 song at Flow Music may be this one." in first.text
    assert [is_chosen(row) for row in (first, second)] == [False, True]
    assert "Requeued: 2." in post(client, "requeue", *jobs)
    assert state(jobs[0]) == State.UNKNOWN


def test_what_was_sent_for_certain_is_requeued_by_a_choice_of_its_own(studio: Studio, client: Client) -> None:
    marked, other, third = restored(studio, count=3, marks=1)
    searched(marked, other, third)
    (row, *_others) = Page(client.get(PAGE)).all("li", class_="adopt-row restored-row")
    assert "requeued only when it is chosen by itself" in row.text
    assert not is_chosen(row)
    assert "Requeued: 2." in post(client, "requeue", marked, other, third)
    assert [state(each) for each in (marked, other, third)] == [State.UNKNOWN, State.QUEUED, State.QUEUED]
    assert "Requeued: 1." in post(client, "requeue", marked)


def test_nothing_is_said_to_be_missing_before_its_record_was_looked_for(
    studio: Studio, client: Client
) -> None:
    jobs = restored(studio)
    searched(*jobs)
    Job.objects.update(times_checked=0)
    assert "Songs that are still running were not searched yet." in Page(client.get(PAGE)).text
    assert "Search Flow Music first" in post(client, "requeue", *jobs)


def test_a_search_that_is_not_whole_finds_nothing_missing(studio: Studio, client: Client) -> None:
    jobs = restored(studio)
    searched(*jobs)
    LostSongSearch.objects.update(problem=candidates.MORE_SONGS)
    assert "Search Flow Music first" in post(client, "requeue", *jobs)


def test_the_only_one_is_not_requeued_before_its_search(studio: Studio, client: Client) -> None:
    (job,) = restored(studio, count=1)
    assert "Search Flow Music first" in post(client, "requeue", job)
    assert state(job) == State.UNKNOWN


def test_marked_as_lost(studio: Studio, client: Client) -> None:
    jobs = restored(studio)
    assert "Marked as lost: 2." in post(client, "close", *jobs)
    assert [state(job) for job in jobs] == [State.ABANDONED] * 2
    assert "Every job is found or decided" in Page(client.get(PAGE)).text


@pytest.mark.parametrize("ids", [[], ["none"], ["00000000-0000-0000-0000-000000000000"]])
def test_nothing_chosen_decides_nothing(studio: Studio, client: Client, ids: list[str]) -> None:
    restored(studio)
    answer = client.post(PAGE, {"do": "requeue", "job": ids}, follow=True)
    assert "Choose at least one job." in answer.content.decode()


def test_a_stranger_decides_for_a_team_of_their_own(studio: Studio) -> None:
    (job,) = restored(studio, count=1)
    searched(job)
    stranger = member(type(studio.team).objects.create(name="Elsewhere"), "eve@elsewhere.example", Role.OWNER)
    eve = signed_in(Studio(studio.sandbox, stranger.memberships.get().team, stranger, studio.token))
    eve.post(PAGE, {"do": "requeue", "job": [str(job.pk)]})
    eve.post(PAGE, {"do": "resume"})
    assert state(job) == State.UNKNOWN
    assert Hold.objects.filter(team=studio.team).exists()
    assert job.params["prompt"] not in eve.get(PAGE).content.decode()


def test_synchronous_jobs_are_in_no_list_and_may_be_requeued(studio: Studio, client: Client) -> None:
    job = studio.ask_for("lyrics", prompt="a road trip")
    guard.hold()
    assert "in no list at Flow Music" in Page(client.get(PAGE)).text
    (each,) = restore_page.chosen(studio.team, [str(job.pk)])
    assert each.is_not_found
    assert "Requeued: 1." in post(client, "requeue", job)


def test_stems_wait_until_a_first_split_has_ended(studio: Studio) -> None:
    take = studio.take()
    job = studio.ask_for("stems", source=take)
    guard.hold()
    (each,) = restore_page.chosen(studio.team, [str(job.pk)])
    assert not each.is_not_found
    Job.objects.filter(pk=job.pk).update(restored_at=timezone.now() - Job.STEMS_SETTLE)
    (each,) = restore_page.chosen(studio.team, [str(job.pk)])
    assert each.is_not_found


def test_the_form_says_that_a_song_waits(studio: Studio, client: Client) -> None:
    told = "<span>Sending is paused.</span>"
    assert told not in client.get("/create/").content.decode()
    guard.hold()
    assert told in client.get("/create/").content.decode()


def test_what_was_cancelled_is_not_requeued_to_be_removed(studio: Studio, client: Client) -> None:
    jobs = restored(studio)
    searched(*jobs)
    assert decisions.cancel(jobs[0], by=studio.user)
    assert "It was cancelled, so it is not requeued." in Page(client.get(PAGE)).text
    assert "Requeued: 1." in post(client, "requeue", *jobs)
    assert "Nothing was requeued" in post(client, "requeue", jobs[0])
    assert [state(job) for job in jobs] == [State.UNKNOWN, State.QUEUED]


def test_requeued_and_removed_it_can_still_be_found(studio: Studio, client: Client) -> None:
    jobs = restored(studio)
    searched(*jobs)
    assert "Requeued: 2." in post(client, "requeue", *jobs)
    assert client.get(PAGE).content.decode().count("Requeued, and not sent yet.") == 2
    assert decisions.remove(jobs[0], by=studio.user)
    searched(jobs[0], clips=[clip()])
    assert adoption.may_adopt(jobs[0])
    adoption.adopt(jobs[0], ["clip:9"], by=studio.user)
    assert state(jobs[0]) == State.COLLECTING
    guard.resume(studio.team, by=studio.user)
    assert studio.dispatch() == 1
    assert (state(jobs[1]), jobs[1].restored_at) == (State.RUNNING, None)


def test_what_is_to_be_decided_is_never_left_out(
    studio: Studio, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = restored(studio, count=1)
    (later,) = restored(studio, count=1)
    assert decisions.mark_as_lost(later, by=studio.user)
    monkeypatch.setattr(restore_page, "MOST_SHOWN", 1)
    assert [each.job for each in restore_page.of_team(studio.team).jobs] == [first]
