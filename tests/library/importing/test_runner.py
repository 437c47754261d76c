"""Importing what an account has at Flow Music: every clip once, whatever happens meanwhile."""

import re
import tracemalloc
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import ApiToken, FlowAccount
from apps.library import leases
from apps.library.curation import trash
from apps.library.importing import actions, page_writer, prefetch, row_builder, runner
from apps.library.models import Clip, ClipFile, Import, Song
from apps.library.search import search_index
from apps.sandbox.server import Sandbox
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.records import ClipPage, ClipRecord
from tests.library.conftest import EMAIL, Band, record, seed
from tests.sandbox_control import order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]


def begin(band: Band) -> Import:
    return actions.begin(band.team, band.account, by=band.owner)


def walk_on(walk: Import) -> Import:
    runner.walk(str(walk.pk))
    walk.refresh_from_db()
    return walk


def numbers(band: Band) -> list[int]:
    """Of the seeded clips, as the library lists them: newest first."""
    titles = band.team.songs.order_by("-created_at", "-id").values_list("takes__title", flat=True)
    return [int(re.sub(r"\D", "", title)) for title in titles]


def listed(*, title: str, **values: object) -> ClipRecord:
    return ClipRecord(clip_id=f"user:1000-{EMAIL}-clip:{uuid.uuid4()}", title=title, **values)


def test_every_page_is_imported_once_in_the_order_of_the_list(studio: Band, sandbox: Sandbox) -> None:
    seed(sandbox, 230)
    walk = walk_on(begin(studio))
    assert (walk.state, walk.new, walk.found, walk.problem) == ("done", 230, 230, "")
    assert numbers(studio) == list(range(230, 0, -1))
    song = studio.team.songs.latest("created_at")
    assert song.created_at < walk.started_at
    assert song.operation == Song.IMPORT
    assert song.takes.get().shown_lyrics
    again = walk_on(begin(studio))
    assert (again.new, again.known, Clip.objects.count()) == (0, 230, 230)
    assert Clip.objects.filter(search_index.matching(studio.team, "seeded 117")).get().title == "Seeded 117"


def test_a_part_of_the_list_is_imported(studio: Band, sandbox: Sandbox) -> None:
    """120 behind the newest 50; what was passed over comes when all of it is asked for."""
    seed(sandbox, 230)
    walk = walk_on(actions.begin(studio.team, studio.account, by=studio.owner, offset=50, limit=120))
    assert (walk.state, walk.new) == ("done", 120)
    assert numbers(studio) == list(range(180, 60, -1))
    assert walk_on(begin(studio)).new == 110


def test_a_part_that_is_none_is_asked_for_again(studio: Band) -> None:
    answer = studio.client("owner").post("/library/import/begin/", {"email": EMAIL, "limit": "many"})
    assert answer.status_code == 422
    assert "Enter a whole number" in answer.content.decode()
    assert not Import.objects.exists()


def test_one_page_is_one_call(studio: Band, sandbox: Sandbox) -> None:
    seed(sandbox, 40)
    walk_on(begin(studio))
    assert sandbox.world.state.requests(path="/music") == {"GET /music": 1}


