"""Copying files: against the sandbox over HTTP, and against a server that cheats."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from django.utils import timezone
from mutagen.mp4 import MP4

from apps.accounts.models import ApiToken
from apps.library.archiving import archiver, fetching
from apps.library.archiving.decoding import hear
from apps.library.models import Clip, ClipFile, Song
from apps.upstream.records import ClipRecord, JobRecord
from apps.upstream.token import Token
from tests.library.conftest import Band, answering, files_in, make_band, record, wanted
from tests.library.sounds import picture, sound
from tests.upstream.scripted import Script, ScriptedServer, reply

Make = Callable[[str], JobRecord]
Kind, State = ClipFile.Kind, ClipFile.State


def archive_all(song: Song) -> None:
    for file in ClipFile.objects.filter(clip__song=song).order_by("pk"):
        ClipFile.objects.filter(pk=file.pk, kind=Kind.WAV).update(next_try_at=timezone.now())
        archiver.archive(file.pk)


@pytest.mark.long
def test_every_file_of_both_takes_is_stored_whole(studio: Band, made: Make, media: Path) -> None:
    song = studio.keep(made("happy disco, 120 bpm [short]"))
    archive_all(song)
    for take in song.takes.all():
        kinds = {file.kind: file for file in take.files.all()}
        assert set(kinds) == {"m4a", "mp3", "cover", "wav", "thumb"}
        assert all(file.is_stored and file.claim is None for file in kinds.values())
        assert max(take.peaks) == 255
        for kind in ("m4a", "mp3", "wav"):
            content = Path(kinds[kind].file.path).read_bytes()
            assert len(content) == kinds[kind].size
            assert hear(BytesIO(content), kind, expected_s=take.duration_s)
        assert kinds["m4a"].file.name.startswith(f"clips/{studio.team.pk}/{take.pk}/")
        assert MP4(kinds["m4a"].file.path).tags["\xa9nam"] == [take.title]
    song.refresh_from_db()
    assert song.tone
    assert len(files_in(media)) == 10


@pytest.mark.long
def test_a_song_without_cover_is_complete_without_one(studio: Band, made: Make) -> None:
    song = studio.keep(made("a waltz [no cover] [one take] [short]"))
    archive_all(song)
    take = song.takes.get()
    assert dict(take.files.values_list("kind", "state")) == {
        "m4a": "stored",
        "mp3": "stored",
        "cover": "none",
        "wav": "stored",
    }
    assert Song.objects.get().tone == ""


@pytest.mark.long
def test_an_expired_link_is_replaced_by_the_one_in_the_job_record(studio: Band, made: Make) -> None:
    made_record = made("a waltz [one take] [no cover] [short]")
    song = studio.keep(made_record)
    ClipFile.objects.filter(kind=Kind.M4A).update(
        source_url=made_record.clips[0].audio_url.replace("sig=", "sig=old")
    )
    assert archiver.archive(song.takes.get().files.get(kind=Kind.M4A).pk)
    assert song.takes.get().m4a_url


@pytest.mark.long
@pytest.mark.parametrize("told", ["again", "gone"])
def test_links_that_stay_expired_in_the_record_are_found_in_the_list_of_clips(
    studio: Band, made: Make, told: str
) -> None:
    """Whether the job's record still says the old ones, or is gone."""
    song = studio.keep(made("a waltz [link listed] [no cover] [short] [one take]"))
    if told == "gone":
        Clip.objects.update(jobid="job:0-user:1000-studio@sandbox.example-bot:flowmusic")
    archive_all(song)
    states = dict(song.takes.get().files.values_list("kind", "state"))
    assert states == {"m4a": "stored", "mp3": "stored", "wav": "stored", "cover": "none"}


@pytest.mark.django_db
def test_the_list_of_clips_is_not_walked_without_end(cheat: Callable[..., ScriptedServer]) -> None:
    server = cheat(reply(200, {"clips": [{"clip": "user:1-a@b.c-clip:1"}], "next": 100}))
    file = wanted(make_band(f"{server.origin}/v1"), "")
    assert not archiver.archive(file.pk)
    file.refresh_from_db()
    assert file.last_error == "Flow Music gives no link to this file yet."
    asked = [request.split(b" HTTP")[0].decode() for request in server.requests]
    account = "email=studio%40sandbox.example"
    assert asked == [f"GET /v1/music?{account}&limit=100&offset={offset}" for offset in (0, 100)]


