"""Stems: four clips of one take, which clutter no list and are mixed on a page of their own."""

import io
import socket
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from storages.backends.s3 import S3Storage

from apps.library.models import Clip, ClipFile, Song
from apps.library.playback import stems
from apps.library.search import search_index, song_list
from tests.library.conftest import Band, store
from tests.page import Page
from tests.upstream.scripted import ScriptedServer

PARTS = ("vocals", "drums", "bass", "other")


def split(band: Band, take: Clip, *, kinds: tuple[str, ...] = ("m4a", "mp3"), parts: int = 4) -> Song:
    """The stems of a take, as the API gives them: saved in these formats, the first so many of them."""
    song = Song.objects.create(
        team=band.team, asked_by=band.owner, operation="stems", source=take, created_at=timezone.now()
    )
    for number, part in enumerate(PARTS):
        clip = Clip.objects.create(
            team=band.team,
            song=song,
            take=number,
            title=f"{take.title} - {part}",
            stem_type=part,
            subscription=band.subscription,
            account=band.account,
            clip_id=f"{take.clip_id}-{part}",
            duration_s=173.0,
            loudness_db=-8.0 - number,
            peaks=[200] * 384,
            rms=[0] * 96 + [90] * 192 + [0] * 96,
        )
        for kind in kinds:
            if number < parts:
                store(clip, kind, part.encode())
            else:
                ClipFile.objects.create(clip=clip, kind=kind, next_try_at=timezone.now())
    return song


@pytest.fixture
def ferry(band: Band) -> Clip:
    take = band.song("Ferry", "Ferry").takes.first()
    Clip.objects.filter(pk=take.pk).update(duration_s=173.0)
    split(band, take)
    return take


def page(band: Band, address: str, who: str = "owner") -> Page:
    answer = band.client(who).get(address)
    assert answer.status_code == 200
    return Page(answer)


def titles(found: Page) -> list[str]:
    return [each.one("h3").one("a").text for each in found.all("li") if each["data-song"]]


def test_stems_are_a_line_under_their_take_and_no_row_of_their_own(band: Band, ferry: Clip) -> None:
    found = page(band, "/library/")
    assert titles(found) == ["Ferry"]
    assert found.one(id="found-count").text == "1 song"
    line = next(each for each in found.all("a") if "Stems of take A, 4 tracks" in each.text)
    assert line["href"] == f"/library/clips/{ferry.pk}/stems/"
    nav = next(each for each in found.all("a") if each["data-nav"] == "library")
    assert "Library1" in nav.text


def test_stems_are_rows_where_they_are_asked_for(band: Band, ferry: Clip) -> None:
    found = page(band, "/library/?kind=stems")
    assert titles(found) == ["Ferry"]
    assert len(found.all("div", class_="take")) == 4
    search_index.index(Clip.objects.select_related("song"))
    assert titles(page(band, "/library/?q=drums")) == []
    assert titles(page(band, "/library/?q=drums&kind=stems")) == ["Ferry"]
    first = next(each for each in found.all("li") if each["data-song"]).one("h3").one("a")
    assert first["href"] == f"/library/clips/{ferry.pk}/stems/"
    assert "drums" not in page(band, "/library/find/?q=ferry").text


