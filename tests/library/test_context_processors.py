"""What the navigation shows of the library: songs and collections, at a cost that doesn't grow."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Team
from apps.library import context_processors
from apps.library.models import Clip, Collection, CollectionItem
from apps.library.search import song_list
from tests.library.conftest import Band, store
from tests.page import Page


def nav(band: Band, who: str = "viewer") -> Page:
    return Page(band.client(who).get("/library/"))


def test_it_counts_the_songs_that_are_listed(band: Band, monkeypatch: pytest.MonkeyPatch) -> None:
    assert nav(band).one(id="nav-songs").text == ""
    for _ in range(4):
        band.song("Ferry", "Ferry")
    half, gone = Clip.objects.order_by("song", "take")[0], band.song("Gone")
    Clip.objects.filter(pk=half.pk).update(deleted_at=band.team.created_at)
    gone.takes.update(deleted_at=band.team.created_at)
    assert nav(band).one(id="nav-songs").text == "4 songs"
    monkeypatch.setattr(song_list, "MOST_IN_FIGURE", 3)
    assert nav(band).one(id="nav-songs").text == "3+ songs"


def test_the_teams_collections_each_with_a_cover(band: Band) -> None:
    take = band.song("Ferry").takes.get()
    store(take, "thumb", b"RIFF")
    harbour = Collection.objects.create(team=band.team, name="Harbour EP")
    CollectionItem.objects.create(collection=harbour, clip=take, place=1)
    Collection.objects.create(team=band.team, name="Ferrow ads")
    Collection.objects.create(team=Team.objects.create(name="Others"), name="Theirs")
    shown = nav(band).one("div", class_="nav-collections")
    entries = shown.all("a", class_="nav-collection")
    assert [each.text.strip() for each in entries] == ["Ferrow ads", "Harbour EP"]
    assert [each["src"] for each in shown.all("img")] == [f"/library/clips/{take.pk}/thumb.webp"]


def test_many_collections_cost_no_more_than_one(band: Band) -> None:
    counts = []
    for number in range(12):
        Collection.objects.create(team=band.team, name=f"Number {number:02}")
        with CaptureQueriesContext(connection) as asked:
            page = nav(band)
        counts.append(len(asked))
    assert len(page.all("a", class_="nav-collection")) == context_processors.MOST_COLLECTIONS
    assert len(set(counts)) == 1


def test_one_entry_is_chosen(band: Band) -> None:
    client = band.client("member")
    for address in (
        "/library/",
        "/library/trash/",
        "/library/storage/",
        "/library/collections/",
        "/jobs/",
        "/flow-accounts/",
    ):
        header = Page(client.get(address)).one("header", class_="nav-side")
        chosen = {each["href"] for each in header.all("a", aria_current="page")}
        assert chosen == {address}
