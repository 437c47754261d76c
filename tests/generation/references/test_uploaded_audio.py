"""Reference audio is among the clips that an account lists: imported, it is a reference and no song to be edited."""

import pytest

from apps.library.importing import actions, runner
from apps.library.lineage import editability
from apps.library.models import Clip, Import, ReferenceFile, Song
from tests.generation.conftest import Studio
from tests.generation.pages import signed_in
from tests.generation.references.file_uploads import deliver, sent
from tests.library.sounds import sound

pytestmark = pytest.mark.django_db(transaction=True)


def bring_in(studio: Studio, file: ReferenceFile) -> Import:
    assert file.account
    walk = actions.begin(studio.team, file.account, by=studio.user)
    runner.walk(str(walk.pk))
    walk.refresh_from_db()
    assert walk.state == Import.State.DONE
    return walk


def uploaded(studio: Studio) -> ReferenceFile:
    file = sent(studio, sound("mp3"), "Hum (demo).mp3")
    assert deliver(studio) == 1
    file.refresh_from_db()
    assert file.clip_id, "the upload is among the account's clips"
    return file


def test_it_stays_a_reference_with_its_file_name(studio: Studio) -> None:
    file = uploaded(studio)
    walk = bring_in(studio, file)
    assert (walk.new, walk.known) == (0, 1)
    assert not Song.objects.exists()
    assert "Hum (demo).mp3" in signed_in(studio).get("/library/files/").content.decode()
    walk = bring_in(studio, file)
    assert (walk.new, walk.restarts, Song.objects.count()) == (0, 0, 0)


def test_what_was_brought_in_as_a_song_gets_its_name_and_offers_no_edit(studio: Studio) -> None:
    file = uploaded(studio)
    clip_id = file.clip_id
    ReferenceFile.objects.filter(pk=file.pk).update(clip_id="")  # as if it weren't known to be one
    walk = bring_in(studio, file)
    take = Clip.objects.get()
    assert (walk.new, take.title, editability.why_not(take)) == (1, "Uploaded audio", "")
    ReferenceFile.objects.filter(pk=file.pk).update(clip_id=clip_id)
    assert editability.why_not(take) == editability.UPLOADED
    walk = bring_in(studio, file)
    take.refresh_from_db()
    assert (walk.known, take.title, take.uneditable) == (1, "Hum (demo).mp3", editability.UPLOADED)
    page = signed_in(studio).get(take.get_absolute_url()).content.decode()
    assert "Hum (demo).mp3" in page
    assert f"/library/clips/{take.pk}/edit/" not in page
    answer = signed_in(studio).get(f"/library/clips/{take.pk}/edit/cover/", follow=True)
    assert editability.UPLOADED in answer.content.decode()


def test_a_reference_of_another_team_says_nothing(studio: Studio) -> None:
    file = uploaded(studio)
    other = type(studio.team).objects.create(name="Elsewhere")
    ReferenceFile.objects.filter(pk=file.pk).update(team=other)
    assert bring_in(studio, file).new == 1
    assert Clip.objects.get().title == "Uploaded audio"
