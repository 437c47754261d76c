"""The list and the page of a take: what they show, to whom, and at what cost."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver
from django.utils import timezone

from apps import transfers
from apps.library import song_rows
from apps.library.models import Clip, ClipFile, Song
from apps.library.search.song_list import SONGS_PER_PAGE, Cursor
from tests.library.conftest import Band, store
from tests.page import Element, Page

LIGHT = 97_000  # bytes of the library's page, before it is compressed
REVERSE = URLResolver._reverse_with_prefix
PEAKS = [index % 256 for index in range(384)]


def full_song(band: Band, *titles: str, **values: object) -> Song:
    song = band.song(*titles, **values)
    for take in song.takes.all():
        for kind in ("m4a", "mp3", "cover", "thumb", "wav"):
            store(take, kind, b"content")
    Clip.objects.filter(song=song).update(peaks=PEAKS, rms=PEAKS, duration_s=173.2)
    return song


def shown(client: Client, address: str) -> list[str]:
    """Titles of the songs on that page of the library, in order."""
    page = client.get(address).content.decode()
    return re.findall(r'<h3[^>]*>\s*<a\s+class="bare two-lines"[^>]*>([^<]+)</a>', page)


def test_an_empty_library_says_what_will_be_here(band: Band) -> None:
    page = Page(band.client("owner").get("/library/")).text
    assert "No songs yet." in page
    assert "Create your first song" in page
    assert "Create your first song" not in Page(band.client("viewer").get("/library/")).text


def test_a_song_is_a_row_with_a_line_per_take(band: Band) -> None:
    song = full_song(band, "Last Ferry Home", "Last Ferry Home", prompt="slow <b>disco</b>", tone="coral")
    page = band.client("viewer").get("/library/").content.decode()
    first, second = song.takes.all()
    assert f'data-song="{song.pk}" data-title="Last Ferry Home" data-tone="coral"' in " ".join(page.split())
    for take in (first, second):
        assert f'<div class="take" data-clip="{take.pk}" data-duration="173.2">' in page
        plays = f'href="/library/clips/{take.pk}/audio.mp3" data-play data-letter="{take.letter}"'
        assert plays in page
        assert f'href="/library/clips/{take.pk}/menu/"' in page
    assert "data-other" not in page, "it is in the row"
    assert "slow &lt;b&gt;disco&lt;/b&gt;" in page
    assert ">2:53<" in page
    assert len(re.findall(r'<svg class="wave" data-bars="[@-q]{64}">', page)) == 2
    assert "Today" in page


def test_a_play_button_says_what_its_row_does_not(band: Band) -> None:
    """Another title than the row's; the other take where a filter hides it, none for stems; which files it has."""
    song = full_song(band, "Ferry", "Tram")
    first, second = song.takes.all()
    stems = full_song(band, "Bus - vocals", "Bus - drums", operation="stems", source=first)
    for take, stem in zip(stems.takes.all(), ("vocals", "drums"), strict=True):
        Clip.objects.filter(pk=take.pk).update(stem_type=stem)
        take.files.filter(kind__in=("m4a", "thumb")).delete()
    Clip.objects.filter(pk=first.pk).update(duration_s=30.0)
    assert told(band, "/library/?length=0-60") == {first.pk: {"letter": "A", "other": str(second.pk)}}
    everything = told(band, "/library/?kind=stems") | told(band, "/library/?kind=music")
    none = {"src": "", "cover": "", "other": ""}
    assert [everything[take.pk] for take in (first, second, *stems.takes.all())] == [
        {"letter": "A"},
        {"letter": "B", "title": "Tram"},
        {"letter": "A"} | none,
        {"letter": "B", "title": "Bus - drums"} | none,
    ]


def told(band: Band, address: str) -> dict[UUID, dict[str, str | None]]:
    """What the play buttons of the library tell the player, without `data-`, by the takes of their lines."""
    lines = Page(band.client("viewer").get(address)).all("div", class_="take")
    buttons = {UUID(line["data-clip"]): line.one("a", class_="btn-play").attributes for line in lines}
    return {
        clip: {name[5:]: each for name, each in said.items() if name[:5] == "data-" and name != "data-play"}
        for clip, said in buttons.items()
    }


