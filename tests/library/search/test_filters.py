"""What the library is narrowed down to: by whom, when, what, how it is told and left out again, and by which index."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.library.models import Clip, ClipSearchText, Collection, CollectionItem, Rating, Song, Tag
from apps.library.search import search_index, song_list
from apps.library.search.filters import Filters
from apps.library.search.song_list import Cursor, page_of
from tests.library.conftest import Band
from tests.page import Element, Page

pytestmark = pytest.mark.databases

NOW = "2026-11-20 12:00Z"


# What the fixture `filled` below shows for an address: the songs in order, each with how many takes.
FOUND = {
    "": {"Ferry": 2, "Radio": 1, "Copper": 1, "Found": 1},
    "?q=ferry": {"Ferry": 2},
    "?q=ferry+two": {"Ferry": 1},
    "?since=today": {"Ferry": 2},
    "?since=week": {"Ferry": 2, "Radio": 1},
    "?since=month": {"Ferry": 2, "Radio": 1},
    "?since=year": {"Ferry": 2, "Radio": 1, "Copper": 1},
    "?from=2026-11-17&to=2026-11-19": {"Radio": 1},
    "?from=2026-11-20": {"Ferry": 2},
    "?to=2026-10-11": {"Copper": 1, "Found": 1},
    "?to=2026-10-10": {"Found": 1},
    "?kind=replace": {"Copper": 1},
    "?kind=import": {"Found": 1},
    "?length=60-120": {"Ferry": 1},
    "?length=0-60": {"Radio": 1},
    "?length=240-": {},
    "?instrumental=1": {"Radio": 1, "Copper": 1},
    "?instrumental=1&q=radio": {"Radio": 1},
    "?instrumental=0": {"Ferry": 2, "Found": 1},
    "?favourite=mine": {"Ferry": 1},
    "?favourite=any": {"Ferry": 1, "Radio": 1},
    "?rating=2": {"Ferry": 1, "Radio": 1},
    "?rating=4": {"Ferry": 1},
    "?rating=5": {},
    "?tag=late+night": {"Radio": 1},
    "?provider=flowmusic": {"Ferry": 2, "Radio": 1, "Copper": 1, "Found": 1},
    "?rating=1&since=today&length=60-120&q=two&kind=music": {"Ferry": 1},
    "?rating=1&kind=import": {},
    "?sort=oldest": {"Found": 1, "Copper": 1, "Radio": 1, "Ferry": 2},
}


def library(band: Band, query: str = "", who: str = "owner", **headers: str) -> Page:
    answer = band.client(who).get(f"/library/{query}", headers=headers)
    assert answer.status_code == 200
    return Page(answer)


def rows(page: Page) -> dict[str, int]:
    """Titles of the songs, each with how many of its takes are shown."""
    songs = [each for each in page.all("li") if each["data-song"]]
    return {song.one("h3").one("a").text: len(song.all("div", class_="take")) for song in songs}


def count(page: Page) -> str:
    return page.one(id="found-count").text


def chips(page: Page) -> dict[str, Element]:
    """The chosen filters by their words."""
    return {each.text.partition(",")[0].strip(): each for each in page.all("a", class_="chip on")}


def menu(page: Page, title: str) -> dict[str, str]:
    """The choices of a filter with their addresses; none when there is no such menu."""
    for each in page.all("details", class_="menu filter"):
        if each.one("summary").text.strip() == title:
            return {link.text: link["href"] or "" for link in each.all("a")}
    return {}


@pytest.fixture
def filled(band: Band) -> Band:
    """Four songs of two people on three days: two takes, one take, an edit, an import."""
    with time_machine.travel(NOW, tick=False):
        now = timezone.now()
        ferry = band.song("Ferry", "Ferry two", asked_at=now)
        band.song("Radio", asked_at=now - timedelta(days=3))
        band.song("Copper", asked_at=now - timedelta(days=40), operation="replace")
        band.song("Found", asked_at=now - timedelta(days=400), operation="import")
    takes = {clip.title: clip for clip in Clip.objects.all()}
    Song.objects.filter(takes=takes["Radio"]).update(
        asked_by=band.people["member"], params={"instrumental": True}
    )
    for title, seconds in {"Ferry": 173, "Ferry two": 61, "Radio": 31}.items():
        Clip.objects.filter(title=title).update(duration_s=seconds)
    Clip.objects.filter(title="Copper").update(lyrics="[Instrumental]")
    Rating.objects.create(clip=takes["Ferry two"], user=band.owner, is_favourite=True, rating=4)
    Rating.objects.create(clip=takes["Radio"], user=band.people["member"], is_favourite=True, rating=2)
    takes["Radio"].tags.add(Tag.objects.create(team=band.team, name="Late Night", key="late night"))
    harbour = Collection.objects.create(team=band.team, name="Harbour EP")
    CollectionItem.objects.create(collection=harbour, clip=takes["Copper"], place=1)
    search_index.index(Clip.objects.select_related("song"))
    assert ferry.takes.count() == 2
    return band


def test_each_filter_keeps_what_fits_and_of_a_song_the_takes_that_fit(filled: Band) -> None:
    with time_machine.travel(NOW, tick=False):
        for query, found in FOUND.items():
            page = library(filled, query)
            assert list(rows(page).items()) == list(found.items()), query
            assert count(page) == f"{len(found)} song{'' if len(found) == 1 else 's'}"


@pytest.mark.long
def test_filters_hold_also_where_too_much_fits_to_be_listed_first(
    filled: Band, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second way of finding, by walking along the dates, finds the same."""
    monkeypatch.setattr(song_list, "MOST_COUNTED", 0)
    monkeypatch.setattr(search_index, "MOST_NAMED", 0)
    with time_machine.travel(NOW, tick=False):
        for query, found in FOUND.items():
            assert list(rows(library(filled, query)).items()) == list(found.items()), query


