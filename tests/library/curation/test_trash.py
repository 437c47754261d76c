"""Deleting, restoring, and deleting for good: what is kept, what goes, and when."""

import uuid
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.library.archiving import quota, storage_writer
from apps.library.archiving.media_check import check
from apps.library.curation import collections, ratings, tags, trash
from apps.library.models import Clip, ClipFile, Song, Tag
from apps.library.search import search_index
from tests.library.conftest import Band, files_in, record, wanted
from tests.library.curation.test_ratings import undo
from tests.library.sounds import sound
from tests.library.test_songs import clip as clip_record
from tests.library.views.test_library import full_song, shown
from tests.page import Page


def only(clip: Clip) -> object:
    return Clip.objects.filter(pk=clip.pk)


def test_deleting_asks_nothing_and_can_be_undone(band: Band) -> None:
    song = full_song(band, "Last Ferry Home", "Last Ferry Home")
    first, second = song.takes.all()
    client = band.client("member")
    page = client.post("/library/selection/delete/", {"clip": [str(first.pk)]}, follow=True).content.decode()
    first.refresh_from_db()
    assert first.deleted_by == band.people["member"]
    assert "1 take moved to the trash." in page
    page_of_song = client.get("/library/").content.decode()
    assert f'data-clip="{first.pk}"' not in page_of_song
    assert ">B</span>" in page_of_song, "its letter stays what it was"
    assert client.get(f"/library/clips/{first.pk}/audio.mp3").status_code == 200, (
        "in the trash it can be heard"
    )
    assert f"/library/clips/{first.pk}/restore/" in client.get(f"/library/clips/{first.pk}/").content.decode()
    assert client.get(f"/library/clips/{second.pk}/").status_code == 200
    for _ in range(2):
        undo(client, page)
        assert Clip.objects.live().count() == 2
    assert list(AuditEntry.objects.values_list("action", flat=True)) == ["takes restored", "takes deleted"]


def test_a_song_without_takes_is_in_no_list(band: Band) -> None:
    song = full_song(band, "Last Ferry Home", "Last Ferry Home")
    trash.delete(band.team, song.takes.all(), by=band.owner)
    assert shown(band.client("viewer"), "/library/") == []
    page = band.client("viewer").get("/library/trash/").content.decode()
    assert page.count("30 days left") == 2
    assert "Delete for good" not in page
    assert "Delete for good" in band.client("member").get("/library/trash/").content.decode()


def test_the_trash_goes_page_by_page_also_when_all_went_at_once(
    band: Band, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trash, "PER_PAGE", 2)
    songs = [band.song(f"Song {number}") for number in range(5)]
    trash.delete(band.team, Clip.objects.filter(song__in=songs), by=band.owner)
    seen, place = [], ""
    for _ in range(3):
        page = trash.page_of(band.team, place)
        seen += [take.pk for take in page.takes]
        place = str(page.older or "")
    assert len(set(seen)) == len(seen) == 5
    assert place == ""


def test_nothing_is_fetched_for_the_trash_until_it_is_restored(band: Band) -> None:
    file = wanted(band, "https://media.example/a.m4a")
    trash.delete(band.team, only(file.clip), by=band.owner)
    assert not ClipFile.objects.due(timezone.now()).exists()
    assert not file.take_claim("5f0e2c5e-3f3b-4f4e-9d43-1c1b5c7b8a11", lasts=timedelta(minutes=1))
    trash.restore(band.team, only(file.clip), by=band.owner)
    assert file.take_claim("5f0e2c5e-3f3b-4f4e-9d43-1c1b5c7b8a11", lasts=timedelta(minutes=1))
    assert not file.take_claim("6f0e2c5e-3f3b-4f4e-9d43-1c1b5c7b8a11", lasts=timedelta(minutes=1))


