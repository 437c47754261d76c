"""Audio and covers as a browser asks for them."""

import re
import uuid
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from storages.backends.s3 import S3Storage

from apps.library.archiving.storage_writer import FORMER_STAYS
from apps.library.models import Clip, ClipFile
from apps.library.playback.playback import AT_ONCE, cover_name, readable_name
from tests.library.conftest import Band, store
from tests.library.sounds import picture

CONTENT = bytes(range(256)) * 12_000  # 3 MB
SIZE = len(CONTENT)


@pytest.fixture
def take(band: Band) -> Clip:
    take = band.song("Last Ferry Home").takes.get()
    store(take, "mp3", CONTENT)
    return take


@pytest.fixture
def owner(band: Band) -> Client:
    return band.client("owner")


def ask(client: Client, take: Clip, asked: str = "", kind: str = "mp3", **more: str) -> HttpResponse:
    headers = more | ({"Range": asked} if asked else {})
    return read(client.get(f"/library/clips/{take.pk}/audio.{kind}", headers=headers))


def read(answer: HttpResponse) -> HttpResponse:
    """With the body read to its end, so that the file is closed again."""
    answer.body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-", 0, AT_ONCE - 1),
        ("bytes=0-1", 0, 1),
        ("bytes=100-199", 100, 199),
        ("bytes=2000000-", 2_000_000, 2_000_000 + AT_ONCE - 1),
        (f"bytes={SIZE - 5}-", SIZE - 5, SIZE - 1),
        (f"bytes=0-{SIZE * 9}", 0, AT_ONCE - 1),
        ("bytes=-7", SIZE - 7, SIZE - 1),
        (f"bytes=-{SIZE * 9}", 0, AT_ONCE - 1),
    ],
)
def test_a_range_is_answered_with_a_mebibyte_at_most(
    owner: Client, take: Clip, asked: str, start: int, end: int
) -> None:
    answer = ask(owner, take, asked)
    assert answer.status_code == HTTPStatus.PARTIAL_CONTENT
    assert answer["Content-Range"] == f"bytes {start}-{end}/{SIZE}"
    assert int(answer["Content-Length"]) == end - start + 1 <= AT_ONCE
    assert answer.body == CONTENT[start : end + 1]
    assert (answer["Content-Type"], answer["Accept-Ranges"]) == ("audio/mpeg", "bytes")


def test_asking_on_as_a_player_does_gives_the_whole_song(owner: Client, take: Clip) -> None:
    heard, answers = b"", 0
    while len(heard) < SIZE:
        heard, answers = heard + ask(owner, take, f"bytes={len(heard)}-").body, answers + 1
    assert heard == CONTENT
    assert answers == 3


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 9}", "bytes=-0"])
def test_a_range_outside_the_file_is_416(owner: Client, take: Clip, asked: str) -> None:
    answer = ask(owner, take, asked)
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{SIZE}")


@pytest.mark.parametrize(
    "asked",
    ["", "bytes=9-3", "bytes=a-b", "bytes=-", "lines=0-5", "bytes=0-1,5-6", "bytes=" + "9" * 5000 + "-"],
)
def test_without_a_range_that_can_be_read_the_whole_file_comes(owner: Client, take: Clip, asked: str) -> None:
    answer = ask(owner, take, asked)
    assert (answer.status_code, answer["Content-Length"]) == (200, str(SIZE))
    assert answer.streaming
    assert answer.body == CONTENT


def test_a_known_file_is_not_sent_again(owner: Client, take: Clip) -> None:
    first = ask(owner, take, "bytes=0-1")
    etag = first["ETag"]
    assert "private" in first["Cache-Control"]
    answer = ask(owner, take, **{"If-None-Match": etag})
    assert (answer.status_code, answer.body, answer["ETag"]) == (304, b"", etag)
    for same in (f"W/{etag}", f'"other", W/{etag}', "*"):
        assert ask(owner, take, **{"If-None-Match": same}).status_code == 304, same
    assert ask(owner, take, **{"If-None-Match": '"other"'}).status_code == 200


def test_if_range_decides_between_part_and_whole(owner: Client, take: Clip) -> None:
    first = ask(owner, take, "bytes=0-1")
    for same in (first["ETag"], first["Last-Modified"]):
        assert ask(owner, take, "bytes=5-9", **{"If-Range": same}).status_code == 206
    for other in ('"other"', "Fri, 01 Jan 2021 00:00:00 GMT"):
        answer = ask(owner, take, "bytes=5-9", **{"If-Range": other})
        assert (answer.status_code, answer.body) == (200, CONTENT)


