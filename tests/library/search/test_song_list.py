"""What is found best comes first: by title, tags, prompt, lyrics, then the newest; page by page, each song once."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import transaction
from django.utils import timezone

from apps.library import reindex
from apps.library.curation import tags
from apps.library.models import Clip, ClipSearchText, Song
from apps.library.search import search_index, song_list
from apps.library.song_names import rename
from tests.library.conftest import Band
from tests.library.search.test_filters import library, rows
from tests.page import Page

pytestmark = pytest.mark.databases


@pytest.fixture
def filled(band: Band) -> Band:
    """The better the hit, the older the song; and eight that only sing of it."""
    now = timezone.now()

    def add(title: str, age: int, lyrics: str = "", **values: object) -> Song:
        song = band.song(title, asked_at=now - timedelta(hours=age), **values)
        song.takes.update(lyrics=lyrics)
        return song

    add("Night Ferry", 90, name="Title")
    add("Ferry", 80, prompt="at night", name="Both")
    tagged = add("Tag", 70)
    add("Prompt", 60, prompt="a night ferry")
    add("Lyrics", 50, "all night on the ferry")
    for number in range(8):
        add(f"Sung {number}", number, "ferry by night")
    search_index.index(Clip.objects.select_related("song"))
    tags.add(band.team, tagged.takes.all(), ["night ferry"])
    Song.objects.filter(name="Title").update(name="")
    return band


def order(band: Band, query: str) -> list[str]:
    return list(rows(library(band, query)))


def test_hits_in_the_title_come_first_then_tags_prompt_lyrics_then_the_newest(filled: Band) -> None:
    sung = [f"Sung {number}" for number in range(8)]
    assert order(filled, "?q=night+ferry") == ["Night Ferry", "Tag", "Prompt", "Both", *sung, "Lyrics"]
    page = library(filled, "?q=night+ferry")
    heads = [head.text for head in page.all("h2") if head.text.startswith("In ")]
    assert heads == ["In the title", "In tags", "In the prompt", "In the lyrics"]
    assert order(filled, "?q=ferry")[:4] == ["Both", "Night Ferry", "Tag", "Prompt"]
    assert order(filled, "?q=night+ferry&sort=oldest")[:2] == ["Night Ferry", "Both"]


@pytest.mark.parametrize("named", [1_000, 3, 0])
def test_pages_of_a_search_show_every_song_once_in_the_same_order(
    filled: Band, monkeypatch: pytest.MonkeyPatch, named: int
) -> None:
    """Also where the index has too many to name: those are read row by row."""
    whole = order(filled, "?q=night+ferry")
    monkeypatch.setattr(search_index, "MOST_NAMED", named)
    monkeypatch.setattr(song_list, "MOST_COUNTED", named)
    monkeypatch.setattr(song_list, "SONGS_PER_PAGE", 3)
    address, seen = "?q=night+ferry", []
    while address:
        page = library(filled, address)
        seen += rows(page)
        following = page.all("a", rel="next")
        address = (following[0]["href"] or "").removeprefix("/library/") if following else ""
    assert seen == whole
    assert len(set(seen)) == 13


def test_a_song_that_comes_meanwhile_moves_nothing_on_the_next_page(
    filled: Band, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(song_list, "SONGS_PER_PAGE", 3)
    whole = order(filled, "?q=night+ferry")
    following = library(filled, "?q=night+ferry").all("a", rel="next")[0]["href"] or ""
    assert parse_qs(urlsplit(following).query)["before"][0].endswith(",prompt")
    filled.song("Night ferry two")
    search_index.index(Clip.objects.select_related("song"))
    assert whole == ["Night Ferry", "Tag", "Prompt"]
    assert order(filled, following.removeprefix("/library/")) == ["Both", "Sung 0", "Sung 1"]


def test_the_palette_shows_the_song_so_titled_before_eight_that_sing_of_it(filled: Band) -> None:
    options = Page(filled.client("viewer").get("/library/find/", {"q": "night ferry"})).all(role="option")
    titles = [option.one("span", class_="cut").text for option in options]
    assert titles[:5] == ["Night Ferry", "Tag", "Prompt", "Both", "Sung 7"]
    assert len(titles) == 9  # eight, and the way to the library's own search


def test_tags_are_found_as_long_as_they_are_on_a_take(filled: Band) -> None:
    take = Clip.objects.get(title="Prompt")
    takes = Clip.objects.filter(pk=take.pk)
    tags.add(filled.team, takes, ["Łódź demo"])
    assert order(filled, "?q=lodz") == ["Prompt"]
    taken = tags.remove(filled.team, takes, ["Łódź demo"])
    assert order(filled, "?q=lodz") == []
    tags.restore(filled.team, taken)
    assert order(filled, "?q=lodz") == ["Prompt"]


def test_rows_of_before_are_found_until_they_are_written_anew(filled: Band) -> None:
    """As a process of the version before writes them, too: without saying in which way."""
    ferry = Clip.objects.get(title="Night Ferry")
    ClipSearchText.objects.filter(clip=ferry).update(terms=f"§{filled.team.pk.hex} night ferry", way=None)
    assert "Night Ferry" in order(filled, "?q=night+ferry")[-9:]
    with transaction.atomic():
        assert rename(ferry.song, "Łódź") == ""
    ClipSearchText.objects.update(way=None)
    assert reindex.run() == 13
    assert reindex.run() == 0
    assert order(filled, "?q=lodz") == ["Łódź"]
    assert not ClipSearchText.objects.filter(way=None).exists()
