"""Favourites, ratings, tags, names: each changes what it is about, once, for whom it may, and can be undone."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.library import song_names
from apps.library.curation import tags as curation_tags
from apps.library.models import Clip, Rating, Tag
from apps.library.search import search_index
from apps.one_line import clean
from tests.library.conftest import Band

HTMX = {"HX-Request": "true"}


def token_in(page: str) -> str:
    """Of the only undo on the page."""
    (token,) = re.findall(r'name="token" value="([^"]+)"', page)
    return token


def undo(client: Client, page: str) -> str:
    """What is said after pressing it."""
    return client.post("/library/undo/", {"token": token_in(page)}, follow=True).content.decode()


def rating(clip: Clip, who: str, band: Band) -> tuple[bool, int]:
    found = Rating.objects.get(clip=clip, user=band.people[who])
    return found.is_favourite, found.rating


# Favourites and ratings.


def test_a_favourite_is_a_persons_own_and_everybody_sees_how_many(band: Band) -> None:
    clip = band.song().takes.get()
    address = f"/library/clips/{clip.pk}/favourite/"
    for who in ("viewer", "viewer", "owner"):
        assert band.client(who).post(address, {"on": "1"}).status_code == 302
    assert Rating.objects.count() == 2
    seen = {who: band.client(who).get("/library/").content.decode() for who in ("owner", "member")}
    assert re.search(r'favourite-button is-mine"[^>]*value="0"\s+aria-pressed="true"', seen["owner"])
    assert re.search(r'favourite-button is-others"[^>]*value="1"\s+aria-pressed="false"', seen["member"])
    band.client("owner").post(address, {"on": "0"})
    assert rating(clip, "owner", band) == (False, 0)
    assert rating(clip, "viewer", band) == (True, 0)


def test_rating_and_favourite_do_not_touch_each_other(band: Band) -> None:
    clip = band.song().takes.get()
    client = band.client("member")
    client.post(f"/library/clips/{clip.pk}/rating/", {"rating": "4"})
    client.post(f"/library/clips/{clip.pk}/favourite/", {"on": "1"})
    client.post(f"/library/clips/{clip.pk}/rating/", {"rating": "5"})
    assert rating(clip, "member", band) == (True, 5)
    for wrong in ("6", "-1", "", "five", "٣"):
        assert client.post(f"/library/clips/{clip.pk}/rating/", {"rating": wrong}).status_code == 422
    assert rating(clip, "member", band) == (True, 5)


def test_the_page_says_what_the_others_gave(band: Band) -> None:
    clip = band.song().takes.get()
    for who, stars in (("owner", 5), ("member", 2), ("viewer", 3)):
        Rating.objects.create(clip=clip, user=band.people[who], rating=stars)
    answer = band.client("viewer").post(f"/library/clips/{clip.pk}/rating/", {"rating": "0"}, headers=HTMX)
    page = " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())
    assert "3.5 by 2 others" in page
    assert "none yet" in page
    assert rating(clip, "viewer", band) == (False, 0)


def test_htmx_gets_the_control_alone_and_others_go_back_to_where_they_were(band: Band) -> None:
    clip = band.song().takes.get()
    client = band.client("viewer")
    address = f"/library/clips/{clip.pk}/rating/"
    part = client.post(address, {"rating": "4", "place": "head"}, headers=HTMX).content.decode()
    assert part.count("<form") == 1
    assert f'id="ratinghead-{clip.pk}"' in part
    address = f"/library/clips/{clip.pk}/favourite/"
    part = client.post(address, {"on": "1"}, headers=HTMX).content.decode()
    assert (part.count("<button"), part.count("<form")) == (1, 0)
    assert f'id="favourite-{clip.pk}"' in part
    assert "favourites" in re.findall(r'<form id="(\w+)"', client.get("/library/").content.decode()), (
        "what it names"
    )
    there = "http://testserver/library/?q=ferry"
    assert client.post(address, {"on": "0"}, headers={"Referer": there})["Location"] == (
        f"/library/?q=ferry#favourite-{clip.pk}"
    )


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/library/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", ""],
)
def test_no_address_leads_to_another_site(band: Band, elsewhere: str) -> None:
    clip = band.song().takes.get()
    form = {"on": "1", "next": elsewhere}
    answer = band.client("viewer").post(
        f"/library/clips/{clip.pk}/favourite/", form, headers={"Referer": elsewhere}
    )
    assert answer["Location"] == f"/library/clips/{clip.pk}/#favourite-{clip.pk}"


# Tags.


def tags(clip: Clip) -> list[str]:
    return [tag.name for tag in clip.tags.all()]


def test_tags_are_typed_with_commas_and_one_word_is_one_tag(band: Band) -> None:
    first, second = (band.song().takes.get() for _ in range(2))
    client = band.client("member")
    client.post(f"/library/clips/{first.pk}/tags/", {"add": " Late  Night, démo ,, DEMO、盆踊り"})
    client.post(f"/library/clips/{second.pk}/tags/", {"add": "Demo\u202e"})
    assert tags(first) == ["démo", "Late Night", "盆踊り"]
    assert tags(second) == ["démo"], "the team has the word already, as it was first written"
    assert Tag.objects.count() == 3


def test_a_tag_that_nobody_has_any_more_vanishes_and_comes_back_by_undo(band: Band) -> None:
    clip = band.song().takes.get()
    client, address = band.client("member"), f"/library/clips/{clip.pk}/tags/"
    client.post(address, {"add": "demo, rain"})
    page = client.post(address, {"remove": "demo"}, follow=True).content.decode()
    assert tags(clip) == ["rain"]
    assert not Tag.objects.filter(key="demo").exists()
    for _ in range(2):
        assert "Tags restored on 1 take." in undo(client, page)
        assert tags(clip) == ["demo", "rain"]


def test_a_tags_response_to_htmx_has_its_undo(band: Band) -> None:
    clip = band.song().takes.get()
    curation_tags.add(band.team, Clip.objects.filter(pk=clip.pk), ["demo"])
    client, address = band.client("member"), f"/library/clips/{clip.pk}/tags/"
    part = client.post(address, {"remove": "demo"}, headers=HTMX).content.decode()
    assert "<html" not in part
    assert 'hx-swap-oob="beforeend:#toasts"' in part
    undo(client, part)
    assert tags(clip) == ["demo"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("x" * 41, "A tag has at most 40 characters"),
        (", ,\u200b", "Write a tag first"),
        (",".join(f"tag {number}" for number in range(21)), "A take has at most 20 tags"),
    ],
)
def test_what_is_no_tag_is_refused_in_words(band: Band, typed: str, said: str) -> None:
    clip = band.song().takes.get()
    address = f"/library/clips/{clip.pk}/tags/"
    assert said in band.client("member").post(address, {"add": typed}, follow=True).content.decode()
    assert said in band.client("member").post(address, {"add": typed}, headers=HTMX).content.decode()
    assert not Tag.objects.exists()


def test_the_twenty_first_tag_is_refused_and_nothing_of_it_is_left(band: Band) -> None:
    clip = band.song().takes.get()
    only = Clip.objects.filter(pk=clip.pk)
    curation_tags.add(band.team, only, [f"tag {number}" for number in range(20)])
    curation_tags.add(band.team, only, ["tag 7"])  # it has that one
    page = band.client("member").post(f"/library/clips/{clip.pk}/tags/", {"add": "more"}, follow=True)
    assert "A take has at most 20 tags" in page.content.decode()
    assert Tag.objects.count() == clip.tags.count() == 20


def test_a_key_that_grows_when_folded_still_fits(band: Band) -> None:
    clip = band.song().takes.get()
    curation_tags.add(band.team, Clip.objects.filter(pk=clip.pk), curation_tags.parse("ﷺ" * 40))
    assert len(clip.tags.get().key) == 80


def test_other_teams_tags_are_their_own(band: Band) -> None:
    clip = band.song().takes.get()
    stranger = band.people["stranger"].teams.get()
    Tag.objects.create(team=stranger, name="Demo", key="demo")
    curation_tags.add(band.team, Clip.objects.filter(pk=clip.pk), ["DEMO"])
    assert tags(clip) == ["DEMO"]
    curation_tags.remove(band.team, Clip.objects.filter(pk=clip.pk), ["demo"])
    assert list(Tag.objects.values_list("team", flat=True)) == [stranger.pk]


# Names.


def found(band: Band, words: str) -> bool:
    return Clip.objects.filter(search_index.matching(band.team, words)).exists()


def test_a_name_goes_before_the_titles_is_found_and_can_be_taken_back(band: Band) -> None:
    song = band.song("Last Ferry Home", "Last Ferry Home")
    client, address = band.client("member"), f"/library/songs/{song.pk}/rename/"
    page = client.post(address, {"name": " Harbour\u202e\x07  Lights "}, follow=True).content.decode()
    song.refresh_from_db()
    assert song.name == "Harbour Lights"
    assert found(band, "harbour lights")
    assert "Renamed to “Harbour Lights”." in page
    for _ in range(2):
        undo(client, page)
        song.refresh_from_db()
        assert (song.name, song.title) == ("", "Last Ferry Home")
        assert not found(band, "harbour")


def test_a_title_sent_back_as_it_stood_in_the_field_is_no_name(band: Band) -> None:
    song = band.song("Last Ferry Home", "Last Ferry Home")
    client, address = band.client("member"), f"/library/songs/{song.pk}/rename/"
    assert 'value="Last Ferry Home"' in client.get(address).content.decode()
    client.post(address, {"name": "Last Ferry Home"})
    song.refresh_from_db()
    assert song.name == ""


def test_undo_does_not_take_back_what_somebody_did_after_that(band: Band) -> None:
    song = band.song()
    address = f"/library/songs/{song.pk}/rename/"
    page = band.client("member").post(address, {"name": "One"}, follow=True).content.decode()
    band.client("owner").post(address, {"name": "Two"})
    assert "renamed since" in undo(band.client("member"), page)
    song.refresh_from_db()
    assert song.name == "Two"


def test_a_name_is_given_with_what_it_is_found_by_or_not_at_all(
    band: Band, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = band.song()

    def dies(_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(search_index, "index", dies)
    with pytest.raises(SystemExit):
        song_names.rename(song, "Harbour Lights")
    song.refresh_from_db()
    assert song.name == ""


def test_a_name_that_is_too_long_is_refused(band: Band) -> None:
    song = band.song()
    address = f"/library/songs/{song.pk}/rename/"
    page = band.client("member").post(address, {"name": "x" * 121}, follow=True).content.decode()
    assert "at most 120 characters" in page
    song.refresh_from_db()
    assert song.name == ""


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\u2028b\nc", "a b c"),
        ("\u2066evil\u2069.mp3", "evil.mp3"),
        ("👩\u200d🎤 live", "👩\u200d🎤 live"),
        ("Cafe\u0301", "Café"),
        ("\u200b\u00ad", ""),
        ("\ud83d", ""),
    ],
)
def test_signs_that_hide_or_turn_are_left_out(typed: str, kept: str) -> None:
    assert clean(typed) == kept


# Undo.


def test_an_undo_is_of_one_person_in_one_team_and_lasts_a_day(band: Band) -> None:
    song = band.song()
    address = f"/library/songs/{song.pk}/rename/"
    page = band.client("member").post(address, {"name": "One"}, follow=True).content.decode()
    for who in ("owner", "stranger"):
        assert "nothing was undone" in undo(band.client(who), page)
    assert band.client("viewer").post("/library/undo/", {"token": token_in(page)}).status_code == 403
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1), tick=False):
        assert "too late to undo" in undo(band.client("member"), page)
    forged = {"token": token_in(page)[:-2] + "AA"}
    answer = band.client("member").post("/library/undo/", forged, follow=True)
    assert "too late to undo" in answer.content.decode()
    song.refresh_from_db()
    assert song.name == "One"


def test_a_favourite_costs_the_same_however_many_ratings_there_are(band: Band) -> None:
    clip = band.song().takes.get()
    client = band.client("viewer")

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.post(f"/library/clips/{clip.pk}/favourite/", {"on": "1"}, headers=HTMX)
        return len(queries)

    alone = cost()
    for who in ("owner", "member"):
        Rating.objects.create(clip=clip, user=band.people[who], is_favourite=True)
    assert cost() == alone
