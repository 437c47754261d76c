"""Sending files: received piece by piece, refused in words, kept in our own storage, sent once by a job."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from apps import transfers
from apps.accounts.models import FlowAccount, Role, Team
from apps.generation.models import Job
from apps.library import references
from apps.library.archiving import quota
from apps.library.models import ReferenceFile
from tests.generation.conftest import Studio, member, state, with_token
from tests.generation.pages import signed_in
from tests.generation.references.file_uploads import EMAIL, NIGHT, UPLOAD, by_form, by_script, deliver, sent
from tests.library.files import AT_ONCE, BEFORE_SENDING
from tests.library.sounds import WAV, picture, sound
from tests.page import Page
from tests.sandbox_control import order

pytestmark = pytest.mark.django_db
MB = 1024 * 1024


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


def stored_count(media: Path) -> int:
    return sum(path.is_file() for path in media.rglob("*"))


class Body:
    """A request's body that is made while it is read: the head of a file, zeros, and the end of a form."""

    def __init__(self, head: bytes, size: int, tail: bytes = b"") -> None:
        self._pieces, self.length, self.given = self._make(head, size, tail), len(head) + size + len(tail), 0
        self._left = b""

    def _make(self, head: bytes, size: int, tail: bytes) -> Iterator[bytes]:
        yield head
        for _ in range(size // 4096):
            yield bytes(4096)
        yield bytes(size % 4096)
        yield tail

    def read(self, most: int = -1) -> bytes:
        assert most > 0, "all at once"
        while len(self._left) < most and (piece := next(self._pieces, None)) is not None:
            self._left += piece
        taken, self._left = self._left[:most], self._left[most:]
        self.given += len(taken)
        return taken

    def readline(self, most: int = -1) -> bytes:
        raise AssertionError("not by lines")


FORM = b"".join(
    b'--x\r\nContent-Disposition: form-data; name="' + part
    for part in (
        b'email"\r\n\r\nstudio@sandbox.example\r\n',
        b'nonce"\r\n\r\n00000000-0000-4000-8000-000000000001\r\n',
        b'file"; filename="a.wav"\r\nContent-Type: text/html\r\n\r\n',
    )
)


FIELDS = "email=studio%40sandbox.example&nonce=00000000-0000-4000-8000-000000000001&name=a.wav"


def post(client: Client, body: Body, content_type: str) -> tuple[int, str]:
    extra = {"wsgi.input": body, "CONTENT_LENGTH": str(body.length), "CONTENT_TYPE": content_type}
    response = client.generic("POST", UPLOAD, headers={"X-Fields": FIELDS}, **extra)
    return response.status_code, response.content.decode()


RAW, PLAIN = "application/octet-stream", "multipart/form-data; boundary=x"


@pytest.mark.parametrize("plain", [False, True], ids=["script", "form"])
def test_forty_megabytes_are_never_in_memory(studio: Studio, media: Path, plain: bool) -> None:
    client = signed_in(studio)
    size = 40 * MB - len(WAV)
    body = Body(FORM + WAV, size, b"\r\n--x--\r\n") if plain else Body(WAV, size)
    tracemalloc.start()
    status, words = post(client, body, PLAIN if plain else RAW)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert status == (302 if plain else 200), words
    assert peak < 12 * MB, f"{peak / MB:.1f} MB"
    file = ReferenceFile.objects.get()
    assert (file.size, file.kind, file.content_type) == (40 * MB, "audio", "audio/wav")
    assert Path(file.file.path).stat().st_size == 40 * MB
    assert sum(studio.sandbox.requests("POST", "/files").values()) == 0, "the request waits for nobody"


@pytest.mark.parametrize("plain", [False, True], ids=["script", "form"])
def test_one_byte_more_is_refused_before_it_is_read(
    studio: Studio, media: Path, plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is read past after the answer has gone out, so that a browser sees it.
    monkeypatch.setattr("apps.generation.references.upload_stream._drain", lambda request: None)
    size = 40 * MB + 1 - len(WAV)
    body = Body(FORM + WAV, size + (MB if plain else 0), b"\r\n--x--\r\n") if plain else Body(WAV, size)
    status, words = post(signed_in(studio), body, PLAIN if plain else RAW)
    assert status == 413
    assert "larger than 40 MB" in words
    assert body.given == 0
    assert not ReferenceFile.objects.exists()
    assert stored_count(media) == 0


def test_what_is_longer_than_it_may_be_is_refused_while_it_comes(studio: Studio, media: Path) -> None:
    """A form hides how long each of its files is; a picture may have half of what audio may."""
    client = signed_in(studio)
    body = Body(FORM + WAV, 40 * MB + 1 - len(WAV), b"\r\n--x--\r\n")
    status, words = post(client, body, PLAIN)
    assert (status, "larger than 40 MB" in words) == (422, True)
    body = Body(b"\x89PNG\r\n\x1a\n", 20 * MB)
    status, words = post(client, body, RAW)
    assert (status, "This image is larger than 20 MB" in words) == (422, True)
    assert stored_count(media) == 0


@pytest.mark.long
@pytest.mark.parametrize("name", AT_ONCE)
def test_a_bad_file_is_refused_while_it_is_received(studio: Studio, media: Path, name: str) -> None:
    make, words = AT_ONCE[name]
    for answer in (
        by_script(signed_in(studio), make(), "x.jpg"),
        by_form(signed_in(studio), ("x.jpg", make())),
    ):
        assert answer.status_code == 422
        assert words in answer.content.decode().replace("&#x27;", "'")
    assert not Job.objects.exists()
    assert stored_count(media) == 0


@pytest.mark.long
@pytest.mark.parametrize("name", BEFORE_SENDING)
def test_a_bad_file_is_refused_before_it_is_sent_on(studio: Studio, name: str) -> None:
    make, words = BEFORE_SENDING[name]
    file = sent(studio, make())
    assert deliver(studio) == 1
    assert state(file.jobs.get()) == "rejected"
    assert words in file.jobs.get().error_text
    assert sum(studio.sandbox.requests("POST", "/files").values()) == 0
    card = Page(signed_in(studio).get("/library/files/")).one(id=f"file-{file.pk}")
    assert words in card.text
    assert "Retry" not in card.text, "it would be refused again"


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("cover.jpg", picture(kind="PNG"), ("image/png", "image", 300, None)),
        ("photo", picture(), ("image/jpeg", "image", 300, None)),
        ("photo.png", picture(kind="WEBP"), ("image/webp", "image", 300, None)),
        ("two.jpg", picture() + picture((1, 1, 1)), ("image/jpeg", "image", 300, None)),
        ("groove.wav", sound("mp3"), ("audio/mpeg", "audio", None, 3.0)),
        ("groove.bin", sound("wav"), ("audio/wav", "audio", None, 3.0)),
        ("groove.m4a", sound("m4a"), ("audio/mp4", "audio", None, 3.0)),
    ],
)
def test_a_good_file_is_what_its_bytes_say(
    studio: Studio, name: str, content: bytes, found: tuple[str, str, int | None, float | None]
) -> None:
    file = sent(studio, content, name)
    assert deliver(studio) == 1
    file.refresh_from_db()
    assert state(file.jobs.get()) == "completed"
    assert file.asset_id.startswith(f"user:1000-{EMAIL}-{file.kind}:")
    length = file.duration_s and round(file.duration_s, 0)
    assert (file.content_type, file.kind, file.width, length) == found
    assert bool(file.thumb) == file.is_image
    used = (file.size or 0) + (file.thumb.size if file.thumb else 0)
    assert quota.usage(studio.team).used == used