def test_a_row_says_how_many_takes_are_left_out(filled: Band) -> None:
    assert "1 more take of this song" in library(filled, "?q=two").text
    assert "more take" not in library(filled, "?q=ferry").text


def test_what_is_chosen_is_a_chip_that_leads_back_and_the_rest_are_menus(filled: Band) -> None:
    harbour = Collection.objects.get()
    page = library(filled, f"?q=c&collection={harbour.pk}&by={filled.owner.pk}&from=2026-01-01&sort=oldest")
    assert rows(page) == {"Copper": 1}
    assert list(chips(page)) == ["By owner", "Harbour EP", "From 1 Jan 2026"]
    left = parse_qs(urlsplit(chips(page)["By owner"]["href"] or "").query)
    assert left == {"q": ["c"], "collection": [str(harbour.pk)], "from": ["2026-01-01"], "sort": ["oldest"]}
    assert menu(page, "Created by") == {}  # chosen already
    assert menu(page, "Service") == {}  # there is one only
    assert set(menu(page, "Tag")) == {"Late Night"}
    kinds = menu(page, "Kind")
    assert parse_qs(urlsplit(kinds["Covers"]).query) == {
        **left,
        "by": [str(filled.owner.pk)],
        "kind": ["cover"],
    }
    form = page.one("form", role="search")
    hidden = {each["name"]: each["value"] for each in form.all("input", type="hidden")}
    assert hidden == {"collection": str(harbour.pk), "by": str(filled.owner.pk), "from": "2026-01-01"}
    assert (page.value("q"), page.value("sort")) == ("c", "oldest")


def test_a_wrong_value_is_left_out_and_said(filled: Band) -> None:
    for query, said in {
        "?rating=nine": "Rating: “nine” is not known here",
        "?since=x%00": "When: “x”",
        "?by=1%20or%201": "Created by: “1 or 1”",
        "?collection=00000000-0000-0000-0000-000000000000": "Collection: “0000",
        "?kind=" + "x" * 5000: "Kind: “xxx",
        "?from=yesterday": "“yesterday” is not a day",
        "?to=9999-12-31": "“9999-12-31” is not a day",
        "?from=2026-11-20&to=2026-11-19": "The first day comes after the last one",
    }.items():
        page = library(filled, query)
        assert len(rows(page)) == 4
        assert said in page.notice
        assert "x" * 50 not in page.notice
        assert chips(page) == {}


def test_people_tags_and_collections_of_another_team_are_not_known(filled: Band) -> None:
    page = library(filled, f"?tag=late+night&collection={Collection.objects.get().pk}", who="stranger")
    assert page.notice.count("is not known here") == 2
    assert rows(page) == {}
    page = library(filled, f"?by={filled.people['stranger'].pk}")
    assert "is not known here" in page.notice
    assert "stranger" not in menu(page, "Created by")


def test_nothing_found_says_what_was_looked_for_and_leads_out(filled: Band) -> None:
    page = library(filled, "?q=zzz<b>&kind=cover")
    assert "Nothing found for “zzz<b>”" in page.text
    assert "No songs yet." not in page.text
    clear = next(each for each in page.all("a") if each.text == "Clear filters")
    assert clear["href"] == "/library/"
    assert "No song matches these filters" in library(filled, "?kind=cover").text


def test_songs_whose_takes_are_all_in_the_trash_are_not_listed(filled: Band) -> None:
    Clip.objects.filter(title__in=("Ferry", "Radio")).update(deleted_at=timezone.now())
    assert rows(library(filled)) == {"Ferry two": 1, "Copper": 1, "Found": 1}
    assert rows(library(filled, "?q=radio")) == {}
    Clip.objects.update(deleted_at=timezone.now())
    assert "No songs yet." in library(filled).text


