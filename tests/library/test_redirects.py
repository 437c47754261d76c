"""What somebody typed is never lost by an error: it stands in its field again, with what is wrong beside it."""

import pytest
from django.http import HttpResponse

from apps.library.models import Clip, Collection
from tests.library.conftest import Band
from tests.page import Page

LONG = "rain, " + "x" * 41
NAME = "n" * 121
HTMX = {"HX-Request": "true"}


def take(band: Band, number: int = 0) -> Clip:
    found: Clip = band.song(f"t{number}").takes.get()
    return found


def field(answer: HttpResponse, name: str, typed: str) -> str:
    """Checks that what was typed is there; gives what is said to be wrong with it."""
    page = Page(answer)
    (control,) = [each for each in page.all("input", name=name) if each["value"] == typed]
    assert control["aria-invalid"] == "true"
    return " ".join(page.one(id=each).text for each in (control["aria-describedby"] or "").split())


def test_tags_of_a_take(band: Band) -> None:
    clip = take(band)
    address = f"/library/clips/{clip.pk}/tags/"
    for headers, status in ((HTMX, 200), ({}, 422)):
        answer = band.client("member").post(address, {"add": LONG}, headers=headers)
        assert answer.status_code == status
        assert "at most 40 characters" in field(answer, "add", LONG)
    done = Page(band.client("member").post(address, {"add": "rain"}, headers=HTMX))
    assert done.one("input", name="add")["value"] == "", "what was taken is not offered again"


@pytest.mark.parametrize(
    ("name", "typed"), [("tag", LONG), ("untag", LONG), ("add-to-collection", NAME), ("", LONG)]
)
def test_tags_and_a_collection_for_several(band: Band, name: str, typed: str) -> None:
    clips = [str(take(band, number).pk) for number in range(2)]
    what = "name" if name == "add-to-collection" else "tags"
    address = f"/library/selection/{name}/" if name else "/library/selection/"
    answer = band.client("member").post(address, {"clip": clips, what: typed})
    assert answer.status_code == 422
    assert "at most" in field(answer, what, typed)
    chosen = [each["value"] for each in Page(answer).all("input", name="clip")]
    assert sorted(chosen) == sorted(clips), "the same takes are chosen still"


def test_the_name_of_a_song(band: Band) -> None:
    clip = take(band)
    answer = band.client("member").post(f"/library/songs/{clip.song_id}/rename/", {"name": NAME})
    assert "at most 120 characters" in field(answer, "name", NAME)


def test_the_name_of_a_collection(band: Band) -> None:
    found = Collection.objects.create(team=band.team, name="Harbour EP")
    Collection.objects.create(team=band.team, name="Podcast beds")
    for address, typed, said in (
        ("/library/collections/new/", NAME, "at most 80"),
        (f"/library/collections/{found.pk}/rename/", NAME, "at most 80"),
        (f"/library/collections/{found.pk}/rename/", "Podcast beds", "already"),
    ):
        answer = band.client("member").post(address, {"name": typed})
        assert said in field(answer, "name", typed), address