def stored_and_rated(band: Band, media: Path) -> Clip:
    """In the bin, with everything that a take can have."""
    clip = full_song(band, "Last Ferry Home").takes.get()
    Clip.objects.filter(pk=clip.pk).update(lyrics="the harbour light is low", lyrics_timing=[[0, 1]])
    search_index.index(Clip.objects.filter(pk=clip.pk).select_related("song"))
    tags.add(band.team, only(clip), ["demo"])
    ratings.mark_favourite(clip, band.owner, True)
    collections.create(band.team, "Harbour EP", by=band.owner).add(only(clip))
    quota.added(band.team.pk, sum(clip.files.values_list("size", flat=True)))
    trash.delete(band.team, only(clip), by=band.owner)
    assert files_in(media)
    return clip


def is_erased(clip: Clip, band: Band, media: Path) -> None:
    clip.refresh_from_db()
    assert clip.erased_at
    assert clip.clip_id, "the row stays, and knows what it was"
    assert (clip.title, clip.lyrics, clip.peaks, clip.rms, clip.lyrics_timing) == ("", "", None, None, None)
    assert not clip.files.exists()
    assert files_in(media) == []
    assert quota.usage(band.team).used == 0
    assert not Tag.objects.exists()
    assert not clip.ratings.exists()
    assert not clip.collection_items.exists()
    assert not Clip.objects.filter(search_index.matching(band.team, "harbour")).exists()


def test_after_thirty_days_it_is_erased_and_not_before(band: Band, media: Path) -> None:
    clip = stored_and_rated(band, media)
    with time_machine.travel(timezone.now() + timedelta(days=29, hours=23), tick=False):
        assert trash.purge_expired() == 0
        assert band.client("viewer").get(f"/library/clips/{clip.pk}/audio.mp3").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=30), tick=False):
        assert trash.purge_expired() == 5
        assert trash.purge_expired() == 0
    is_erased(clip, band, media)
    for address in ("", "audio.mp3", "audio.wav", "cover.jpg", "thumb.webp", "peaks.json", "erase/"):
        assert band.client("owner").get(f"/library/clips/{clip.pk}/{address}").status_code == 404


def test_a_person_may_erase_at_once_after_being_asked(band: Band, media: Path) -> None:
    clip = stored_and_rated(band, media)
    client = band.client("member")
    assert "can’t be undone" in client.get(f"/library/clips/{clip.pk}/erase/").content.decode()
    assert client.post(f"/library/clips/{clip.pk}/erase/").status_code == 302
    assert trash.restore(band.team, only(clip), by=band.owner) == 0
    trash.purge_expired()
    is_erased(clip, band, media)


def test_an_empty_trash(band: Band, media: Path) -> None:
    clip, live = stored_and_rated(band, media), band.song("Stays").takes.get()
    client = band.client("member")
    assert "1 take with audio" in client.get("/library/trash/empty/").content.decode()
    empty_the_trash(client)
    trash.purge_expired()
    is_erased(clip, band, media)
    live.refresh_from_db()
    assert live.erased_at is None
    assert "The trash is empty." in client.get("/library/trash/").content.decode()


def empty_the_trash(client: Client, asked: Page | None = None) -> None:
    """As the page that asked says."""
    page = asked or Page(client.get("/library/trash/empty/"))
    assert client.post("/library/trash/empty/", {"until": page.value("until")}).status_code == 302


def test_what_somebody_deletes_while_the_page_asks_stays_in_the_trash(band: Band) -> None:
    first, late = (band.song(name).takes.get() for name in ("Ferry", "Quay"))
    trash.delete(band.team, only(first), by=band.owner)
    client = band.client("member")
    asked = Page(client.get("/library/trash/empty/"))
    trash.delete(band.team, only(late), by=band.owner)
    client.post("/library/trash/empty/")  # not as asked
    assert Clip.objects.in_trash().count() == 2
    empty_the_trash(client, asked)
    assert Clip.objects.in_trash().get() == late


def test_erasing_waits_for_whoever_keeps_a_song_before_it_touches_a_take(band: Band) -> None:
    """Team before take, as everywhere else: the other way round they would wait for each other for ever."""
    clip = band.song().takes.get()
    trash.delete(band.team, only(clip), by=band.owner)
    with CaptureQueriesContext(connection) as asked:
        assert trash.erase(band.team, only(clip)) == 1
    tables = [query["sql"].partition(" FROM ")[2].split()[:1] for query in asked.captured_queries]
    assert tables.index(['"accounts_team"']) < tables.index(['"library_clip"'])


