"""A lost song is found among the clips of its account by a person, once, and by nobody else's loss."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import api_clients
from apps.accounts.models import Role, Team
from apps.generation.jobs import decisions
from apps.generation.models import Job, LostSongSearch, SeenJob, State
from apps.generation.polling import record_outcome
from apps.generation.recovery import adoption, candidates
from apps.generation.recovery.adoption import NotAdopted
from apps.generation.restore import guard
from apps.library.importing import actions, runner
from apps.library.models import Clip, Song
from apps.upstream.records import JobRecord
from tests.generation.conftest import Studio, member, state, with_token
from tests.generation.pages import BACKEND, signed_in
from tests.page import Page
from tests.sandbox_control import ask, order

pytestmark = pytest.mark.django_db(transaction=True)

LYRICS = (
    "[Verse]\nLast ferry home tonight, the harbour sleeps\n[Chorus]\nCopper rain and smoke over the water"
)


@pytest.fixture
def lost(studio: Studio) -> Job:
    """Made at the remote side, and nobody here knows: its answer got lost, and its record is gone."""
    return lose(studio, "a slow waltz, 90 bpm [short]", lyrics=LYRICS)


def lose(studio: Studio, prompt: str, **params: object) -> Job:
    (job,) = studio.ask(prompt)
    Job.objects.filter(pk=job.pk).update(params={"prompt": prompt, **params})
    studio.dispatch()
    studio.finish(job)
    Job.objects.filter(pk=job.pk).update(
        state=State.UNKNOWN, jobid=None, unknown_since=timezone.now() - Job.SEARCH_LASTS
    )
    SeenJob.objects.all().delete()
    job.refresh_from_db()
    return job


def look(job: Job) -> list[adoption.Candidate]:
    candidates.start_search(job, by=job.asked_by)
    assert candidates.due(timezone.now()) == [str(job.pk)], "should its message be lost"
    assert candidates.search(str(job.pk))
    assert not candidates.search(str(job.pk)), "once"
    return adoption.candidates(job, LostSongSearch.objects.get(job=job))


def page(studio: Studio, job: Job, **form: object) -> str:
    address = f"/jobs/{job.pk}/adopt/"
    answer = signed_in(studio).post(address, form) if form else signed_in(studio).get(address)
    return answer.content.decode() if answer.status_code != 302 else answer.headers["Location"]


@pytest.mark.long
def test_its_takes_are_shown_as_likely_and_become_its_song(studio: Studio, lost: Job) -> None:
    order(studio.sandbox.url, "clips", email=lost.ran_on.email, count=3, title="Another")
    assert "Search studio@" in Page(signed_in(studio).get(f"/jobs/{lost.pk}/adopt/")).text
    assert page(studio, lost, look="1") == f"/jobs/{lost.pk}/adopt/"
    assert "Reading the newest songs" in page(studio, lost)
    candidates.search(str(lost.pk))
    found = adoption.candidates(lost, lost.search)
    assert [each.is_likely for each in found] == [True, True, False, False, False]
    assert "the same lyrics" in found[0].reasons
    shown = page(studio, lost)
    assert shown.count('name="clip"') == 5
    assert found[0].title in shown
    assert page(studio, lost, clip=[each.clip_id for each in found[:2]]) == f"/jobs/{lost.pk}/"
    assert state(lost) == "collecting"
    assert [take.clip_id for take in lost.song.takes.all()] == [each.clip_id for each in found[:2]]
    assert (lost.song.prompt, lost.song.created_at) == (lost.params["prompt"], lost.created_at)
    assert lost.story.last().text == "Found by mara among the songs of the account."
    studio.save_files(lost)
    assert state(lost) == "completed"
    assert studio.charged(lost) == 1


def test_choosing_nothing_or_too_much_says_so_and_keeps_what_was_chosen(studio: Studio, lost: Job) -> None:
    order(studio.sandbox.url, "clips", email=lost.ran_on.email, count=1)
    found = look(lost)
    assert "Choose which one it is." in page(studio, lost, clip=[])
    shown = page(studio, lost, clip=[each.clip_id for each in found])
    assert "two takes at most" in shown
    assert len(re.findall(r"\schecked\b", shown)) == 3
    assert state(lost) == "unknown"


@pytest.mark.parametrize("how", ["closed", "stopped"])
def test_what_was_closed_or_stopped_can_be_found_too(studio: Studio, how: str) -> None:
    job = lose(studio, "a slow waltz [short]")
    if how == "closed":
        decisions.mark_as_lost(job, by=studio.user)
    else:
        Job.objects.update(
            state=State.CANCELLED, cancel_requested_at=timezone.now(), finished_at=timezone.now()
        )
        job.refresh_from_db()
    assert f"/jobs/{job.pk}/adopt/" in signed_in(studio).get("/jobs/").content.decode()
    take = look(job)[0]
    adoption.adopt(job, [take.clip_id], by=studio.user)
    assert (state(job), job.song.takes.count()) == ("collecting", 1)


def test_what_was_never_sent_or_is_synchronous_is_not_searched_for(studio: Studio) -> None:
    (dropped,) = studio.ask()
    decisions.remove(dropped, by=studio.user)
    assert not adoption.may_adopt(dropped)
    assert "not lost" in page(studio, dropped)
    stems = lose(studio, "x [short]")
    Job.objects.filter(pk=stems.pk).update(operation="stems")
    stems.refresh_from_db()
    assert not adoption.may_adopt(stems)


def test_two_people_who_find_it_at_once_get_one_song(studio: Studio, lost: Job) -> None:
    found = look(lost)
    other = Job.objects.get(pk=lost.pk)
    adoption.adopt(lost, [found[0].clip_id], by=studio.user)
    LostSongSearch.objects.create(
        job=other, clips=[{"clip_id": "user:1-a@b.example-clip:2"}], found_at=timezone.now()
    )
    with pytest.raises(NotAdopted, match="found in the meantime"):
        adoption.adopt(other, ["user:1-a@b.example-clip:2"], by=studio.user)
    assert Song.objects.count() == 1
    assert Clip.objects.count() == 1


def test_what_was_found_by_its_record_meanwhile_is_not_adopted(studio: Studio, lost: Job) -> None:
    found = look(lost)
    record_outcome.apply(Job.objects.get(pk=lost.pk), record_of(studio, lost))
    with pytest.raises(NotAdopted):
        adoption.adopt(lost, [found[0].clip_id], by=studio.user)
    assert state(lost) == "collecting"
    assert Song.objects.get().takes.count() == 2


def record_of(studio: Studio, job: Job) -> JobRecord:
    jobids = {each["replyRef"]: each["jobid"] for each in ask(studio.sandbox.url, "jobs")}
    return api_clients.of_token(studio.token).job(jobids[job.reference])


def test_its_record_turning_up_later_is_the_same_song(studio: Studio, lost: Job) -> None:
    adoption.adopt(lost, [each.clip_id for each in look(lost)[:2]], by=studio.user)
    record_outcome.apply(Job.objects.get(pk=lost.pk), record_of(studio, lost))
    lost.refresh_from_db()
    assert lost.jobid
    assert (lost.state, lost.incident, Song.objects.count()) == ("collecting", None, 1)


def test_a_clip_of_another_job_is_not_shown_and_cant_be_taken(studio: Studio, lost: Job) -> None:
    """Nor of another team's job on the same subscription."""
    elsewhere = Team.objects.create(name="Elsewhere")
    other = with_token(studio.sandbox, elsewhere, member(elsewhere, "eve@elsewhere.example", Role.OWNER))
    (theirs,) = other.ask("theirs [short]", account=lost.ran_on)
    other.dispatch()
    other.finish(theirs)
    before = {each.clip_id for each in look(lost)}
    other.look()
    assert state(theirs) == "collecting"
    ids = set(theirs.song.takes.values_list("clip_id", flat=True))
    assert ids < before, "they were in the list before anybody knew whose they are"
    assert not ids & {each.clip_id for each in adoption.candidates(lost, lost.search)}
    with pytest.raises(NotAdopted, match="another song"):
        adoption.adopt(lost, list(ids)[:1], by=studio.user)
    assert not ids & {each.clip_id for each in look(lost)}
    assert state(lost) == "unknown"