def test_a_take_without_audio_has_no_button_that_does_nothing(band: Band) -> None:
    take = band.song("Ferry").takes.get()
    ClipFile.objects.create(clip=take, kind="m4a", next_try_at=timezone.now())
    page = band.client("owner").get("/library/").content.decode()
    assert "The audio is not saved yet" in page
    assert "data-play" not in page


def test_songs_of_the_sandbox_are_marked(band: Band) -> None:
    band.song("Ferry")
    assert '<span class="tag">sandbox</span>' in band.client("owner").get("/library/").content.decode()
    type(band.subscription).objects.update(endpoint="https://api.useapi.net/v1/flowmusic")
    assert '<span class="tag">sandbox</span>' not in band.client("owner").get("/library/").content.decode()


def test_paging_shows_every_song_once_newest_first_even_when_times_are_equal(band: Band) -> None:
    now = timezone.now()
    for number in range(SONGS_PER_PAGE * 2 + 3):
        band.song(f"Song {number}", asked_at=now - timedelta(minutes=number // 7))
    expected = [song.title for song in Song.objects.order_by("-created_at", "-id")]
    client, address, seen = band.client("owner"), "/library/", []
    for _ in range(5):
        seen += shown(client, address)
        found = re.search(r'href="(/library/\?before=[^"]+)"', client.get(address).content.decode())
        if not found:
            break
        address = found[1]
        band.song("Newer", asked_at=timezone.now())  # doesn't shift the pages below it
    assert seen == expected


@pytest.mark.parametrize(
    "before",
    [
        "",
        "x",
        "2026-11-20,1",
        "2026-11-20T10:00:00Z,not-an-id",
        "2026-11-20T10:00:00," + "0" * 32,
        "0001-01-01T00:00:00+10:00," + "0" * 32,
        "9" * 5000,
        "\0",
    ],
)
def test_a_place_that_is_none_is_the_first_page(band: Band, before: str) -> None:
    song = band.song("Ferry")
    page = band.client("owner").get("/library/", {"before": before}).content.decode()
    assert f'data-song="{song.pk}"' in page


def test_a_place_survives_being_written_and_read(band: Band) -> None:
    song = band.song(asked_at=timezone.now())
    cursor = Cursor(song.created_at, song.pk)
    assert Cursor.parse(str(cursor)) == cursor


def test_days_have_names(band: Band) -> None:
    with time_machine.travel("2026-11-20 12:00Z", tick=False):
        for days in (0, 1, 3, 400):
            band.song(f"Song {days}", asked_at=timezone.now() - timedelta(days=days))
        page = band.client("owner").get("/library/").content.decode()
    names = re.findall(r'<div class="group-head"><h2>([^<]+)', page)
    assert names == ["Today", "Yesterday", "Tuesday 17 November", "Thursday 16 October 2025"]


def queries(client: Client, address: str) -> int:
    """With no row kept from before."""
    song_rows._memory.clear()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_the_menu_of_a_row_comes_when_it_is_opened_and_is_a_page_without_scripts(band: Band) -> None:
    take = full_song(band, "Ferry").takes.get()
    address = f"/library/clips/{take.pk}/menu/"
    assert "Rename…" not in band.client("member").get("/library/").content.decode()
    part = band.client("member").get(address, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part["Vary"]
    actions = ["Open", "Play next", "Play later", "Download MP3", "Download M4A"]
    changes = ["Rename…", "Tags…", "Add to collection…", "Delete"]
    assert [each.text.strip() for each in menu_of(part)] == [*actions, *changes]
    page = band.client("member").get(address, headers={"Referer": "http://testserver/library/?q=ferry"})
    assert [each.text.strip() for each in menu_of(page)] == [*actions, *changes]
    assert Page(page).one(name_="next")["value"] == "/library/?q=ferry", "a deletion leads back to the list"
    viewers = band.client("viewer").get(address)
    assert [each.text.strip() for each in menu_of(viewers)] == actions
    take.deleted_at = timezone.now()
    take.save()
    assert band.client("member").get(address).status_code == 404


def menu_of(answer: HttpResponse) -> list[Element]:
    (menu,) = [
        each
        for each in Page(answer).all("div")
        if "menu-list" in (each["class"] or "") and "Open" in each.text
    ]
    return [each for each in menu.all() if each.tag in {"a", "button"}]


def test_a_page_of_forty_takes_is_light(band: Band) -> None:
    """However many rows there are, the table of URLs is asked as often, and no row repeats a form or a token."""
    client, asked = band.client("owner"), []
    for count in (2, SONGS_PER_PAGE - 2):
        for _ in range(count):
            full_song(band, "Last Ferry Home", "Last Ferry Home", prompt="slow disco, brushed snare")
        client.get("/library/")
        with patch.object(URLResolver, "_reverse_with_prefix", autospec=True, side_effect=REVERSE) as reverse:
            page = client.get("/library/").content
        asked.append((reverse.call_count, page.count(b"<form"), page.count(b"csrfmiddlewaretoken")))
    assert asked[0] == asked[1]
    assert page.count(b"data-play") == SONGS_PER_PAGE * 2
    assert len(page) < LIGHT


def test_the_number_of_queries_does_not_grow_with_songs(band: Band) -> None:
    client = band.client("owner")
    song = full_song(band, "One", "One")
    client.get("/library/")
    few, one = queries(client, "/library/"), queries(client, f"/library/clips/{song.takes.first().pk}/")
    for _ in range(8):
        full_song(band, "More", "More")
    big = full_song(band, *"ABCDEF")
    assert queries(client, "/library/") == few
    assert queries(client, f"/library/clips/{big.takes.first().pk}/") == one


def test_a_list_of_forty_covers_is_not_forty_downloads(band: Band) -> None:
    """Also while as many downloads are on their way as may be."""
    take = full_song(band, "One").takes.get()
    busy = [transfers.DOWNLOADS.begin(number, 1) for number in range(-transfers.DOWNLOADS.most, 0)]
    try:
        for name in ("thumb.webp", "cover.jpg"):
            assert band.client("viewer").get(f"/library/clips/{take.pk}/{name}").content == b"content"
    finally:
        for each in busy:
            transfers.DOWNLOADS.end(each)


def test_the_page_of_a_take_shows_the_takes_lyrics_and_details(band: Band) -> None:
    song = full_song(
        band, "Ferry", "Ferry", prompt="slow disco", params={"model": "lyria-3.5", "ghostwriter": "pro"}
    )
    first, second = song.takes.all()
    Clip.objects.filter(pk=first.pk).update(
        seed=42, lyrics="[Verse 1]\nCity <lights>\n\n[Chorus]\nFerry home"
    )
    page = band.client("member").get(f"/library/clips/{first.pk}/").content.decode()
    assert 'class="wave wave-384"' in page
    assert page.count('class="wave" data-bars=') == 2
    assert f'href="/library/clips/{second.pk}/"' in page
    for text in (
        "Verse 1",
        "City &lt;lights&gt;",
        "lyria-3.5",
        "pro",
        ">42<",
        "studio@",
        "slow disco",
        "2:53",
    ):
        assert text in page
    assert "[Chorus]" not in page
    for kind in ("mp3", "m4a", "wav"):
        assert f"/library/clips/{first.pk}/audio.{kind}?download=1" in page


def test_an_instrumental_has_no_lyrics(band: Band) -> None:
    take = band.song("Ferry").takes.get()
    Clip.objects.update(lyrics="[Instrumental]")
    page = band.client("owner").get(f"/library/clips/{take.pk}/").content.decode()
    assert 'id="lyrics-title"' not in page
    assert "[Instrumental]" not in page


def test_what_is_missing_says_why_and_when_it_is_tried_again(band: Band) -> None:
    take = band.song("Ferry").takes.get()
    now = timezone.now()
    fine = {"clip": take, "next_try_at": now + timedelta(minutes=5)}
    ClipFile.objects.create(kind="m4a", tries=3, last_error="The link has expired.", **fine)
    ClipFile.objects.create(kind="wav", state="given_up", last_error="The link has expired.", **fine)
    ClipFile.objects.create(kind="cover", state="none", clip=take)
    ClipFile.objects.create(kind="mp3", **fine)
    page = band.client("owner").get(f"/library/clips/{take.pk}/").content.decode()
    assert "Not there yet. The link has expired. Trying again in about 5 min." in page
    assert "Tried for seven days without success." in page
    assert "Flow Music made none." in page
    assert "Queued to be fetched." in page
    assert page.count("Try again<") == 2
    assert "Try again<" not in band.client("viewer").get(f"/library/clips/{take.pk}/").content.decode()


@pytest.mark.parametrize(
    ("who", "library", "clip", "retry"),
    [
        ("owner", 200, 200, 302),
        ("member", 200, 200, 302),
        ("viewer", 200, 200, 403),
        ("stranger", 200, 404, 404),
        ("anonymous", 302, 302, 302),
    ],
)
def test_who_may_see_and_retry(band: Band, who: str, library: int, clip: int, retry: int) -> None:
    take = band.song("Ferry").takes.get()
    file = ClipFile.objects.create(clip=take, kind="m4a", state="given_up")
    client = band.client(who)
    assert client.get("/library/").status_code == library
    assert client.get(f"/library/clips/{take.pk}/").status_code == clip
    answer = client.post(f"/library/clips/{take.pk}/files/m4a/retry/")
    file.refresh_from_db()
    assert answer.status_code == retry
    assert file.state == ("wanted" if who in {"owner", "member"} else "given_up")
    if who == "stranger":
        assert "Ferry" not in client.get("/library/").content.decode()


def test_try_again_asks_at_once_and_only_for_what_is_missing(
    band: Band, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    take = band.song("Ferry").takes.get()
    later = timezone.now() + timedelta(hours=6)
    ClipFile.objects.create(clip=take, kind="m4a", state="wanted", tries=9, next_try_at=later)
    store(take, "mp3", b"x")
    client = band.client("member")
    with django_capture_on_commit_callbacks() as woken:
        answer = client.post(f"/library/clips/{take.pk}/files/m4a/retry/")
        client.post(f"/library/clips/{take.pk}/files/mp3/retry/")
    assert answer["Location"] == f"/library/clips/{take.pk}/"
    assert len(woken) == 1
    assert [file.kind for file in ClipFile.objects.due(timezone.now())] == ["m4a"]
    for kind in ("thumb", "flac"):
        assert client.post(f"/library/clips/{take.pk}/files/{kind}/retry/").status_code == 404
    assert client.get(f"/library/clips/{take.pk}/files/m4a/retry/").status_code == 405


def test_pages_have_nothing_inline(band: Band) -> None:
    take = full_song(band, "Ferry", "Ferry", tone="sky").takes.first()
    for address in ("/library/", f"/library/clips/{take.pk}/"):
        page = band.client("owner").get(address).content.decode()
        assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", page)


@time_machine.travel("2026-11-20 23:30Z", tick=False)
@pytest.mark.parametrize(("zone", "day", "clock"), [("", "Today", "22:30"), ("Asia/Tokyo", "Today", "07:30")])
def test_a_day_of_the_library_begins_at_the_readers_midnight(
    band: Band, zone: str, day: str, clock: str
) -> None:
    band.song("Late one", asked_at=datetime(2026, 11, 20, 22, 30, tzinfo=UTC))
    band.song("Early one", asked_at=datetime(2026, 11, 20, 14, 30, tzinfo=UTC))
    client = band.client("owner")
    client.cookies["zone"] = zone

    page = Page(client.get("/library/"))

    headings = [each.text.strip() for each in page.all("h2")]
    assert headings[0] == day
    assert ("Yesterday" in headings) == (zone == "Asia/Tokyo")
    assert clock in [each.text for each in page.all("time")]
