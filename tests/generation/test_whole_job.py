"""A job's life against the sandbox, from the request to two playable takes."""

import uuid

import pytest

from apps.generation.jobs import decisions
from apps.generation.jobs.requests import JobRequest
from apps.generation.models import JobEvent, PanelVersion
from tests.generation.conftest import Studio, state
from tests.generation.pages import signed_in
from tests.page import Element, Page

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_the_request_to_two_takes(studio: Studio) -> None:
    (job,) = studio.ask()
    assert studio.dispatch() == 1
    assert state(job) == "running"
    assert str(job.jobid).startswith("job:")
    studio.look()
    assert state(job) == "running"
    studio.finish(job)
    studio.look()
    assert state(job) == "collecting"
    studio.save_files(job)
    assert state(job) == "completed"
    takes = list(job.song.takes.all())
    assert [take.letter for take in takes] == ["A", "B"]
    assert all(len(take.peaks) == 384 and max(take.peaks) > 50 for take in takes)
    assert studio.charged(job) == 1


@pytest.mark.long
def test_a_take_plays_the_same_from_its_job_as_from_the_library(studio: Studio) -> None:
    (job,) = studio.ask()
    studio.dispatch()
    studio.finish(job)
    studio.look()
    studio.save_files(job)
    in_panel, in_library = played_on(studio, "/jobs/panel/"), played_in_library(studio)
    first, second = in_panel
    assert [said | {"data-other": None} for said in in_panel] == [
        said | {"data-other": None} for said in in_library
    ]
    assert (first["data-other"], second["data-other"]) == (second["data-clip"], first["data-clip"])
    assert all(take[name] for take in in_panel for name in take if name != "data-play")


def played_on(studio: Studio, address: str) -> list[dict[str, str | None]]:
    """What the page tells the player about each take."""
    told = [said_by(each) for each in Page(signed_in(studio).get(address)).all("a")]
    return [each for each in told if "data-play" in each]


def played_in_library(studio: Studio) -> list[dict[str, str | None]]:
    """The same where a button leaves to its row what all of the song have in common."""
    songs = [each for each in Page(signed_in(studio).get("/library/")).all("li") if each["data-song"]]
    told = [
        said_by(song) | said_by(take) | said_by(take.one("a", class_="btn-play"))
        for song in songs
        for take in song.all("div", class_="take")
    ]
    return [{name: each for name, each in said.items() if name != "data-song"} for said in told]


def said_by(element: Element) -> dict[str, str | None]:
    return {name: said for name, said in element.attributes.items() if name.startswith("data-")}


@pytest.mark.long
def test_the_story_tells_every_step(studio: Studio) -> None:
    (job,) = studio.ask()
    studio.dispatch()
    studio.finish(job)
    studio.look()
    studio.save_files(job)
    states = list(JobEvent.objects.filter(job=job).values_list("state", flat=True))
    assert states == ["queued", "submitting", "submitting", "running", "collecting", "completed"]


def test_every_step_changes_the_panel(studio: Studio) -> None:
    versions = [PanelVersion.of(studio.team)]
    (job,) = studio.ask()
    versions.append(PanelVersion.of(studio.team))
    studio.dispatch()
    versions.append(PanelVersion.of(studio.team))
    decisions.cancel(job, by=studio.user)
    versions.append(PanelVersion.of(studio.team))
    assert versions == sorted(set(versions))


def test_a_song_that_ends_with_one_take_is_kept(studio: Studio) -> None:
    (job,) = studio.ask("a drone [one take]")
    studio.dispatch()
    studio.finish(job)
    studio.look()
    assert state(job) == "collecting"
    assert job.song.takes.count() == 1


def test_what_flow_music_would_not_make_is_failed_with_words(studio: Studio) -> None:
    (job,) = studio.ask("like that famous band [moderated]")
    studio.dispatch()
    studio.finish(job)
    studio.look()
    assert state(job) == "failed"
    assert job.error_code == "moderation_reject"
    assert "Leave out names" in job.error_text


def test_a_queued_job_is_removed_at_once(studio: Studio) -> None:
    (job,) = studio.ask()
    assert decisions.cancel(job, by=studio.user)
    assert state(job) == "cancelled"
    assert studio.dispatch() == 0
    assert studio.charged(job) == 0


def test_a_running_job_is_stopped_at_the_remote_side(studio: Studio) -> None:
    (job,) = studio.ask()
    studio.dispatch()
    decisions.cancel(job, by=studio.user)
    studio.look()
    studio.look()
    assert state(job) == "cancelled"
    assert studio.sandbox.requests("DELETE") == {"DELETE /jobs/{jobid}": 1}


def test_a_song_that_was_ready_before_the_stop_is_kept(studio: Studio) -> None:
    (job,) = studio.ask()
    studio.dispatch()
    studio.finish(job)
    decisions.cancel(job, by=studio.user)
    studio.look()
    assert state(job) == "collecting"


def test_a_form_sent_twice_makes_its_jobs_once(studio: Studio) -> None:
    request = {"team": studio.team, "by": studio.user, "token": studio.token, "account": None}
    nonce = uuid.uuid4()
    first = JobRequest(**request, operation="music", params={"prompt": "x"}, count=3, nonce=nonce).ask()
    again = JobRequest(**request, operation="music", params={"prompt": "x"}, count=3, nonce=nonce).ask()
    assert [job.pk for job in first] == [job.pk for job in again]
