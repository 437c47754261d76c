import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from apps.library import song_names
from apps.library.models import Clip, ClipFile, Song
from apps.upstream.records import ClipRecord
from tests.library.conftest import Band, make_band, record
from tests.page import Page

A = "user:1000-studio@sandbox.example-clip:" + str(uuid4())
B = "user:1000-studio@sandbox.example-clip:" + str(uuid4())


def clip(clip_id: str = A, **said: object) -> ClipRecord:
    links = {
        "audio_url": "https://media.example/a.m4a",
        "wav_url": "https://media.example/a.wav",
        "image_url": "https://media.example/a.jpg",
    }
    return ClipRecord(clip_id, **(links | said))


def states(take: Clip) -> dict[str, str]:
    return dict(take.files.values_list("kind", "state"))


def test_a_record_becomes_a_song_with_lettered_takes_and_files_to_fetch(band: Band) -> None:
    song = band.keep(
        record(clip(A, title="Ferry", duration_s=173.0, lyrics_timing=((0.0, 2.4),)), clip(B, image_url=None))
    )
    first, second = song.takes.all()
    assert (first.letter, second.letter) == ("A", "B")
    assert (first.title, first.duration_s, first.lyrics_timing) == ("Ferry", 173.0, [[0.0, 2.4]])
    assert first.jobid
    assert song.prompt == "slow disco, brushed snare"
    assert states(first) == {"m4a": "wanted", "mp3": "wanted", "cover": "wanted", "wav": "wanted"}
    assert states(second)["cover"] == "none"


def test_wav_comes_after_what_a_player_needs(band: Band) -> None:
    band.keep(record(clip(A)))
    now = timezone.now()
    assert [file.kind for file in ClipFile.objects.due(now)] == ["cover", "m4a", "mp3"]
    later = ClipFile.objects.due(now + timedelta(hours=1))
    assert [file.kind for file in later][-1] == "wav"


def test_the_same_clips_give_the_same_song(band: Band) -> None:
    song = band.keep(record(clip(A), clip(B)))
    assert band.keep(record(clip(B), clip(A))) == song
    assert (Song.objects.count(), Clip.objects.count(), ClipFile.objects.count()) == (1, 2, 8)
    assert [take.clip_id for take in song.takes.all()] == [A, B]


def test_a_later_record_fills_gaps_and_takes_nothing_away(band: Band) -> None:
    song = band.keep(record(clip(A, title="Ferry", lyrics=None, image_url=None)))
    band.keep(record(clip(A, title=None, lyrics="[Verse]\nHome", seed=0), clip(B)))
    first, second = song.takes.all()
    assert (first.title, first.lyrics, first.seed) == ("Ferry", "[Verse]\nHome", 0)
    assert second.clip_id == B
    assert states(first)["cover"] == "wanted"  # it turned up after all


def test_a_stored_file_keeps_its_state_and_link(band: Band) -> None:
    song = band.keep(record(clip(A)))
    ClipFile.objects.filter(kind="m4a").update(state="stored")
    band.keep(record(clip(A, audio_url="https://media.example/newer.m4a")))
    assert song.takes.get().files.get(kind="m4a").source_url == "https://media.example/a.m4a"
    assert song.takes.get().files.get(kind="m4a").state == "stored"


def test_a_song_of_several_has_a_number_until_it_has_a_name(band: Band) -> None:
    """`3/10` on the pages, not in the title that the tags of its files hold; a single song has none."""
    song = band.keep(record(clip(A, title="Copper Rain"), clip(B)), batch_index=2, batch_size=10)
    take = song.takes.get(clip_id=A)
    assert (song.number, str(take)) == ("3/10", "Copper Rain 3/10, take A")
    assert (song.title, take.plain_title) == ("Copper Rain", "Copper Rain")
    page = Page(band.client("owner").get("/library/?q=copper+rain"))
    assert "Copper Rain 3/10" in page.one("li", data_song=str(song.pk)).one("h3").text
    song_names.rename(song, "The one")
    take.refresh_from_db()
    assert (song.number, str(take)) == ("", "The one, take A")
    assert band.keep(record(clip(str(uuid4())))).number == ""


def test_takes_that_were_imported_move_into_the_song(band: Band) -> None:
    imported = [band.keep(record(clip(each)), operation=Song.IMPORT) for each in (B, A)]
    ids = dict(Clip.objects.values_list("clip_id", "pk"))
    song = band.keep(record(clip(A), clip(B)))
    assert [(take.clip_id, take.letter) for take in song.takes.all()] == [(A, "A"), (B, "B")]
    assert dict(Clip.objects.values_list("clip_id", "pk")) == ids
    assert not Song.objects.filter(pk__in=[each.pk for each in imported]).exists()


def test_two_teams_keep_the_same_clip_apart(band: Band) -> None:
    other = band.people["stranger"].teams.get()
    song = band.keep(record(clip(A)))
    assert band.keep(record(clip(A)), team=other) != song
    assert Clip.objects.for_team(band.team).count() == Clip.objects.for_team(other).count() == 1


def test_odd_values_of_a_record_do_not_stop_it(band: Band) -> None:
    odd = clip(A, title="Fer\0ry " * 100, lyrics="la\0la", duration_s=float("nan"), seed=2**70)
    take = band.keep(record(odd, odd)).takes.get()
    assert "\0" not in take.title + take.lyrics
    assert (len(take.title) <= 300, take.duration_s, take.seed, take.lyrics) == (True, None, None, "lala")


def test_a_record_without_clips_is_refused(band: Band) -> None:
    with pytest.raises(ValueError, match="no clips"):
        band.keep(record())


@pytest.mark.django_db(transaction=True)
def test_two_collectors_at_once_make_one_song() -> None:
    band, songs, start = make_band("http://127.0.0.1:9/v1"), [], threading.Barrier(4)

    def collect() -> None:
        try:
            start.wait()
            songs.append(band.keep(record(clip(A), clip(B))).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=collect) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(songs) == 4
    assert len(set(songs)) == Song.objects.count() == 1