def replace(take: Clip, content: bytes) -> str:
    """Another file comes in its place, as when it is tagged anew. Gives the name of the former."""
    old = take.files.get()
    former = old.file.name
    old.file.save(f"clips/{uuid.uuid4().hex}.mp3", ContentFile(content), save=False)
    old.former, old.size, old.stored_at = former, len(content), timezone.now() + timedelta(minutes=5)
    old.save()
    return former


def test_who_hears_a_song_when_it_is_replaced_gets_the_rest_of_what_he_has(owner: Client, take: Clip) -> None:
    first = ask(owner, take, "bytes=0-")
    etag, heard = first["ETag"], first.body
    former, new = replace(take, b"with its cover" + CONTENT), ask(owner, take, "bytes=0-13")
    assert (new.body, new["ETag"] == etag) == (b"with its cover", False)
    while len(heard) < SIZE:
        answer = ask(owner, take, f"bytes={len(heard)}-", **{"If-Range": etag})
        assert (answer.status_code, answer["ETag"], answer["Content-Range"][-8:]) == (206, etag, f"/{SIZE}")
        heard += answer.body
    assert heard == CONTENT
    assert ask(owner, take, f"bytes={SIZE}-", **{"If-Range": etag})["Content-Range"] == f"bytes */{SIZE}"
    default_storage.delete(former)
    whole = ask(owner, take, "bytes=5-", **{"If-Range": etag})
    assert (whole.status_code, whole["ETag"], len(whole.body)) == (200, new["ETag"], SIZE + 14)


def test_a_browser_asks_again_while_the_former_file_is_there(owner: Client, take: Clip) -> None:
    (seconds,) = re.findall(r"max-age=(\d+)$", ask(owner, take, "bytes=0-1")["Cache-Control"])
    assert timedelta(seconds=int(seconds)) < FORMER_STAYS


def test_head_has_the_length_and_no_body(owner: Client, take: Clip) -> None:
    answer = read(owner.head(f"/library/clips/{take.pk}/audio.mp3", headers={"Range": "bytes=0-9"}))
    assert (answer.status_code, answer["Content-Length"], answer.body) == (200, str(SIZE), b"")


def test_a_download_comes_whole_under_a_readable_name(owner: Client, take: Clip) -> None:
    answer = read(owner.get(f"/library/clips/{take.pk}/audio.mp3?download=1"))
    assert answer["Content-Disposition"] == 'attachment; filename="Last Ferry Home (take A).mp3"'
    assert answer.body == CONTENT
    resumed = {"Range": "bytes=10-", "If-Range": answer["ETag"]}
    rest = read(owner.get(f"/library/clips/{take.pk}/audio.mp3?download=1", headers=resumed))
    assert (rest.status_code, rest.body) == (206, CONTENT[10:])
    assert rest["Content-Range"] == f"bytes 10-{SIZE - 1}/{SIZE}"
    assert "attachment" not in ask(owner, take, "bytes=0-1")["Content-Disposition"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Last Ferry Home", "Last Ferry Home (take B).wav"),
        ("../../etc/passwd", "etc passwd (take B).wav"),
        ("a\r\nSet-Cookie: x=1\u202egpj.exe\u200b", "a Set-Cookie x=1gpj.exe (take B).wav"),
        ('"quoted" <b>|?*', "quoted b (take B).wav"),
        ("Färja \U0001f6a2", "Färja \U0001f6a2 (take B).wav"),
        (". .", "Song (take B).wav"),
        ("x" * 300, "x" * 100 + " (take B).wav"),
    ],
)
def test_names_of_downloads_are_safe(band: Band, title: str, name: str) -> None:
    take = band.song(title).takes.get()
    take.take = 1
    assert readable_name(take, "wav") == name


@pytest.mark.parametrize(
    ("index", "size", "name"),
    [
        (0, 1, "Copper Rain (take A).mp3"),
        (1, 4, "Copper Rain 2 of 4 (take A).mp3"),
        (2, 10, "Copper Rain 03 of 10 (take A).mp3"),
        (9, 10, "Copper Rain 10 of 10 (take A).mp3"),
    ],
)
def test_songs_of_one_request_are_saved_under_names_that_sort(
    band: Band, index: int, size: int, name: str
) -> None:
    take = band.song("Copper Rain", batch_index=index, batch_size=size).takes.get()
    assert readable_name(take, "mp3") == name
    assert cover_name(take, "image/jpeg") == name.replace("(take A).mp3", "cover.jpg")


def test_a_name_with_other_letters_follows_rfc_5987(band: Band, owner: Client) -> None:
    take = band.song("Färja").takes.get()
    store(take, "mp3", b"x" * 100)
    answer = read(owner.get(f"/library/clips/{take.pk}/audio.mp3?download=1"))
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''F%C3%A4rja%20%28take%20A%29.mp3"