def test_a_file_goes_under_the_lock_of_its_take(band: Band, media: Path) -> None:
    """Or a small picture that is replaced just then would be taken off the storage's count twice."""
    clip = stored_and_rated(band, media)
    trash.erase(band.team, only(clip))
    with CaptureQueriesContext(connection) as asked:
        assert trash.purge_expired() == 5
    said = [query["sql"] for query in asked.captured_queries]
    locks = [at for at, sql in enumerate(said) if sql.partition(" FROM ")[2].startswith('"library_clip" ')]
    gone = [at for at, sql in enumerate(said) if sql.startswith('DELETE FROM "library_clipfile"')]
    assert len(locks) == len(gone) == 5
    assert all(lock < row for lock, row in zip(locks, gone, strict=True))
    if connection.features.has_select_for_update:
        assert all("FOR NO KEY UPDATE" in said[at] for at in locks)


def test_erasing_that_died_between_two_files_goes_on(
    band: Band, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = stored_and_rated(band, media)
    storage, removed = ClipFile._meta.get_field("file").storage, []
    monkeypatch.setattr(type(storage), "delete", _dies_after(3, type(storage).delete, removed))
    trash.erase(band.team, only(clip))
    with pytest.raises(SystemExit):
        trash.purge_expired()
    assert len(removed) == 3
    assert clip.files.count() == 3, "the third is gone from the storage, and its row not yet"
    monkeypatch.undo()
    trash.purge_expired()
    is_erased(clip, band, media)


def _dies_after(count: int, delete: object, removed: list[str]) -> object:
    def dying(self: object, name: str) -> None:
        delete(self, name)
        removed.append(name)
        if len(removed) == count:
            raise SystemExit

    return dying


def test_a_file_that_cannot_be_removed_holds_up_no_other(
    band: Band, media: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clip = stored_and_rated(band, media)
    trash.erase(band.team, only(clip))
    first = clip.files.earliest("pk")
    stuck = Path(first.file.path)
    stuck.unlink()
    stuck.mkdir()
    (stuck / "in the way").touch()
    assert trash.purge_expired() == 4
    assert list(clip.files.all()) == [first]
    assert "could not be removed" in caplog.text
    (stuck / "in the way").unlink()
    assert trash.purge_expired() == 1
    is_erased(clip, band, media)


def test_a_file_that_a_worker_has_in_its_hands_waits(band: Band, media: Path) -> None:
    clip = stored_and_rated(band, media)
    wav = clip.files.filter(kind="wav")
    wav.update(claim_until=timezone.now() + timedelta(minutes=5))
    trash.erase(band.team, only(clip))
    assert trash.purge_expired() == 4
    wav.update(claim_until=None)
    assert trash.purge_expired() == 1
    is_erased(clip, band, media)


def test_what_a_worker_fetches_for_a_take_that_was_erased_meanwhile_is_thrown_away(
    band: Band, media: Path
) -> None:
    file, claim_id = wanted(band, "https://media.example/a.m4a"), uuid.uuid4()
    assert file.take_claim(claim_id, lasts=timedelta(minutes=1))
    copy = BytesIO(sound("m4a"))
    checked = check(file, copy)
    trash.delete(band.team, only(file.clip), by=band.owner)
    trash.erase(band.team, only(file.clip))
    assert not storage_writer.store(file, claim_id, copy, checked)
    file.clip.refresh_from_db()
    assert (file.clip.peaks, file.clip.loudness_db) == (None, None)
    assert files_in(media) == []
    assert quota.usage(band.team).used == 0


def test_what_was_erased_is_never_imported_again(band: Band, media: Path) -> None:
    made = record(clip_record("1", title="Last Ferry Home"))
    song = band.keep(made)
    clip = song.takes.get()
    trash.delete(band.team, only(clip), by=band.owner)
    trash.erase(band.team, only(clip))
    trash.purge_expired()
    assert band.keep(made) == song
    clip.refresh_from_db()
    assert (clip.title, Song.objects.count(), Clip.objects.count()) == ("", 1, 1)
    assert not clip.files.exists()
    assert not Clip.objects.filter(search_index.matching(band.team, "ferry")).exists()