def test_a_take_that_a_record_says_is_anothers_goes_to_that_one(studio: Studio, lost: Job) -> None:
    (right,) = studio.ask("a polka [short]", account=lost.ran_on)
    studio.dispatch()
    studio.finish(right)
    record = record_of(studio, right)
    look(lost)
    adoption.adopt(lost, [clip.clip_id for clip in record.clips], by=studio.user)
    record_outcome.apply(Job.objects.get(pk=right.pk), record)
    assert (state(right), state(lost)) == ("collecting", "abandoned")
    assert right.song.prompt == "a polka [short]"
    assert lost.song is None
    assert right.song.takes.count() == len(record.clips)


def test_what_was_brought_in_becomes_part_of_the_song_and_can_be_heard_before(
    studio: Studio, lost: Job
) -> None:
    runner.walk(str(actions.begin(studio.team, lost.ran_on, by=studio.user).pk))
    found = look(lost)
    assert all(each.clip for each in found)
    song = adoption.adopt(lost, [each.clip_id for each in found[:2]], by=studio.user)
    assert set(Song.objects.all()) == {song}
    assert song.takes.count() == 2


def test_songs_made_before_it_was_sent_are_said_to_be_older(studio: Studio) -> None:
    studio.sandbox.world.state.execute("DELETE FROM clips")
    order(studio.sandbox.url, "clips", email=studio.account("studio").email, count=1, title="Old")
    (known,) = studio.ask("known [short]", account=studio.account("studio"))
    studio.dispatch()
    studio.finish(known)
    studio.look()
    Clip.objects.update(made_at=timezone.now() - 2 * candidates.WELL_BEFORE)
    job = lose(studio, "a waltz [short]")
    old = next(each for each in look(job) if each.title.startswith("Old"))
    assert (old.is_older, old.reasons) == (True, ["older than this"])