@pytest.fixture
def page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each message imports one page."""
    monkeypatch.setattr(runner, "SLICE_S", 0.0)
    monkeypatch.setattr(prefetch, "TOGETHER", 1)


@pytest.mark.usefixtures("page_by_page")
@pytest.mark.parametrize("meanwhile", [1, 7, 120])
def test_songs_made_while_paging_are_imported_too_and_nothing_twice(
    studio: Band, sandbox: Sandbox, meanwhile: int
) -> None:
    seed(sandbox, 250)
    walk = begin(studio)
    for page in range(20):
        if walk_on(walk).state == "done":
            break
        if page < 3:
            seed(sandbox, meanwhile)
    total = 250 + 3 * meanwhile
    assert walk.state == "done"
    assert numbers(studio) == list(range(total, 0, -1)), "in the order of the list, each once"
    assert walk.found == total


@pytest.mark.parametrize("meanwhile", [1, 7, 120])
def test_songs_made_between_two_pages_of_a_stretch_are_imported_too(
    studio: Band, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, meanwhile: int
) -> None:
    seed(sandbox, 450)
    asks = FlowMusic.music_list

    def and_then_some_are_made(client: FlowMusic, email: str, **place: int) -> ClipPage:
        page = asks(client, email, **place)
        if len(sandbox.world.state.rows("SELECT uuid FROM clips")) < 450 + 3 * meanwhile:
            seed(sandbox, meanwhile)
        return page

    monkeypatch.setattr(FlowMusic, "music_list", and_then_some_are_made)
    walk = walk_on(begin(studio))
    total = 450 + 3 * meanwhile
    assert (walk.state, walk.found) == ("done", total)
    assert numbers(studio) == list(range(total, 0, -1)), "in the order of the list, each once"


@pytest.mark.usefixtures("page_by_page")
def test_clips_deleted_at_the_remote_while_paging_hide_no_others(studio: Band, sandbox: Sandbox) -> None:
    seed(sandbox, 250)
    walk = walk_on(begin(studio))
    gone = sandbox.world.state.rows(
        "SELECT uuid FROM clips JOIN jobs USING (jobid) ORDER BY jobs.rowid DESC LIMIT 30"
    )
    for row in gone:
        sandbox.world.state.execute("DELETE FROM clips WHERE uuid = ?", row["uuid"])
    while walk_on(walk).state == "walking":
        pass
    assert numbers(studio) == list(range(250, 0, -1))


@pytest.mark.usefixtures("page_by_page")
def test_a_killed_walker_loses_nothing_and_doubles_nothing(studio: Band, sandbox: Sandbox) -> None:
    """Its claim stays on the row, and its page was not written, or was written as a whole."""
    seed(sandbox, 250)
    walk = walk_on(begin(studio))
    dead = uuid.uuid4()
    assert walk.take_claim(dead, lasts=leases.LASTS)
    assert not runner.walk(str(walk.pk)), "somebody walks"
    assert actions.wake_due() == 0
    Import.objects.update(claim_until=timezone.now())
    assert actions.wake_due() == 1, "its claim has run out"
    while walk_on(walk).state == "walking":
        pass
    assert numbers(studio) == list(range(250, 0, -1))
    assert not walk.write(dead, offset=0), "whoever wakes up late changes nothing"


@pytest.mark.usefixtures("page_by_page")
def test_it_can_be_stopped_and_goes_on_where_it_was(studio: Band, sandbox: Sandbox) -> None:
    seed(sandbox, 250)
    walk = walk_on(begin(studio))
    assert walk.stop()
    assert walk_on(walk).state == "stopped"
    assert walk.new == 100
    seed(sandbox, 5)
    assert begin(studio) == walk, "there is one open walk for an account"
    while walk_on(walk).state == "walking":
        pass
    assert (walk.state, walk.new) == ("done", 255)
    assert numbers(studio) == list(range(255, 0, -1))


def test_what_is_known_stays_and_what_is_not_known_is_filled_in(studio: Band, sandbox: Sandbox) -> None:
    seed(sandbox, 3)
    walk_on(begin(studio))
    one, two, _ = Clip.objects.order_by("title")
    Clip.objects.filter(pk=one.pk).update(title="", lyrics="", duration_s=None)
    Clip.objects.filter(pk=two.pk).update(title="Our own", duration_s=12.5)
    sandbox.world.state.execute("UPDATE clips SET lyrics = NULL, duration_s = NULL WHERE title = 'Seeded 3'")
    walk = walk_on(begin(studio))
    assert (walk.new, walk.filled, walk.known) == (0, 1, 2)
    filled, kept, other = Clip.objects.order_by("song__created_at")
    assert (filled.title, filled.lyrics, filled.duration_s) == (one.title, one.lyrics, one.duration_s)
    assert (kept.title, kept.duration_s) == ("Our own", 12.5)
    assert other.lyrics
    assert other.duration_s
    assert list(Clip.objects.filter(search_index.matching(studio.team, "seeded"))) != []


def test_what_was_deleted_here_stays_deleted(studio: Band, sandbox: Sandbox) -> None:
    seed(sandbox, 3)
    walk_on(begin(studio))
    deleted, erased, _ = Clip.objects.order_by("title")
    trash.delete(studio.team, Clip.objects.filter(pk__in=[deleted.pk, erased.pk]), by=studio.owner)
    trash.erase(studio.team, Clip.objects.filter(pk=erased.pk), by=studio.owner)
    walk = walk_on(begin(studio))
    assert (walk.new, walk.filled, walk.known, walk.left_out) == (0, 0, 1, 2)
    assert Clip.objects.live().count() == 1
    assert Clip.objects.get(pk=erased.pk).title == ""


def test_a_song_of_a_job_stays_in_its_song_and_the_others_sort_around_it(
    studio: Band, sandbox: Sandbox
) -> None:
    """The list has no dates: a clip below a song of ours was made before it."""
    seed(sandbox, 4)
    ids = [row["uuid"] for row in sandbox.world.state.rows("SELECT uuid FROM clips ORDER BY rowid")]
    ours = ClipRecord(clip_id=f"user:1000-{EMAIL}-clip:{ids[2]}", title="Seeded 3")
    made = studio.keep(record(ours), asked_at=timezone.now() - timedelta(days=9))
    walk_on(begin(studio))
    assert numbers(studio) == [4, 3, 2, 1]
    newest, *_, oldest = studio.team.songs.order_by("-created_at")
    assert newest.created_at > timezone.now() - timedelta(hours=1)
    assert oldest.created_at < made.created_at
    assert Clip.objects.get(title="Seeded 3").song == made


def test_a_song_of_a_job_that_is_collected_later_takes_what_was_imported(
    studio: Band, sandbox: Sandbox
) -> None:
    seed(sandbox, 1)
    walk_on(begin(studio))
    take = Clip.objects.get()
    song = studio.keep(record(ClipRecord(clip_id=take.clip_id)))
    take.refresh_from_db()
    assert take.song == song
    assert Song.objects.count() == 1
    assert walk_on(begin(studio)).known == 1


def test_stems_go_under_their_take_where_that_is_sure(studio: Band, sandbox: Sandbox) -> None:
    seed(sandbox, 7)
    names = {
        1: "Ferry",
        2: "Twin",
        3: "Twin",
        4: "Ferry - drums",
        5: "Ferry- Vocals",
        6: "Twin - bass",
        7: "Drums - bass",
    }
    for number, name in names.items():
        sandbox.world.state.execute(
            "UPDATE clips SET title = ?, duration_s = 61 WHERE title = ?", name, f"Seeded {number}"
        )
    walk = walk_on(begin(studio))
    assert walk.new == 7
    ferry = Clip.objects.get(title="Ferry")
    stems = Song.objects.get(operation="stems")
    assert stems.source == ferry
    assert list(stems.takes.values_list("stem_type", "take")) == [("vocals", 0), ("drums", 1)]
    for name in ("Twin - bass", "Drums - bass"):
        other = Clip.objects.get(title=name)
        assert (other.song.operation, other.stem_type) == (Song.IMPORT, ""), "of which one is not sure"
    assert walk_on(begin(studio)).known == 7
    assert Song.objects.count() == 6


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (596, "sign in again"),
        (404, "no longer connected"),
        (401, "no longer accepts this token"),
        (0, "Add a token"),
    ],
)
def test_what_only_a_person_can_mend_is_said_in_plain_words(
    studio: Band, sandbox: Sandbox, number: int, words: str
) -> None:
    seed(sandbox, 1)
    match number:
        case 596:
            order(sandbox.url, "accounts", email=EMAIL, error="refresh token rejected")
        case 404:
            order(sandbox.url, "accounts", email=EMAIL, remove=True)
        case 401:
            order(sandbox.url, "scenario", operation="clips", scenario="401", times=9)
        case 0:
            ApiToken.objects.all().delete()
    walk = walk_on(begin(studio))
    assert (walk.state, walk.claim) == ("stuck", None)
    assert words in walk.problem
    assert actions.wake_due() == 0
    if number in {596, 404}:
        assert FlowAccount.objects.get(pk=studio.account.pk).block in {"error", "gone"}


def test_what_passes_is_tried_again_by_itself(studio: Band, sandbox: Sandbox) -> None:
    seed(sandbox, 1)
    order(sandbox.url, "scenario", operation="clips", scenario="500", times=3)
    walk = walk_on(begin(studio))
    assert (walk.state, walk.tries) == ("walking", 1)
    assert walk.problem
    assert not runner.walk(str(walk.pk)), "not before its time"
    Import.objects.update(next_at=timezone.now())
    walk = walk_on(walk)
    assert (walk.state, walk.problem, walk.new) == ("done", "", 1)


def test_a_date_that_none_can_have_draws_no_other_song_there(studio: Band) -> None:
    walk = begin(studio)
    clips = [
        listed(title="One", created_at=datetime(1, 1, 1, tzinfo=UTC)),
        listed(title="Two"),
        listed(title="Three", created_at=datetime(2026, 3, 1, 12, tzinfo=UTC)),
    ]
    assert page_writer.save(walk, row_builder.prepare(clips, studio.team.pk)).new == 3
    dates = dict(studio.team.songs.values_list("takes__title", "created_at"))
    assert walk.started_at > dates["One"] > dates["Two"] > walk.started_at - timedelta(seconds=1)
    assert dates["Three"] == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_audio_comes_in_the_background_and_what_was_just_made_goes_first(
    studio: Band, sandbox: Sandbox
) -> None:
    seed(sandbox, 30)
    walk_on(begin(studio))
    studio.keep(
        record(
            listed(
                title="Just made",
                audio_url="https://media.example/a.m4a",
                image_url="https://media.example/a.jpg",
            )
        )
    )
    due = [file.background for file in ClipFile.objects.due(timezone.now())]
    assert due[:3] == [False] * 3
    assert due[3:] == [True] * 60, "a cover and an mp3 for each"
    assert (
        not ClipFile.objects.filter(background=True, kind__in=["m4a", "wav"]).exclude(state="none").exists()
    )


@pytest.mark.usefixtures("page_by_page")
def test_a_page_costs_the_same_however_many_came_before(studio: Band, sandbox: Sandbox) -> None:
    """Queries and memory of the second page and of the eighth."""
    seed(sandbox, 800)
    walk = begin(studio)
    costs = {}
    for page in range(1, 9):
        if page in {2, 8}:
            tracemalloc.start()
        with CaptureQueriesContext(connection) as queries:
            walk_on(walk)
        if page in {2, 8}:
            costs[page] = (len(queries), tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        reset_queries()
    assert walk.new == 800 - 21, "each page is read three clips early, to see that nothing has moved"
    (many, memory), (as_many, as_much) = costs[2], costs[8]
    assert many == as_many < 30
    assert as_much < 1.3 * memory