@pytest.mark.long
def test_links_that_stay_expired_leave_the_mp3_to_play(studio: Band, made: Make) -> None:
    song = studio.keep(made("a waltz [link expired] [one take] [short]"))
    archive_all(song)
    take = song.takes.get()
    m4a = take.files.get(kind=Kind.M4A)
    assert (m4a.state, m4a.tries, m4a.claim_until) == (State.WANTED, 1, None)
    assert "expired" in m4a.last_error
    assert take.mp3_url
    assert take.is_playable
    assert take.peaks


def test_a_refused_token_is_marked_and_the_file_waits_for_another(studio: Band) -> None:
    token = ApiToken.objects.get()
    file = wanted(studio, "", Kind.MP3)
    token.set_token(Token("user:1000-unknown1"))
    token.save()
    assert not archiver.archive(file.pk)
    token.refresh_from_db()
    file.refresh_from_db()
    assert token.refused_at
    assert file.state == State.WANTED
    assert not archiver.archive(file.pk)  # not due
    ClipFile.objects.update(next_try_at=timezone.now())
    archiver.archive(file.pk)
    file.refresh_from_db()
    assert "no working API token" in file.last_error


@pytest.mark.parametrize(
    ("kind", "script", "words"),
    [
        ("m4a", answering(sound("m4a", 20.0)[:60_000], length=len(sound("m4a", 20.0))), "no usable response"),
        ("m4a", answering(sound("m4a", 20.0)[:60_000]), "can't be played"),
        ("wav", answering(sound("wav", 20.0)[: 44_100 * 40], "audio/wav"), "10 s instead of 20 s"),
        ("m4a", answering(b"<!doctype html><p>Bad gateway", "audio/mp4"), "A web page came instead"),
        ("m4a", answering(b"<!doctype html><p>Bad gateway", "text/html"), "no usable response"),
        ("cover", answering(picture()[:500], "image/jpeg"), "not an image"),
        ("m4a", lambda connection, _: None, "no usable response"),
    ],
)
def test_a_damaged_file_is_never_stored_nor_served(
    band: Band, media: Path, cheat: Callable[..., ScriptedServer], kind: str, script: Script, words: str
) -> None:
    server = cheat(script)
    file = wanted(band, f"{server.origin}/x", kind, duration_s=20.0)
    assert not archiver.archive(file.pk)
    file.refresh_from_db()
    assert (file.state, file.tries, file.claim_until) == (State.WANTED, 1, None)
    assert words in file.last_error
    assert files_in(media) == []
    address = "cover.jpg" if kind == "cover" else f"audio.{kind}"
    answer = band.client("owner").get(f"/library/clips/{file.clip_id}/{address}")
    assert (answer.status_code, answer["Retry-After"]) == (404, "20")


def test_a_media_link_never_gets_the_token(band: Band, cheat: Callable[..., ScriptedServer]) -> None:
    server = cheat(answering(sound("m4a")))
    assert archiver.archive(wanted(band, f"{server.origin}/x").pk)
    assert b"authorization" not in server.requests[0].lower()
    assert b"sandboxdemo" not in server.requests[0]


def test_a_link_into_the_own_network_is_not_followed(
    band: Band, cheat: Callable[..., ScriptedServer]
) -> None:
    server = cheat(answering(sound("m4a")))
    file = wanted(band, f"http://localhost:{server.port}/x")
    assert not archiver.archive(file.pk)
    assert server.requests == []


def test_too_large_a_file_is_refused(
    band: Band, cheat: Callable[..., ScriptedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(fetching.MOST_BYTES, Kind.M4A, 1000)
    file = wanted(band, f"{cheat(answering(sound('m4a'))).origin}/x")
    assert not archiver.archive(file.pk)
    file.refresh_from_db()
    assert "larger" in file.last_error


def test_the_first_take_gives_the_tone_whichever_cover_comes_first(
    band: Band, cheat: Callable[..., ScriptedServer]
) -> None:
    blue = cheat(answering(picture((60, 150, 240)), "image/jpeg"))
    red = cheat(answering(picture((240, 90, 60)), "image/jpeg"))
    clips = (
        ClipRecord("user:1-a@b.c-clip:1", image_url=f"{red.origin}/a.jpg"),
        ClipRecord("user:1-a@b.c-clip:2", image_url=f"{blue.origin}/b.jpg"),
    )
    song = band.keep(record(*clips))
    first, second = (take.files.get(kind=Kind.COVER) for take in song.takes.all())
    assert archiver.archive(second.pk)
    song.refresh_from_db()
    assert song.tone == "sky"
    assert archiver.archive(first.pk)
    song.refresh_from_db()
    assert song.tone == "coral"