def test_pages_of_the_list_are_full_whatever_is_split(band: Band, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(song_list, "SONGS_PER_PAGE", 3)
    now = timezone.now()
    for number in range(5):
        split(band, band.song(f"Song {number}", asked_at=now - timedelta(minutes=number)).takes.get())
    first = page(band, "/library/")
    assert titles(first) == ["Song 0", "Song 1", "Song 2"]
    assert first.one(id="found-count").text == "5 songs"
    assert titles(page(band, first.one("a", rel="next")["href"] or "")) == ["Song 3", "Song 4"]


def test_the_number_of_queries_does_not_grow_with_stems(band: Band, ferry: Clip) -> None:
    client, counts = band.client("owner"), []
    for _ in range(2):
        for address in ("/library/", f"/library/clips/{ferry.pk}/stems/"):
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                client.get(address)
            counts.append(len(captured))
        for _ in range(6):
            split(band, band.song("Radio").takes.get())
    assert counts[2:] == counts[:2]


def test_the_mixer_has_a_lane_per_stem_in_order(band: Band, ferry: Clip) -> None:
    found = page(band, f"/library/clips/{ferry.pk}/stems/", who="viewer")
    lanes = [each for each in found.all("section") if each["data-lane"]]
    assert [(each["data-lane"], each["data-tone"]) for each in lanes] == [
        ("vocals", "rose"),
        ("drums", "lagoon"),
        ("bass", "iris"),
        ("other", "lime"),
    ]
    clips = {clip.stem_type: clip for clip in Clip.objects.exclude(stem_type="")}
    for lane in lanes:
        sources = [each["src"] or "" for each in lane.all("source")]
        audio = f"/library/clips/{clips[lane['data-lane'] or ''].pk}/audio"
        assert sources == [f"{audio}.m4a?here=1", f"{audio}.mp3?here=1"]
        answer = band.client("viewer").get(sources[0], headers={"Range": "bytes=0-"})
        assert (answer.status_code, answer.getvalue()) == (206, (lane["data-lane"] or "").encode())
        assert "Sounds from 0:43 to 2:10." in lane.text


def test_all_lanes_are_of_one_format(band: Band, ferry: Clip) -> None:
    """An encoder's own silence at the beginning is the same for all of them then."""
    ClipFile.objects.filter(clip__stem_type="bass", kind="m4a").update(state="wanted")
    found = stems.of_take(ferry)
    assert found
    kinds = {
        address.partition("?")[0].rpartition(".")[2]
        for lane in stems.lanes(found)
        for address, _ in lane.sources
    }
    assert kinds == {"mp3"}


def test_what_is_not_saved_yet_is_said(band: Band) -> None:
    take = band.song("Ferry").takes.get()
    split(band, take, parts=3)
    found = page(band, f"/library/clips/{take.pk}/stems/")
    assert "3 of 4 tracks are here." in found.text
    assert "Its audio is still being saved." in found.text
    assert len(found.all("audio", class_="without-js")) == 3
    Clip.objects.filter(stem_type="drums").update(deleted_at=timezone.now())
    assert "In the trash." in page(band, f"/library/clips/{take.pk}/stems/").text


def test_a_take_that_is_not_split_leads_to_asking_for_it(band: Band) -> None:
    take = band.song("Ferry").takes.get()
    found = page(band, f"/library/clips/{take.pk}/stems/")
    assert "Not split yet" in found.text
    assert found.all("audio", class_="without-js") == []
    assert found.one("a", href=f"/library/clips/{take.pk}/edit/stems/")
    Clip.objects.update(uneditable="Flow Music edits only what was made there.")
    found = page(band, f"/library/clips/{take.pk}/stems/")
    assert "Flow Music edits only what was made there." in found.text
    assert not found.all("a", href=f"/library/clips/{take.pk}/edit/stems/")
    Clip.objects.update(stem_type="drums")
    assert "This is a stem itself" in page(band, f"/library/clips/{take.pk}/stems/").text


def test_a_stranger_finds_no_mixer(band: Band, ferry: Clip) -> None:
    assert band.client("stranger").get(f"/library/clips/{ferry.pk}/stems/").status_code == 404
    assert band.client("anonymous").get(f"/library/clips/{ferry.pk}/stems/").status_code == 302


def test_stems_are_parts_no_choices(band: Band, ferry: Clip) -> None:
    """None is lowered to the loudness of another one, and the player offers none in the place of another."""
    clips = list(Clip.objects.filter(stem_type__in=PARTS).prefetch_related("song__takes__files"))
    assert [(clip.gain_db, clip.siblings, clip.other) for clip in clips] == [(0.0, [], None)] * 4


def test_the_tracks_come_as_one_zip_under_their_own_names(band: Band, ferry: Clip) -> None:
    found = page(band, f"/library/clips/{ferry.pk}/stems/", who="viewer")
    form = found.one("form", action="/library/selection/download/")
    sent = {"clip": [each["value"] for each in form.all("input", name_="clip")], "format": "m4a"}
    answer = band.client("viewer").post("/library/selection/download/", sent)
    archive = zipfile.ZipFile(io.BytesIO(answer.getvalue()))
    assert archive.namelist() == [f"Ferry - {part}.m4a" for part in PARTS]
    assert archive.read("Ferry - bass.m4a") == b"bass"


def test_from_a_store_elsewhere_the_mixer_hears_through_this_site(
    band: Band, ferry: Clip, cheat: Callable[..., ScriptedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser gives no sound of another origin to a mixer; the player goes there by itself."""
    asked: list[bytes] = []

    def part(connection: socket.socket, request: bytes) -> None:
        asked.append(request)
        head = "HTTP/1.1 206 Partial Content\r\nContent-Type: audio/mp4\r\nContent-Length: 3\r\n\r\n"
        connection.sendall(head.encode() + b"oca")

    server = cheat(part)
    elsewhere = S3Storage(
        bucket_name="songs",
        endpoint_url=server.origin,
        access_key="key",
        secret_key="secret",
        region_name="x",
    )
    monkeypatch.setattr(ClipFile._meta.get_field("file"), "storage", elsewhere)
    address = f"/library/clips/{Clip.objects.get(stem_type='vocals').pk}/audio.m4a"
    client, some = band.client("viewer"), {"Range": "bytes=1-3"}
    assert client.get(address, headers=some).status_code == 302
    answer = client.get(f"{address}?here=1", headers=some)
    assert (answer.status_code, answer.content) == (206, b"oca")
    assert answer["Content-Range"] == "bytes 1-3/6"
    assert b"Range: bytes=1-3" in asked[0]