@pytest.mark.parametrize("order", ["", "&sort=oldest"])
def test_pages_keep_the_filters_and_show_every_song_once(
    band: Band, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    monkeypatch.setattr(song_list, "SONGS_PER_PAGE", 3)
    now = timezone.now()
    for number in range(8):
        band.song(f"Song {number}", asked_at=now - timedelta(minutes=number // 4))
        band.song("Other", asked_at=now)
    search_index.index(Clip.objects.select_related("song"))
    expected = Song.objects.filter(takes__title__startswith="Song")
    expected = expected.order_by(*(("created_at", "id") if order else ("-created_at", "-id")))
    address, seen = f"?q=song{order}", []
    for pages in range(1, 5):
        page = library(band, address)
        seen += list(rows(page))
        assert count(page) == ("8 songs" if pages == 1 else "")
        following = page.all("a", rel="next")
        if not following:
            break
        address = (following[0]["href"] or "").removeprefix("/library/")
    assert pages == 3
    assert seen == [song.title for song in expected]


def test_while_somebody_types_only_what_was_found_is_sent(filled: Band) -> None:
    typing = {"HX-Request": "true", "HX-Current-URL": "http://testserver/library/"}
    answer = filled.client("owner").get("/library/?q=ferry&sort=", headers=typing)
    page = Page(answer)
    assert not page.all(id="app")
    assert rows(page) == {"Ferry": 2}
    assert page.one(id="found-count")["hx-swap-oob"] == "innerHTML"
    assert answer["HX-Push-Url"] == "/library/?q=ferry"
    assert "HX-Request" in answer["Vary"], "the part and the page have the same address"
    typing["HX-Current-URL"] += "?q=ferr"
    assert filled.client("owner").get("/library/?q=ferry", headers=typing)["HX-Replace-Url"]
    assert library(filled, "?q=ferry", **typing, **{"HX-Boosted": "true"}).all(id="app")


def test_a_long_query_is_cut_and_a_query_of_nothing_is_none(filled: Band) -> None:
    assert len(library(filled, "?q=" + "ferry+" * 2000).value("q")) <= 200
    assert rows(library(filled, "?q=%00+%20")) == rows(library(filled))


def test_the_number_of_queries_does_not_grow_with_what_is_found(band: Band) -> None:
    client, tag = band.client("owner"), Tag.objects.create(team=band.team, name="demo", key="demo")
    every = Collection.objects.create(team=band.team, name="All")

    def add(songs: int) -> None:
        for _ in range(songs):
            for take in band.song("Ferry", "Ferry").takes.all():
                take.tags.add(tag)
                CollectionItem.objects.create(collection=every, clip=take, place=1)
                Rating.objects.create(clip=take, user=band.owner, rating=5)
        search_index.index(Clip.objects.select_related("song"))

    add(2)
    addresses = ("/library/", "/library/?q=ferry&rating=5&tag=demo&since=today")
    counts = []
    for address in addresses * 2:
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        counts.append(len(captured))
        if len(counts) == len(addresses):
            add(38)
    assert counts[2:] == counts[:2]


def test_a_search_and_a_page_far_down_go_by_an_index(band: Band) -> None:
    """The plans of the queries themselves, as the library asks them."""
    seen: list[str] = []

    def note(execute: object, sql: str, params: object, many: bool, context: object) -> object:
        if sql.startswith("SELECT"):
            with connection.cursor() as cursor:
                explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
                if not sql.startswith("EXPLAIN"):
                    cursor.cursor.execute(explain + sql, params)  # beneath this wrapper
                    seen.append("\n".join(str(row[-1]) for row in cursor.cursor.fetchall()))
        return execute(sql, params, many, context)  # type: ignore[operator]

    for number in range(60):
        band.song(f"Song {number}", asked_at=timezone.now() - timedelta(minutes=number))
    search_index.index(Clip.objects.select_related("song"))
    song = Song.objects.order_by("-created_at")[40]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # so few rows are read faster without an index
            cursor.execute("SET LOCAL enable_sort = off")
    place = Cursor(song.created_at, song.pk)
    for query, words in (("q=song", ("library_clipwords_vector", "VIRTUAL TABLE INDEX")), ("", ())):
        seen.clear()
        with connection.execute_wrapper(note):
            page_of(band.team, Filters.of(band.team, band.owner, QueryDict(query)), place)
        if query:
            assert any(word in plan for plan in seen for word in words), seen
        else:
            by_date = [plan for plan in seen if re.search(r"library_son_team_id\w*", plan)]
            assert by_date, seen
            assert any(re.search(r"created_at\s*<|Index Cond.*created_at", plan) for plan in by_date), by_date
            assert not any("TEMP B-TREE FOR ORDER BY" in plan for plan in by_date), by_date
    assert ClipSearchText.objects.count() == 60