@pytest.mark.parametrize(
    ("most", "value", "said"),
    [
        ("MOST_CLIPS", 1, candidates.MORE_SONGS),
        ("MOST_PAGES", 1, candidates.MORE_SONGS),
        ("MOST_ACCOUNTS", 1, candidates.MORE_ACCOUNTS),
    ],
)
def test_a_search_that_is_cut_says_so(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, most: str, value: int, said: str
) -> None:
    """As it is read for a row from a backup, which knows no account."""
    order(studio.sandbox.url, "clips", email=studio.account("studio").email, count=105, title="Old")
    monkeypatch.setattr(candidates, "MOST_CLIPS", 1000)
    (job,) = studio.ask()
    guard.hold()
    monkeypatch.setattr(candidates, most, value)
    look(job)
    assert LostSongSearch.objects.get(job=job).problem == said


def test_of_each_account_what_may_be_it_is_kept_before_what_is_older(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = list(studio.subscription.flow_accounts.order_by("pk")[:2])
    studio.sandbox.world.state.execute("DELETE FROM clips")
    for account in accounts:
        order(studio.sandbox.url, "clips", email=account.email, count=3, title=f"Of {account.pk}")
    monkeypatch.setattr(candidates, "MOST_CLIPS", 3)
    (job,) = studio.ask()
    guard.hold()
    found = {each.title.rpartition(" ")[0] or each.title for each in look(job)}
    assert all(any(f"Of {account.pk}" in title for title in found) for account in accounts)
    older = [{"since": False, "n": 1}] * 3
    assert candidates._joined([*older, {"since": None, "n": 2}])[0]["n"] == 2


@pytest.mark.parametrize(
    ("error", "words"), [("refresh token rejected", "sign in again"), ("", "no longer accepts this token")]
)
def test_why_nothing_can_be_listed_is_said_in_plain_words(
    studio: Studio, lost: Job, error: str, words: str
) -> None:
    if error:
        order(studio.sandbox.url, "accounts", email=lost.ran_on.email, error=error)
    else:
        order(studio.sandbox.url, "scenario", operation="clips", scenario="401", times=5)
    look(lost)
    assert words in page(studio, lost)
    assert "Search again" in page(studio, lost)


def test_who_may_take_it(studio: Studio, lost: Job) -> None:
    found = look(lost)
    people = {
        403: member(studio.team, "jonas@nightbus.example"),
        404: member(Team.objects.create(name="Elsewhere"), "eve@elsewhere.example", Role.OWNER),
    }
    viewer = member(studio.team, "vera@nightbus.example", Role.VIEWER)
    for status, person in [*people.items(), (403, viewer)]:
        client = Client()
        client.force_login(person, backend=BACKEND)
        answer = client.post(f"/jobs/{lost.pk}/adopt/", {"clip": found[0].clip_id})
        assert answer.status_code == status
    assert state(lost) == "unknown"
