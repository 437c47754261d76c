"""A row that is kept says what a row rendered now would say, to each person, whatever has changed meanwhile."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone

from apps.accounts.models import FlowAccount, Subscription, User
from apps.library import song_rows
from apps.library.models import Clip, ClipFile, Collection, Rating, Song, Tag
from apps.library.search.filters import Filters
from apps.library.search.song_list import page_of
from tests.library.conftest import Band, store

pytestmark = pytest.mark.databases
WATCHERS = ("owner", "member", "viewer")
PEAKS = [index % 256 for index in range(384)]


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    song_rows._memory.clear()
    yield
    song_rows._memory.clear()


@pytest.fixture
def song(band: Band) -> Song:
    """An edit with two takes, their stems and a picture of everything that a row shows."""
    source = band.song("Harbour").takes.get()
    song = band.song("Ferry", "Ferry", operation="cover", source=source, prompt="slow disco", tone="coral")
    stems = band.song("Ferry - drums", operation="stems", source=song.takes.get(take=0))
    stems.takes.update(stem_type="drums")
    for take in Clip.objects.all():
        for kind in ("m4a", "mp3", "thumb"):
            store(take, kind, b"content")
    Clip.objects.update(peaks=PEAKS, rms=PEAKS, duration_s=173.2, loudness_db=-12.0)
    Tag.objects.create(team=band.team, name="Demo", key="demo").clips.add(song.takes.get(take=0))
    ep = Collection.objects.create(team=band.team, name="Harbour EP")
    ep.add(song.takes.filter(take=0))
    Rating.objects.create(clip=song.takes.get(take=1), user=band.owner, is_favourite=True)
    return song


def favourite(who: str) -> Callable[[Band, Clip], object]:
    return lambda band, take: Rating.objects.create(clip=take, user=band.people[who], is_favourite=True)


CHANGES: dict[str, Callable[[Band, Clip], object]] = {
    "name": lambda _, take: Song.objects.filter(pk=take.song_id).update(name="Night Ferry"),
    "prompt": lambda _, take: Song.objects.filter(pk=take.song_id).update(prompt="fast disco"),
    "tone": lambda _, take: Song.objects.filter(pk=take.song_id).update(tone="sky"),
    "instrumental": lambda _, take: Song.objects.filter(pk=take.song_id).update(
        params={"instrumental": True}
    ),
    "operation": lambda _, take: Song.objects.filter(pk=take.song_id).update(operation="remix"),
    "number": lambda _, take: Song.objects.filter(pk=take.song_id).update(batch_size=3),
    "time": lambda _, take: Song.objects.filter(pk=take.song_id).update(
        created_at=timezone.now() - timedelta(minutes=61)
    ),
    "title": lambda _, take: Clip.objects.filter(pk=take.pk).update(title="Late Ferry"),
    "lyrics": lambda _, take: Clip.objects.filter(pk=take.pk).update(lyrics="[Instrumental]"),
    "length": lambda _, take: Clip.objects.filter(pk=take.pk).update(duration_s=12.0),
    "waveform": lambda _, take: Clip.objects.filter(pk=take.pk).update(rms=PEAKS[::-1]),
    "no waveform": lambda _, take: Clip.objects.filter(pk=take.pk).update(peaks=None),
    "loudness": lambda _, take: Clip.objects.filter(pk=take.pk).update(loudness_db=-9.0),
    "a take deleted": lambda _, take: Clip.objects.filter(pk=take.pk).update(deleted_at=timezone.now()),
    "source": lambda *_: Clip.objects.filter(title="Harbour").update(title="Port"),
    "source erased": lambda *_: Clip.objects.filter(title="Harbour").update(erased_at=timezone.now()),
    "stems": lambda *_: Clip.objects.filter(stem_type="drums").update(deleted_at=timezone.now()),
    "cover": lambda _, take: ClipFile.objects.filter(clip=take, kind="thumb").update(state="given_up"),
    "mp3": lambda _, take: ClipFile.objects.filter(clip=take, kind="mp3").update(state="given_up"),
    "tag": lambda *_: Tag.objects.update(name="DEMO"),
    "another tag": lambda band, take: take.tags.add(Tag.objects.create(team=band.team, name="A", key="a")),
    "collection": lambda *_: Collection.objects.update(name="Port EP"),
    "own favourite": favourite("owner"),
    "another's favourite": favourite("member"),
    "favourite gone": lambda *_: Rating.objects.update(is_favourite=False),
    "person": lambda band, _: User.objects.filter(pk=band.owner.pk).update(name="Mara"),
    "account": lambda *_: FlowAccount.objects.update(email="night@sandbox.example"),
    "no sandbox": lambda *_: Subscription.objects.update(endpoint="https://api.useapi.net/v1/flowmusic"),
}


def seen(band: Band, who: str, zone: str = "UTC", query: str = "") -> list[object]:
    user = band.people[who]
    with timezone.override(ZoneInfo(zone)):
        page = page_of(band.team, Filters.of(band.team, user, QueryDict(query)), None)
        return [row.html for row in song_rows.render(page.rows, user)]


@pytest.mark.long
def test_whatever_changes_is_shown_at_once_and_to_each_person_as_theirs(band: Band, song: Song) -> None:
    before = {who: seen(band, who) for who in WATCHERS}
    assert before["owner"] != before["member"] == before["viewer"], "an own favourite is one's own"
    for name, change in CHANGES.items():
        with transaction.atomic():
            change(band, song.takes.get(take=0))
            after = {who: seen(band, who) for who in WATCHERS}
            for who in WATCHERS:
                song_rows._memory.clear()
                assert seen(band, who) == after[who] != before[who], f"{name}, for the {who}"
            transaction.set_rollback(True)
        assert {who: seen(band, who) for who in WATCHERS} == before, name


def test_what_is_the_same_is_not_rendered_again(band: Band, song: Song) -> None:
    rows = seen(band, "member")
    assert len(rows) == 2
    with patch.object(song_rows, "get_template", side_effect=AssertionError("rendered again")):
        assert seen(band, "member") == seen(band, "viewer") == rows
    assert seen(band, "member", "Asia/Tokyo") != rows
    assert seen(band, "member") == rows
    Clip.objects.filter(song=song, take=1).update(duration_s=30.0)
    (row,) = seen(band, "member", query="length=0-60")
    assert "1 more take of this song, outside your search" in row


def test_what_changes_while_it_is_rendered_is_not_kept(band: Band, song: Song) -> None:
    read = song_rows._songs

    def and_then_renamed(ids: list[object]) -> list[Song]:
        found = list(read(ids))
        Song.objects.filter(pk=song.pk).update(name="Night Ferry")
        return found

    with patch.object(song_rows, "_songs", side_effect=and_then_renamed):
        seen(band, "member")
    Song.objects.filter(pk=song.pk).update(name="")
    kept = len(song_rows._memory)
    assert "Night Ferry" not in "".join(seen(band, "member"))
    assert (kept, len(song_rows._memory)) == (1, 2)


def test_a_take_that_is_not_saved_yet_is_looked_at_each_time_and_no_more_rows_are_kept_than_that(
    band: Band, song: Song, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether its link at Flow Music is fresh still hangs on the hour."""
    ClipFile.objects.filter(clip__song=song).update(state="wanted")
    seen(band, "member")
    assert len(song_rows._memory) == 1
    monkeypatch.setattr(song_rows, "MOST_KEPT", 2)
    for zone in ("Asia/Tokyo", "Asia/Seoul", "Europe/Paris"):
        seen(band, "member", zone)
    assert len(song_rows._memory) == 2