def test_the_same_file_is_sent_once(studio: Studio, media: Path) -> None:
    client, nonce = signed_in(studio), "00000000-0000-4000-8000-000000000002"
    said = [by_script(client, picture(), nonce=nonce).json()["words"] for _ in range(2)]
    said.append(by_script(client, picture(), "other.png").json()["words"])
    assert said[1:] == ["cover.png is on its way already.", "cover.png is on its way to studio@ already."]
    deliver(studio)
    assert by_script(client, picture()).json()["words"] == "cover.png is on studio@ already."
    assert Job.objects.count() == sum(studio.sandbox.requests("POST", "/files").values()) == 1


def test_several_files_of_one_form(studio: Studio) -> None:
    answer = by_form(
        signed_in(studio), ("a.png", picture(kind="PNG")), ("b.gif", b"GIF8"), ("c.mp3", sound("mp3"))
    )
    page = Page(answer)
    assert page.status == 422
    assert "b.gif: This is a GIF." in " ".join(page.notice.split())
    assert {file.name for file in ReferenceFile.objects.all()} == {"a.png", "c.mp3"}
    assert Job.objects.count() == 2


def test_the_files_of_one_form_are_read_for_so_long_together(
    studio: Studio, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.generation.references.upload_stream.LONGEST_S", 0.0)
    files = [(f"{name}.mp3", sound("mp3", seconds)) for name, seconds in (("a", 3.0), ("b", 4.0), ("c", 5.0))]
    notice = " ".join(Page(by_form(signed_in(studio), *files)).notice.split())
    for name in ("b", "c"):
        assert (
            f"{name}.mp3: The files before this one took too long to read. Send this one by itself." in notice
        )
    assert [file.name for file in ReferenceFile.objects.all()] == ["a.mp3"]


def test_a_failed_job_keeps_the_file_and_it_is_sent_again_without_being_chosen(studio: Studio) -> None:
    order(studio.sandbox.url, "scenario", operation="files", scenario="moderated", times=1)
    file = sent(studio, sound("mp3"), "groove.mp3")
    deliver(studio)
    assert state(file.jobs.get()) == "failed"
    page = Page(signed_in(studio).get("/library/files/"))
    card = page.one(id=f"file-{file.pk}")
    assert "Flow Music" in card.one(data_sign="wrong").text
    nonce = next(each["value"] for each in card.all("input", name="nonce"))
    for _ in range(2):
        signed_in(studio).post(f"/library/files/{file.pk}/retry/", {"nonce": nonce})
    assert file.jobs.count() == 2, "a second click asks for nothing more"
    deliver(studio)
    file.refresh_from_db()
    assert file.is_ready
    assert ReferenceFile.objects.count() == 1


def test_a_marked_picture_is_sent_without_its_marks_by_one_click(studio: Studio) -> None:
    order(studio.sandbox.url, "scenario", operation="files", scenario="422", times=1)
    file = sent(studio, picture(), stripMetadata="false")
    deliver(studio)
    card = Page(signed_in(studio).get("/library/files/")).one(id=f"file-{file.pk}")
    assert "Send it without hidden data" in card.text
    assert "Edit prompt" not in card.text
    signed_in(studio).post(f"/library/files/{file.pk}/retry/", {"strip": "1"})
    deliver(studio)
    file.refresh_from_db()
    assert (file.is_ready, file.metadata_stripped) == (True, True)


def test_one_click_sends_it_to_another_account_and_a_second_one_does_not(studio: Studio) -> None:
    file = sent(studio, picture())
    deliver(studio)
    client = signed_in(studio)
    used = quota.usage(studio.team).used
    for _ in range(2):
        assert client.post(f"/library/files/{file.pk}/send/", {"email": NIGHT}).status_code == 302
    copy = ReferenceFile.objects.get(account__email=NIGHT)
    assert (copy.copy_of, copy.name, copy.file.name) == (file, file.name, file.file.name)
    deliver(studio)
    copy.refresh_from_db()
    assert copy.asset_id.startswith(f"user:1000-{NIGHT}-image:")
    assert quota.usage(studio.team).used == used, "the bytes are kept once"
    client.post(f"/library/files/{copy.pk}/send/", {"email": EMAIL})
    assert ReferenceFile.objects.count() == 2, "back where it is already"
    # Erased, one of the two leaves the other its bytes.
    references.delete(file, by=studio.user)
    assert references.erase(file)
    assert Path(copy.file.path).exists()
    assert quota.usage(studio.team).used == used


def test_deleted_here_it_can_be_brought_back_and_waits_no_more(studio: Studio) -> None:
    file = sent(studio, picture())
    client = signed_in(studio)
    page = Page(client.post(f"/library/files/{file.pk}/delete/", follow=True))
    assert "The copy at Flow Music is not deleted." in page.text
    assert state(file.jobs.get()) == "cancelled"
    assert page.all(id=f"file-{file.pk}") == []
    client.post("/library/undo/", {"token": page.one(name="token")["value"]})
    card = Page(client.get("/library/files/")).one(id=f"file-{file.pk}")
    assert "Retry" in card.text
    references.delete(file, by=studio.user)
    assert references.purge_expired() == 0, "not for 30 days"
    ReferenceFile.objects.update(deleted_at="2026-01-01T00:00:00Z")
    assert references.purge_expired() == 1
    assert quota.usage(studio.team).used == 0


@pytest.mark.parametrize("plain", [False, True], ids=["script", "form"])
def test_what_breaks_off_is_not_taken_for_a_whole_file(studio: Studio, media: Path, plain: bool) -> None:
    """A WAV that ends with the file would sound to its end, only too early."""
    body = Body(FORM + WAV if plain else WAV, MB)
    body.length += MB
    status, words = post(signed_in(studio), body, PLAIN if plain else RAW)
    assert status == (503 if plain else 422)
    assert "did not arrive complete" in words
    assert not ReferenceFile.objects.exists()
    assert stored_count(media) == 0
    assert not transfers.UPLOADS._under_way


def test_there_is_room_or_nothing_is_taken(
    studio: Studio, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quota.set_limit(studio.team, 100)
    answer = by_script(signed_in(studio), picture())
    assert (answer.status_code, "Storage is full" in answer.json()["words"]) == (422, True)
    assert answer.json()["again"], "room can be made"
    assert by_script(signed_in(studio), picture(), email="no@where.example").json()["again"]
    assert not by_script(signed_in(studio), b"hello" * 99).json()["again"], "it stays what it is"
    monkeypatch.setattr("apps.generation.references.upload_stream.LEFT_FREE", 10**18)
    for answer in (by_script(signed_in(studio), picture()), by_form(signed_in(studio), ("x.png", picture()))):
        assert "This site has no space" in answer.content.decode()
    assert stored_count(media) == 0


def test_slow_senders_leave_threads_for_the_others(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers.UPLOADS, "_most", lambda: 1)
    for who, words in ((studio.user.pk, "An upload of yours"), (-1, "Yours is the next one.")):
        running = transfers.UPLOADS.begin(who, 1)
        for answer in (
            by_script(signed_in(studio), picture()),
            by_form(signed_in(studio), ("x.png", picture())),
        ):
            assert (answer.status_code, words in answer.content.decode()) == (503, True)
        transfers.UPLOADS.end(running)
    assert by_script(signed_in(studio), picture()).json()["ok"], "a place that was taken is given back"
    assert by_script(signed_in(studio), sound("mp3")).json()["ok"]


def test_who_may_send(studio: Studio, media: Path) -> None:
    mate = with_token(studio.sandbox, studio.team, member(studio.team, "joe@nightbus.example"))
    viewer = Studio(
        studio.sandbox, studio.team, member(studio.team, "v@nightbus.example", Role.VIEWER), studio.token
    )
    other = Team.objects.create(name="Elsewhere")
    stranger = with_token(studio.sandbox, other, member(other, "stranger@else.example", Role.OWNER))
    file = sent(studio, picture())
    assert by_script(signed_in(viewer), sound("mp3")).status_code == 403
    assert by_form(signed_in(viewer), ("a.mp3", sound("mp3"))).status_code == 403
    assert by_script(Client(), sound("mp3")).status_code == 302
    assert stored_count(media) == 1, "nobody else's file was kept"
    assert by_script(signed_in(mate), sound("mp3"), "mate.mp3").json()["ok"]
    for action in ("send", "retry", "delete", "restore"):
        address = f"/library/files/{file.pk}/{action}/"
        assert signed_in(stranger).post(address, {"email": EMAIL}).status_code in {302, 404}
        assert signed_in(viewer).post(address, {"email": EMAIL}).status_code == 403
    assert ReferenceFile.objects.live().filter(pk=file.pk).exists()
    assert "cover.png" not in signed_in(stranger).get("/library/files/").content.decode()
    page = Page(signed_in(viewer).get("/library/files/"))
    assert (page.all("form", data_drop=""), bool(page.all(id=f"file-{file.pk}"))) == ([], True)
    FlowAccount.objects.update(block=FlowAccount.Block.GONE)
    assert "none of your API tokens" in by_script(signed_in(studio), picture((9, 9, 9))).json()["words"]
