"""How much a team keeps, what is said from 90 % on, and what waits at 100 %."""

from collections.abc import Callable

import pytest
from django.db.models import Sum
from django.utils import timezone

from apps.library.archiving import archiver, quota
from apps.library.models import ClipFile, TeamStorage
from tests.library.conftest import Band, answering, store, wanted
from tests.library.sounds import picture, sound
from tests.upstream.scripted import ScriptedServer

GB = 1024**3
Kind, State = ClipFile.Kind, ClipFile.State


def limit(band: Band, share: float, *, used: int = 10 * GB) -> None:
    """So that what is used is that share of it."""
    TeamStorage.objects.update_or_create(
        team=band.team, defaults={"used_bytes": used, "limit_bytes": int(used / share)}
    )


def test_what_is_stored_is_counted_with_its_row(band: Band, cheat: Callable[..., ScriptedServer]) -> None:
    assert quota.usage(band.team) == quota.Usage(0, None)
    cover = wanted(band, f"{cheat(answering(picture(), 'image/jpeg')).origin}/x", Kind.COVER)
    assert archiver.archive(cover.pk)
    audio = wanted(band, f"{cheat(answering(sound('m4a'))).origin}/x")
    assert archiver.archive(audio.pk)
    stored = ClipFile.objects.stored()
    assert stored.count() == 3
    assert quota.usage(band.team).used == stored.aggregate(all=Sum("size"))["all"]
    quota.freed(band.team.pk, quota.usage(band.team).used)
    assert quota.usage(band.team).used == 0


def test_a_full_storage_stops_wav_alone_and_it_goes_on_by_itself(
    band: Band, cheat: Callable[..., ScriptedServer]
) -> None:
    limit(band, 1)
    wav = wanted(band, f"{cheat(answering(sound('wav'), 'audio/wav')).origin}/x", Kind.WAV)
    page = lambda: band.client("owner").get(f"/library/clips/{wav.clip_id}/").content.decode()  # noqa: E731
    assert not archiver.archive(wav.pk)
    wav.refresh_from_db()
    assert (wav.state, wav.tries, wav.claim) == (State.WANTED, 0, None)
    assert "Storage is full: WAV is fetched when there is room again." in page()
    for kind, body in (("m4a", sound("m4a")), ("cover", picture())):
        server = cheat(answering(body, "audio/mp4" if kind == "m4a" else "image/jpeg"))
        assert archiver.archive(wanted(band, f"{server.origin}/x", kind).pk), kind
    assert list(ClipFile.objects.due(timezone.now())) == [], "nor does it stand in the way of other teams"

    answer = band.client("owner").post("/library/storage/", {"gigabytes": "20"})
    assert answer["Location"] == "/library/storage/"
    assert archiver.wake_due() == 1
    assert archiver.archive(wav.pk)
    assert "Storage is full" not in page()


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.5, ""),
        (0.89, ""),
        (0.9001, "Storage is 90 % full"),
        (0.999, "Storage is 99 % full"),
        (1, "Storage is full"),
    ],
)
def test_the_library_warns_from_ninety_per_cent_on(band: Band, share: float, said: str) -> None:
    limit(band, share)
    for address in ("/library/", "/library/storage/"):
        page = " ".join(band.client("viewer").get(address).content.decode().split())
        assert said in page if said else 'class="notice' not in page


def test_the_page_says_what_takes_up_how_much(band: Band) -> None:
    page = band.client("viewer").get("/library/storage/").content.decode()
    assert "Nothing is stored yet." in page
    assert "No limit is set." in page
    first, second = band.song("A", "B").takes.all()
    for take in (first, second):
        store(take, "mp3", b"x" * 2048)
    store(first, "cover", b"x" * 1000)
    store(first, "thumb", b"x" * 24)
    type(first).objects.filter(pk=second.pk).update(deleted_at=timezone.now())
    limit(band, 0.5, used=5 * GB)
    page = " ".join(band.client("viewer").get("/library/storage/").content.decode().split())
    for words in (
        "5.0 GB",
        "50 % of 10.0 GB",
        "4.0 KB, 2 files",
        "1.0 KB, 1 file <",
        "2.0 KB of it",
        ">2</dd>",
    ):
        assert words in page
    assert f'value="{5 * GB}"' in page
    assert "<form method" not in page.partition('id="storage-limit"')[2].partition("</section>")[0]


@pytest.mark.parametrize(
    ("given", "status", "kept"),
    [
        ("2.5", 302, int(2.5 * GB)),
        ("", 302, None),
        ("0", 422, 7),
        ("-1", 422, 7),
        ("x", 422, 7),
        ("1e99", 422, 7),
    ],
)
def test_the_limit_is_set_or_taken_away(band: Band, given: str, status: int, kept: int | None) -> None:
    TeamStorage.objects.create(team=band.team, used_bytes=5, limit_bytes=7)
    answer = band.client("owner").post("/library/storage/", {"gigabytes": given})
    assert answer.status_code == status
    assert TeamStorage.objects.get().limit_bytes == kept
    assert TeamStorage.objects.get().used_bytes == 5
    if status == 422:
        assert 'class="wrong"' in answer.content.decode()


def test_only_who_manages_the_team_sets_its_limit(band: Band) -> None:
    for who in ("viewer", "member"):
        assert band.client(who).post("/library/storage/", {"gigabytes": "1"}).status_code == 403
    assert band.client("stranger").post("/library/storage/", {"gigabytes": "1"}).status_code == 302
    assert not TeamStorage.objects.filter(team=band.team).exists()


def test_a_small_limit_stays_readable(band: Band) -> None:
    quota.set_limit(band.team, int(2.5 * GB))
    assert 'value="2.5"' in band.client("owner").get("/library/storage/").content.decode()
