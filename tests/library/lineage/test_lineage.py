"""Where a take comes from and what came of it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.library.lineage import edit_labels, lineage, text_diff
from apps.library.models import Clip, Song
from tests.library.conftest import Band
from tests.library.playback.test_stems import split
from tests.page import Page


def edit(band: Band, take: Clip, operation: str, **params: object) -> Clip:
    """What an edit made of the take."""
    later = timezone.now() + timedelta(seconds=Song.objects.count())
    song = band.song(take.title, operation=operation, source=take, params=params, asked_at=later)
    return song.takes.get()


@pytest.fixture
def takes(band: Band) -> list[Clip]:
    return list(band.song("Ferry", "Ferry", prompt="slow disco").takes.all())


def lines(found: lineage.Lineage) -> list[tuple[int, str]]:
    return [(member.depth, member.label) for member in found.members]


def test_the_tree_of_a_request(band: Band, takes: list[Clip]) -> None:
    longer = edit(band, takes[0], "extend", extend_s=30, instruction="outro")
    split(band, takes[0])
    bossa = edit(band, takes[1], "cover", instruction="bossa nova")
    remix = edit(band, longer, "remix", lyrics="[Verse]\nNew words")
    expected = [
        (0, "slow disco"),
        (1, "Take A"),
        (2, "Extend, 30 s: outro"),
        (3, "Remix, new lyrics"),
        (2, "Stems"),
        (1, "Take B"),
        (2, "Cover, bossa nova"),
    ]
    for take in (*takes, longer, bossa, remix):
        found = lineage.of_take(band.team, take)
        assert sorted(lines(found)) == sorted(expected), "the same from wherever one looks"
        assert found.shown
        assert found.shown.clip
        assert found.shown.clip.pk == take.pk
    assert [member.side for member in found.members if member.is_stems] == ["4 tracks"]
    opened = sum(member.opens for member in found.members)
    assert opened == sum(len(member.closes) for member in found.members)


def test_the_card_and_the_page_show_it(band: Band, takes: list[Clip]) -> None:
    Clip.objects.filter(pk=takes[0].pk).update(lyrics="[Verse]\nThe ferry <b>home</b>\nAll alone")
    remix = edit(band, takes[0], "remix", lyrics="[Verse]\nThe ferry <b>back</b>\nAll alone", seed=7)
    split(band, takes[0])
    card = Page(band.client("viewer").get(f"/library/clips/{takes[0].pk}/"))
    links = {
        each["href"]: each.text.split()
        for each in card.all("a")
        if (each["class"] or "").startswith("member")
    }
    assert links[f"/library/clips/{remix.pk}/"][:3] == ["Remix,", "new", "lyrics"]
    assert links[f"/library/clips/{takes[0].pk}/stems/"] == ["Stems", "4", "tracks"]
    assert card.one(
        "a", aria_current="true", href=f"/library/clips/{takes[0].pk}/", class_="member bare is-shown"
    )
    page = Page(band.client("viewer").get(f"/library/clips/{remix.pk}/versions/"))
    assert [each.text.strip() for each in page.all("del")] == ["The ferry <b>home</b>"]
    assert [each.text.strip() for each in page.all("ins")] == ["The ferry <b>back</b>"]
    assert "1 line changed" in page.text
    assert "Seed 7" in page.text


def test_a_take_alone_says_so(band: Band, takes: list[Clip]) -> None:
    single = band.song("Radio").takes.get()
    assert lineage.of_take(band.team, single).is_alone
    page = Page(band.client("viewer").get(f"/library/clips/{single.pk}/"))
    assert "No edits yet." in page.text


def test_what_is_in_the_trash_or_erased_keeps_its_place(band: Band, takes: list[Clip]) -> None:
    longer = edit(band, takes[0], "extend", extend_s=30)
    cover = edit(band, longer, "cover")
    Clip.objects.filter(pk=longer.pk).update(deleted_at=timezone.now())
    sides = [member.side for member in lineage.of_take(band.team, cover).members]
    assert sides == ["", "", "in the trash", "", ""]
    Clip.objects.filter(pk=longer.pk).update(erased_at=timezone.now())
    assert "deleted for good" in [member.side for member in lineage.of_take(band.team, cover).members]
    Clip.objects.filter(pk=cover.pk).update(deleted_at=timezone.now(), erased_at=timezone.now())
    assert lines(lineage.of_take(band.team, takes[0])) == [
        (0, "slow disco"),
        (1, "Take A"),
        (2, "Extend, 30 s"),
        (1, "Take B"),
    ], "nothing came of what was deleted for good"


def test_deep_and_wide_families_cost_the_same_queries(band: Band, takes: list[Clip]) -> None:
    client, address = band.client("viewer"), f"/library/clips/{takes[0].pk}/"
    counts = []
    for _ in range(2):
        for each in (address, f"{address}versions/"):
            client.get(each)
            with CaptureQueriesContext(connection) as captured:
                client.get(each)
            counts.append(len(captured))
        last = takes[0]
        for _ in range(30):
            last = edit(band, last, "extend", extend_s=5)
        for _ in range(20):
            edit(band, takes[0], "cover")
    assert counts[2:] == counts[:2]
    found = lineage.of_take(band.team, last)
    assert found.members[31].depth == 31
    near = lineage.near(found)
    assert near.is_cut
    assert len(near.members) <= lineage.IN_CARD
    assert near.members[0].is_request


def test_a_card_keeps_the_way_to_its_take_and_what_came_of_it(band: Band, takes: list[Clip]) -> None:
    for _ in range(20):
        edit(band, takes[0], "cover")
    other = edit(band, takes[1], "extend", extend_s=5)
    came = edit(band, other, "cover", instruction="bossa nova")
    near = lines(lineage.near(lineage.of_take(band.team, other)))
    assert (2, "Extend, 5 s") in near
    assert (3, "Cover, bossa nova") in near
    assert len(near) == lineage.IN_CARD
    assert lineage.near(lineage.of_take(band.team, came)).shown


def test_too_many_are_cut(band: Band, takes: list[Clip], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage, "MOST_SONGS", 4)
    for _ in range(6):
        edit(band, takes[0], "cover")
    found = lineage.of_take(band.team, takes[0])
    assert found.is_cut
    assert len(found.members) == 6


def test_another_teams_takes_are_among_no_versions(band: Band, takes: list[Clip]) -> None:
    assert band.client("stranger").get(f"/library/clips/{takes[0].pk}/versions/").status_code == 404
    theirs = edit(band, takes[0], "cover")
    Song.objects.filter(takes=theirs).update(team=band.people["stranger"].memberships.get().team)
    assert "Cover" not in [label for _, label in lines(lineage.of_take(band.team, takes[0]))]


@pytest.mark.parametrize(
    ("operation", "params", "label", "details"),
    [
        ("extend", {"instruction": "an outro"}, "Extend, 150 s: an outro", "Adds 150 s; How an outro"),
        ("extend", {"extend_s": 30, "extend_from_s": 0}, "Extend, 30 s from 0:00", "From 0:00; Adds 30 s"),
        (
            "replace",
            {"mask_start_s": 48.2, "mask_end_s": 72, "instruction": "strings"},
            "Replace 0:48–1:12: strings",
            "From 0:48; To 1:12; How strings",
        ),
        ("effect", {"effect": "Gain", "gain_db": -3.5}, "Effect, gain", "Effect Gain; Gain −3.5 dB"),
        ("effect", {"effect": "Pan", "pan": -0.25}, "Effect, pan", "Effect Pan; Pan 25 % left"),
        ("cover", {"strength": 0.7}, "Cover", "Strength 70 %"),
        ("cover", {"instruction": "x " * 60}, "Cover, " + "x " * 29 + "x…", "How " + "x " * 60),
        (
            "remix",
            {"lyrics": "la", "prompt": "waltz", "seed": 3},
            "Remix, new lyrics",
            "Sound waltz; Seed 3",
        ),
        ("stems", {}, "Stems", ""),
        ("whistle", {"pitch": 2, "clip": "user:1"}, "Whistle", "pitch 2"),
    ],
)
def test_edits_in_plain_english(operation: str, params: dict[str, object], label: str, details: str) -> None:
    assert edit_labels.label(operation, params) == label
    found = edit_labels.details(operation, params)
    assert "; ".join(f"{each.name} {each.value}" for each in found) == details


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("one\ntwo", "one \ntwo\n", ""),
        ("one\ntwo", "one\n2\nthree", "1 line changed, 1 new"),
        ("one\ntwo\nthree", "one", "2 lines removed"),
        ("", "one\ntwo", "2 lines new"),
        # Too many of the same to be compared: what differs is all gone and all new.
        ("a\n" + "la\n" * 4000 + "b\nz", "a\nc\n" + "la\n" * 4000 + "z", "4001 lines changed"),
    ],
)
def test_changed_lines_are_counted(before: str, after: str, said: str) -> None:
    assert text_diff.counted(text_diff.lines(before, after)) == said
