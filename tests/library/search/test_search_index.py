"""What is found by which query, on either database's own index."""

import importlib

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from apps.library import reindex
from apps.library.models import Clip, ClipSearchText, Song
from apps.library.search import search_index, terms
from tests.library.conftest import Band, record
from tests.library.test_songs import A, B, clip

pytestmark = pytest.mark.databases


def found(band: Band, query: str) -> set[str]:
    takes = Clip.objects.for_team(band.team).filter(search_index.matching(band.team, query))
    return {take.title for take in takes}


def indexed(band: Band, title: str, lyrics: str = "", **values: object) -> Song:
    song = band.song(title, **values)
    Clip.objects.filter(song=song).update(lyrics=lyrics)
    search_index.index(Clip.objects.filter(song=song).select_related("song"))
    return song


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("Last Ferry  Home,", "last\nbus"), "last ferry home bus"),
        (("Malmö ÅNGSTRÖM Straße ﬁn",), "malmo angstrom strasse fin"),
        (("don't_stop 4/4 (remix)",), "don t stop dontstop 4 44 remix"),
        (("東京tower 夜",), "東京 京 tower 夜"),
        (("x" * 70,), "x" * 60),
        (("🎸 … !!!", ""), ""),
    ],
)
def test_words_are_folded_before_either_database_sees_them(texts: tuple[str, ...], words: str) -> None:
    assert terms.terms(*texts) == words


def test_takes_are_found_by_title_name_lyrics_and_prompt(band: Band) -> None:
    indexed(band, "Slow Train to Malmö", "City lights are low", prompt="bowed vibraphone", name="Nattåg")
    indexed(band, "Low Tide Radio", prompt="Surf guitar, 112 bpm")
    for query in ("malmo", "MALMÖ train", "tra mal", "lights city", "vibra", "nattag", "natt"):
        assert found(band, query) == {"Slow Train to Malmö"}, query
    assert found(band, "low") == {"Slow Train to Malmö", "Low Tide Radio"}
    assert found(band, "112 surf") == {"Low Tide Radio"}
    assert found(band, "surf train") == set()
    assert found(band, "rain") == set()  # words are found by their beginning
    assert found(band, "instrumental") == set()


def test_too_many_takes_to_be_named_are_found_by_the_same_words(
    band: Band, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "MOST_NAMED", 1)
    for title in ("Ferry home", "Homely ferries", "At home"):
        indexed(band, title)
    assert found(band, "ferr hom") == {"Ferry home", "Homely ferries"}
    assert found(band, "at") == {"At home"}
    assert found(band, "erry") == set()
    other = band.people["stranger"].teams.get()
    Clip.objects.filter(title="Ferry home").update(team=other)
    search_index.index(Clip.objects.select_related("song"))
    assert found(band, "home") == {"Homely ferries", "At home"}


def test_an_instrumental_is_not_found_by_its_mark(band: Band) -> None:
    indexed(band, "Ferry", "[Instrumental]")
    assert found(band, "instrumental") == set()
    assert found(band, "ferry") == {"Ferry"}


@pytest.mark.parametrize(
    "typed",
    [
        '"ferry"',
        "ferry*",
        "terms:ferry",
        "-ferry",
        "ferry AND (home",
        "ferry | !home & 'x':*",
        "NEAR(ferry home)",
        "ferry\0home",
        "^ferry \\ ' ''",
        "ferry 🎸 ‮home",
        "%ferry_",
    ],
)
def test_nothing_that_is_typed_is_an_operator_or_an_error(band: Band, typed: str) -> None:
    indexed(band, "Ferry home and near x terms")
    assert found(band, typed) == {"Ferry home and near x terms"}


@pytest.mark.parametrize("typed", ["", " ", "🎸", "\0", "'*:-\"", "zz" * 5_000, "home " * 2_000 + "nowhere"])
def test_what_has_no_hit_or_no_words_finds_nothing_or_what_it_says(band: Band, typed: str) -> None:
    indexed(band, "Ferry home")
    assert found(band, typed) == set()


def test_words_of_another_team_find_nothing_and_a_teams_sign_cannot_be_typed(band: Band) -> None:
    indexed(band, "Ferry")
    other = band.people["stranger"].teams.get()
    assert not Clip.objects.filter(search_index.matching(other, "ferry")).exists()
    assert not Clip.objects.filter(search_index.matching(other, f"§{band.team.pk.hex}")).exists()


def test_the_index_follows_what_is_written_renamed_and_removed(band: Band) -> None:
    song = band.keep(record(clip(A, title="Ferry", lyrics=None)))
    assert found(band, "ferry disco") == {"Ferry"}
    band.keep(record(clip(A, title=None, lyrics="Rain on tin"), clip(B, title="Other")))
    assert found(band, "tin") == {"Ferry"}
    assert found(band, "disco") == {"Ferry", "Other"}
    Song.objects.filter(pk=song.pk).update(name="Bergen", prompt="waltz")
    search_index.index(song.takes.select_related("song"))
    assert found(band, "bergen waltz") == {"Ferry", "Other"}
    assert found(band, "disco") == set()
    Clip.objects.filter(title="Ferry").delete()
    assert found(band, "bergen") == {"Other"}
    assert ClipSearchText.objects.count() == 1


def test_the_index_can_be_taken_away_and_made_again_over_rows_and_over_gaps(band: Band) -> None:
    migration = importlib.import_module("apps.library.migrations.0003_full_text")
    then = MigrationLoader(connection).project_state(("library", "0003_full_text")).apps
    editor = connection.SchemaEditorClass(connection, atomic=False)
    kept, gone = indexed(band, "Ferry home", prompt="Malmö"), indexed(band, "Gone away", name="Ærø 東京")
    Clip.objects.filter(song=band.song("Silent", prompt="waltz")).update(lyrics="[Instrumental]")
    before = dict(ClipSearchText.objects.values_list("clip__song", "terms"))
    ClipSearchText.objects.filter(clip__song=gone).delete()
    if connection.vendor == "postgresql":
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    migration.drop_index(then, editor)
    migration.make_index(then, editor)
    assert found(band, "malmo") == {"Ferry home"}
    migration.fill(then, editor)
    ClipSearchText.objects.filter(clip__song=kept).update(way=None)
    assert found(band, "away") == {"Gone away"}  # as it was written down in those days
    assert reindex.run() == 3
    after = dict(ClipSearchText.objects.values_list("clip__song", "terms"))
    assert {song.pk: after[song.pk] for song in (kept, gone)} == before
    assert found(band, "away") == {"Gone away"}
    assert found(band, "waltz") == {"Silent"}
    assert found(band, "instrumental") == set()


def test_a_search_reads_the_index_and_not_the_rows(band: Band) -> None:
    indexed(band, "Ferry")
    rows = ClipSearchText.objects.filter(
        pk__in=ClipSearchText.objects.filter(
            terms__words=search_index.Wanted("§x", [[[["ferry"]]]], 9)
        ).values("pk")
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # few rows are read faster without an index
        plan = rows.explain()
    assert (
        "library_clipwords_vector" if connection.vendor == "postgresql" else "VIRTUAL TABLE INDEX"
    ) in plan
