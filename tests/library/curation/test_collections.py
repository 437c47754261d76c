"""Collections: takes in an order that people give, through deleting, restoring and undoing."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.library.curation import collections, ratings, trash
from apps.library.input_names import InvalidInput
from apps.library.models import Clip, Collection
from tests.library.conftest import Band, store
from tests.library.curation.test_ratings import undo


def takes(band: Band, count: int) -> list[Clip]:
    return [band.song(f"Song {letter}").takes.get() for letter in "ABCDEFGH"[:count]]


def collection(band: Band, *clips: Clip, name: str = "Harbour EP") -> Collection:
    made = collections.create(band.team, name, by=band.owner)
    for clip in clips:
        made.add(Clip.objects.filter(pk=clip.pk))
    return made


def order(found: Collection) -> str:
    """The letters of the songs that its page shows."""
    return "".join(take.title[-1] for take in collections.takes_of(found))


def chosen(*clips: Clip, **more: str) -> dict[str, object]:
    return {"clip": [str(clip.pk) for clip in clips], **more}


def test_chosen_takes_become_a_collection_and_undo_takes_them_out(band: Band) -> None:
    first, second, third = takes(band, 3)
    client = band.client("member")
    client.post(
        "/library/selection/add-to-collection/", chosen(first, third, name=" Harbour  EP "), follow=True
    )
    found = Collection.objects.get()
    assert (found.name, found.made_by, order(found)) == ("Harbour EP", band.people["member"], "CA")
    more = chosen(first, second, collection=str(found.pk))
    page = client.post("/library/selection/add-to-collection/", more, follow=True).content.decode()
    assert "1 take added to “Harbour EP”." in page
    assert order(found) == "CAB", "what is in it stays where it is"
    undo(client, page)
    assert order(found) == "CA"
    found.add(Clip.objects.filter(pk=second.pk))  # a teammate wants it in
    assert "Nothing was removed" in undo(client, page)
    assert order(found) == "CAB"
    assert (
        "Already in “Harbour EP”."
        in client.post(
            "/library/selection/add-to-collection/", chosen(first, name="Harbour EP"), follow=True
        ).content.decode()
    )


def test_enter_in_a_field_does_what_is_written_in_it(band: Band) -> None:
    first, second = takes(band, 2)
    client = band.client("member")
    client.post("/library/selection/", chosen(first, second, name="Podcast beds", tags=""))
    assert Collection.objects.get().items.count() == 2
    client.post("/library/selection/", chosen(first, name="", tags="demo"))
    assert [tag.name for tag in first.tags.all()] == ["demo"]
    said = client.post("/library/selection/", chosen(first, name="", tags=""), follow=True).content.decode()
    assert "Choose what to do with these takes" in said


@pytest.mark.parametrize(
    ("which", "to", "after"),
    [
        ("A", 0, "ABCD"),
        ("A", 1, "BACD"),
        ("A", 3, "BCDA"),
        ("A", 99, "BCDA"),
        ("D", 0, "DABC"),
        ("C", 1, "ACBD"),
    ],
)
def test_a_take_moves_to_a_place_and_back(band: Band, which: str, to: int, after: str) -> None:
    clips = takes(band, 4)
    found = collection(band, *clips)
    clip = clips["ABCD".index(which)]
    client = band.client("member")
    address = f"/library/collections/{found.pk}/{clip.pk}/move/"
    page = client.post(address, {"to": str(to)}, follow=True).content.decode()
    assert order(found) == after
    if after != "ABCD":
        undo(client, page)
    assert order(found) == "ABCD"


def test_a_take_in_the_trash_keeps_its_place_and_does_not_count(band: Band) -> None:
    clips = takes(band, 4)
    found = collection(band, *clips)
    trash.delete(band.team, Clip.objects.filter(pk=clips[1].pk), by=band.owner)
    assert order(found) == "ACD"
    found.move(clips[3].pk, 1)
    assert order(found) == "ADC"
    trash.restore(band.team, Clip.objects.filter(pk=clips[1].pk), by=band.owner)
    assert order(found) == "ABDC"


def test_taking_out_and_deleting_can_be_undone_twice_without_harm(band: Band) -> None:
    clips = takes(band, 3)
    found = collection(band, *clips)
    client = band.client("member")
    page = client.post(f"/library/collections/{found.pk}/{clips[1].pk}/remove/", follow=True).content.decode()
    assert order(found) == "AC"
    for _ in range(2):
        undo(client, page)
        assert order(found) == "ABC"
    page = client.post(f"/library/collections/{found.pk}/delete/", follow=True).content.decode()
    assert not Collection.objects.exists()
    assert Clip.objects.live().count() == 3
    for _ in range(2):
        assert "“Harbour EP” restored." in undo(client, page)
        assert order(Collection.objects.get(pk=found.pk)) == "ABC"


def test_a_deleted_collections_name_may_be_taken_meanwhile(band: Band) -> None:
    found = collection(band, *takes(band, 2))
    client = band.client("member")
    page = client.post(f"/library/collections/{found.pk}/delete/", follow=True).content.decode()
    other = collection(band)
    assert "There is another collection" in undo(client, page)
    assert list(Collection.objects.all()) == [other]


def test_names_are_one_each_and_not_empty(band: Band) -> None:
    found, _ = collection(band), collection(band, name="Podcast beds")
    client = band.client("member")
    for name, said in (("Podcast beds", "already"), (" \u202e ", "needs a name"), ("x" * 81, "at most 80")):
        for address in ("new/", f"{found.pk}/rename/"):
            page = client.post(f"/library/collections/{address}", {"name": name}, follow=True)
            assert said in page.content.decode()
    assert sorted(Collection.objects.values_list("name", flat=True)) == ["Harbour EP", "Podcast beds"]
    page = client.post(f"/library/collections/{found.pk}/rename/", {"name": "Quay"}, follow=True)
    for _ in range(2):
        assert "Renamed back to “Harbour EP”." in undo(client, page.content.decode())
    found.rename("Pier")
    assert "renamed since" in undo(client, page.content.decode())
    assert Collection.objects.get(pk=found.pk).name == "Pier"


def test_it_holds_five_hundred(band: Band, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.library.models.collections.MOST_TAKES", 2)
    found = collection(band, *takes(band, 2))
    with pytest.raises(InvalidInput, match="at most 2 takes"):
        found.add(Clip.objects.filter(pk=band.song().takes.get().pk))
    assert order(found) == "AB"


def test_nobody_collects_what_is_not_theirs(band: Band) -> None:
    (clip,) = takes(band, 1)
    stranger = band.client("stranger")
    assert (
        stranger.post("/library/selection/add-to-collection/", chosen(clip, name="Mine")).status_code == 404
    )
    theirs = collections.create(band.people["stranger"].teams.get(), "Theirs", by=band.people["stranger"])
    mine = band.client("member").post(
        "/library/selection/add-to-collection/", chosen(clip, collection=str(theirs.pk))
    )
    assert mine.status_code == 404
    assert not theirs.items.exists()


def cost(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_the_pages_show_it_in_order_at_the_same_cost(band: Band) -> None:
    clips = takes(band, 5)
    for clip in clips:
        for kind in ("m4a", "thumb"):
            store(clip, kind, b"content")
        ratings.mark_favourite(clip, band.owner, True)
    found = collection(band, clips[0])
    client, address = band.client("viewer"), f"/library/collections/{found.pk}/"
    alone = cost(client, address), cost(client, "/library/collections/")
    for clip in clips[1:]:
        found.add(Clip.objects.filter(pk=clip.pk))
        collection(band, clip, name=f"Only {clip.title}")
    assert (cost(client, address), cost(client, "/library/collections/")) == alone
    assert all("lyrics" in take.get_deferred_fields() for take in collections.takes_of(found))
    page = client.get(address).content.decode()
    assert re.findall(r'class="strong two-lines"[^>]*>Song (.)<', page) == list("ABCDE")
    assert 'data-queue="Harbour EP"' in page
    theirs = band.client("member").get(address).content.decode()
    assert theirs.count("</form>") - page.count("</form>") < 6, "one form puts all the rows in order"
    listing = client.get("/library/collections/").content.decode()
    assert "5 takes" in " ".join(listing.split())
    assert f"/library/clips/{clips[0].pk}/thumb.webp" in listing
    assert "collection-moves" not in page, "a viewer doesn't put it in order"
