"""From what people choose to what the API gets: in order, one at a time, each choice for itself."""

import hashlib
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from apps.accounts.models import Team
from apps.generation.dispatch import api_calls
from apps.generation.models import Job
from apps.library.archiving import reference_copy, team_lock
from apps.library.models import ReferenceFile
from tests.generation.conftest import Studio, state
from tests.generation.pages import signed_in
from tests.generation.references.file_uploads import NIGHT, by_script, deliver, sent
from tests.library.files import BEFORE_SENDING
from tests.library.odd_files import SOUNDS
from tests.library.sounds import picture, sound
from tests.sandbox_control import order

pytestmark = [pytest.mark.django_db, pytest.mark.long]


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.mark.parametrize(
    "name",
    ["junk before the sound", "the long form BW64", "a wide box first", "no type box", "a bare stream"],
)
def test_what_the_api_would_refuse_by_its_first_bytes_is_put_in_order_first(
    studio: Studio, name: str
) -> None:
    _, make, seconds = SOUNDS[name]
    file = sent(studio, make(), "take.aac")
    deliver(studio)
    file.refresh_from_db()
    assert (state(file.jobs.get()), file.is_ready) == ("completed", True)
    assert file.duration_s == pytest.approx(seconds, abs=0.1)
    assert file.sha256 == hashlib.sha256(Path(file.file.path).read_bytes()).hexdigest()
    assert by_script(signed_in(studio), make()).json()["words"].endswith("is on studio@ already.")


def test_one_file_of_a_team_is_read_at_a_time_and_the_next_one_waits_its_turn(studio: Studio) -> None:
    file = sent(studio, picture())
    other = Team.objects.create(name="Elsewhere")
    with team_lock.locked(studio.team.pk):
        with team_lock.locked(other.pk):
            assert deliver(studio) == 1, "no thread waits for long"
        job = file.jobs.get()
        assert (job.state, job.wait_reason) == ("queued", team_lock.WAITS)
        assert job.not_before
        assert not reference_copy.store(file), "nor the sweep"
    file.refresh_from_db()
    assert (file.tries, file.examined_at) == (0, None), "it was not its fault"
    Job.objects.update(not_before=None)
    deliver(studio)
    file.refresh_from_db()
    assert file.is_ready


def test_a_storage_that_is_down_leaves_no_job_submitting(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = sent(studio, picture())

    def down(*_: object) -> None:
        raise ConnectionError("the bucket is away")

    monkeypatch.setattr("apps.library.archiving.reference_copy.guard.examine", down)
    deliver(studio)
    assert (file.jobs.get().state, file.jobs.get().wait_reason) == ("queued", api_calls.UNREADABLE)


def test_the_cause_of_a_refusal_is_kept_as_evidence(studio: Studio) -> None:
    file = sent(studio, BEFORE_SENDING["a damaged PNG"][0]())
    deliver(studio)
    assert "broken PNG file" in file.jobs.get().evidence["examined"]


def test_the_same_picture_with_its_hidden_data_is_another_upload(studio: Studio) -> None:
    client = signed_in(studio)
    assert by_script(client, picture()).json()["ok"]
    deliver(studio)
    said = by_script(client, picture(), stripMetadata="").json()["words"]
    assert said.startswith("cover.png is being sent to studio@.")
    deliver(studio)
    files = ReferenceFile.objects.order_by("created_at")
    assert [(file.is_ready, file.metadata_stripped) for file in files] == [(True, True), (True, False)]
    assert (
        by_script(client, picture(), stripMetadata="").json()["words"] == "cover.png is on studio@ already."
    )
    # Each goes to another account as it was chosen.
    for file in files:
        client.post(f"/library/files/{file.pk}/send/", {"email": NIGHT})
    there = ReferenceFile.objects.filter(account__email=NIGHT).order_by("created_at")
    assert [file.strip_metadata for file in there] == [True, False]
    # Of sound nothing is taken out: the choice makes no other file of it.
    for choice in ("true", ""):
        by_script(client, sound("mp3"), "a.mp3", stripMetadata=choice)
    assert ReferenceFile.objects.filter(name="a.mp3").count() == 1


def test_a_refused_picture_is_not_stripped_into_one_that_is_there(studio: Studio) -> None:
    sent(studio, picture())
    deliver(studio)
    order(studio.sandbox.url, "scenario", operation="files", scenario="422", times=1)
    by_script(signed_in(studio), picture(), "marked.png", stripMetadata="")
    deliver(studio)
    file = ReferenceFile.objects.get(name="marked.png")
    answer = signed_in(studio).post(f"/library/files/{file.pk}/retry/", {"strip": "1"}, follow=True)
    assert "The same image is already there without its hidden data." in answer.content.decode()


def test_what_was_found_unfit_is_looked_through_anew_when_it_is_chosen_again(studio: Studio) -> None:
    file = sent(studio, picture())
    ReferenceFile.objects.update(examined_at=file.created_at, problem="This JPEG can't be read.")
    deliver(studio)
    assert state(file.jobs.get()) == "rejected"
    assert by_script(signed_in(studio), picture()).json()["ok"]
    deliver(studio)
    file.refresh_from_db()
    assert (file.is_ready, file.problem) == (True, "")
