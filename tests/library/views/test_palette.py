"""The palette's part of the library: what is found as somebody types, and never another team's."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Team
from apps.library.models import Clip, Collection
from apps.library.search import search_index
from tests.library.conftest import Band
from tests.page import Element, Page


def found(band: Band, query: str) -> list[Element]:
    answer = band.client("viewer").get("/library/find/", {"q": query})
    assert answer.status_code == 200
    return Page(answer).all(role="option")


def titles(options: list[Element]) -> list[str]:
    return [option.one("span", class_="cut").text for option in options]


def test_songs_and_collections_by_their_beginnings(band: Band) -> None:
    band.song("Ferry Home", "Ferry Home", prompt="slow disco")
    band.song("Paper Lanterns", prompt="a ferry in the fog")
    band.song("Kitchen Ballad")
    search_index.index(Clip.objects.select_related("song"))
    Collection.objects.create(team=band.team, name="Ferry ads")
    Collection.objects.create(team=Team.objects.create(name="Others"), name="Ferry of theirs")

    options = found(band, "fer")

    assert sorted(titles(options)) == [
        "Ferry Home",  # once, though it has two takes
        "Ferry ads",
        "Paper Lanterns",
        "Search the library for “fer”",
    ]
    assert all(option["tabindex"] == "-1" and option["id"] for option in options)


def test_the_newest_songs_before_anything_is_typed(band: Band) -> None:
    for number in range(12):
        band.song(f"Song {number}")
    band.song("In the bin").takes.update(deleted_at=band.team.created_at)
    assert titles(found(band, " ")) == [f"Song {number}" for number in range(11, 3, -1)]


def test_signs_are_no_operators(band: Band) -> None:
    band.song("Ferry Home")
    for query in ('"', "ferry\x00* OR", "a:b", "%", "x" * 5000, "<b>"):
        assert len(found(band, query)) == 1, query  # the way to the library's own search


def test_it_costs_as_many_queries_with_many_songs_as_with_one(band: Band) -> None:
    counts = []
    for number in range(12):
        band.song(f"Ferry {number}")
        search_index.index(Clip.objects.select_related("song"))
        with CaptureQueriesContext(connection) as asked:
            found(band, "ferry")
        counts.append(len(asked))
    assert len(set(counts)) == 1