@pytest.mark.parametrize(
    ("state", "words", "again"),
    [
        ("wanted", "not saved yet", "20"),
        ("given_up", "could not be fetched", None),
        ("none", "no such", None),
    ],
)
def test_a_file_that_is_not_there_says_so(
    band: Band, owner: Client, state: str, words: str, again: str | None
) -> None:
    take = band.song().takes.get()
    ClipFile.objects.create(clip=take, kind="m4a", state=state, next_try_at=timezone.now())
    answer = ask(owner, take, kind="m4a")
    assert (answer.status_code, answer.get("Retry-After")) == (404, again)
    assert words in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 206), ("member", 206), ("viewer", 206), ("stranger", 404), ("anonymous", 401)],
)
@pytest.mark.parametrize("file", ["audio.mp3", "cover.jpg", "thumb.webp", "peaks.json"])
def test_who_hears_and_sees(band: Band, take: Clip, who: str, status: int, file: str) -> None:
    store(take, "cover")
    store(take, "thumb", picture(kind="WEBP"))
    Clip.objects.update(peaks=[9] * 384, rms=[5] * 384)
    answer = read(band.client(who).get(f"/library/clips/{take.pk}/{file}", headers={"Range": "bytes=0-9"}))
    assert answer.status_code == (200 if status == 206 and file == "peaks.json" else status)


def test_covers_are_cached_by_the_browser_alone(owner: Client, take: Clip) -> None:
    store(take, "cover", picture(kind="PNG"))
    ClipFile.objects.filter(kind="cover").update(content_type="image/png")
    answer = read(owner.get(f"/library/clips/{take.pk}/cover.jpg"))
    assert answer["Content-Type"] == "image/png"
    assert "private" in answer["Cache-Control"]
    assert "immutable" not in answer["Cache-Control"], "a damaged one is replaced"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("address", ["audio.mp3", "audio.mp3?download=1", "cover.jpg"])
def test_no_stored_file_can_run_anything_whatever_stands_in_its_tags(
    owner: Client, take: Clip, address: str
) -> None:
    store(take, "cover")
    answer = read(owner.get(f"/library/clips/{take.pk}/{address}"))
    rules = dict(rule.split(" ", 1) if " " in rule else (rule, "") for rule in policy_of(answer))
    assert rules["default-src"] == "'none'", "no script, no frame, no request"
    # Without JavaScript a take is opened alone: the page that a browser makes around it loads it once more.
    sound = {"media-src": "'self'", "style-src": "'unsafe-inline'"}
    assert rules == {"default-src": "'none'"} | (sound if address.startswith("audio") else {"sandbox": ""})
    assert answer["X-Content-Type-Options"] == "nosniff"


def policy_of(answer: HttpResponse) -> list[str]:
    return [rule.strip() for rule in answer["Content-Security-Policy"].split(";")]


def test_other_formats_and_methods_are_refused(owner: Client, take: Clip) -> None:
    assert owner.get(f"/library/clips/{take.pk}/audio.cover").status_code == 404
    assert owner.get(f"/library/clips/{take.pk}/audio.flac").status_code == 404
    assert owner.post(f"/library/clips/{take.pk}/audio.mp3").status_code == 405
    assert owner.get("/library/clips/00000000-0000-0000-0000-000000000000/audio.mp3").status_code == 404


def test_an_object_store_gets_a_link_that_expires_and_names_the_file(
    owner: Client, take: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = {
        "bucket_name": "songs",
        "endpoint_url": "https://store.example",
        "access_key": "id",
        "secret_key": "made-up",
        "region_name": "eu-1",
        "querystring_auth": True,
        "querystring_expire": 600,
    }
    monkeypatch.setattr(ClipFile._meta.get_field("file"), "storage", S3Storage(**bucket))
    answer = read(owner.get(f"/library/clips/{take.pk}/audio.mp3?download=1"))
    link = answer["Location"]
    assert (answer.status_code, answer["Cache-Control"]) == (302, "no-store")
    assert link.startswith("https://store.example/songs/clips/")
    assert "X-Amz-Expires=600" in link
    assert "response-content-disposition=attachment" in link
    assert "response-content-type=audio%2Fmpeg" in link


def test_playing_costs_few_queries(owner: Client, take: Clip, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(5):  # session, person, membership, take, file
        ask(owner, take, "bytes=0-")


def test_a_file_is_dated(take: Clip) -> None:
    file = take.files.get()
    assert timezone.now() - file.stored_at < timedelta(minutes=1)
