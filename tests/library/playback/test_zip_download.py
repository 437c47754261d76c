"""Many takes as one ZIP: what is in it, what it is called, and that nobody else waits for who reads it slowly."""

import io
import socket
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http import StreamingHttpResponse
from django.test import Client
from storages.backends.s3 import S3Storage

from apps import transfers
from apps.accounts.models import AuditEntry
from apps.library.curation import selection
from apps.library.models import Clip, ClipFile
from apps.library.playback import zip_download
from tests.library.conftest import Band, store
from tests.upstream.scripted import ScriptedServer

ADDRESS = "/library/selection/download/"
SOUND = b"\xff\xfb" + bytes(range(256)) * 40


def ask(client: Client, *clips: Clip, **more: str) -> StreamingHttpResponse:
    return client.post(ADDRESS, {"clip": [str(clip.pk) for clip in clips], **more})


def opened(answer: StreamingHttpResponse) -> zipfile.ZipFile:
    """Read to its end and checked, also against the length that was said before."""
    content = answer.getvalue()
    assert len(content) == int(answer["Content-Length"])
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    return archive


def leave(answer: StreamingHttpResponse) -> None:
    """As a server does when the browser is gone; the test goes on with its database."""
    request_finished.disconnect(close_old_connections)
    answer.close()
    request_finished.connect(close_old_connections)


def take(band: Band, title: str, *kinds: str, letter: int = 0) -> Clip:
    clip = band.song(title).takes.get()
    Clip.objects.filter(pk=clip.pk).update(take=letter)
    for kind in kinds:
        store(clip, kind, SOUND + title.encode())
    return clip


def test_it_holds_the_files_as_they_are_under_names_that_differ(band: Band) -> None:
    clips = [
        take(band, "Last Ferry Home", "mp3"),
        take(band, "LAST FERRY HOME", "mp3"),
        take(band, "Last Ferry Home", "mp3", letter=1),
        take(band, "../../etc/passwd\u202e", "mp3"),
        take(band, "Élan 船", "mp3"),
        take(band, "Only M4A", "m4a"),
    ]
    file = ClipFile.objects.create(clip=take(band, "Not yet"), kind="mp3")
    answer = ask(band.client("viewer"), *clips, file.clip)
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == 'attachment; filename="Night Bus, 7 takes.zip"'
    archive = opened(answer)
    assert archive.namelist() == [
        "Last Ferry Home (take A).mp3",
        "LAST FERRY HOME (take A) (2).mp3",
        "Last Ferry Home (take B).mp3",
        "etc passwd (take A).mp3",
        "Élan 船 (take A).mp3",
        "Not in this ZIP.txt",
    ]
    assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_STORED}
    assert archive.read("Élan 船 (take A).mp3") == SOUND + "Élan 船".encode()
    note = archive.read("Not in this ZIP.txt").decode()
    assert "Only M4A, take A: there is no MP3 of it." in note
    assert "Not yet, take A: the MP3 is not saved yet." in note
    assert AuditEntry.objects.get().subject == "7 takes as MP3"


def test_no_name_is_longer_than_a_file_system_takes(band: Band) -> None:
    clips = [take(band, sign * 120, "mp3") for sign in ("船", "船", "🎤", "x")]
    names = opened(ask(band.client("viewer"), *clips)).namelist()
    assert names[1].endswith("船 (take A) (2).mp3")
    assert names[3] == f"{'x' * 100} (take A).mp3"
    assert max(len(name.encode()) for name in names) < 255


@pytest.mark.parametrize("kind", ["m4a", "wav"])
def test_another_format(band: Band, kind: str) -> None:
    clip = take(band, "Last Ferry Home", "mp3", kind)
    assert opened(ask(band.client("viewer"), clip, format=kind)).namelist() == [
        f"Last Ferry Home (take A).{kind}"
    ]


def test_what_can_not_be_is_said_in_words(band: Band, monkeypatch: pytest.MonkeyPatch) -> None:
    client, clip = band.client("viewer"), take(band, "Last Ferry Home", "mp3")
    monkeypatch.setattr(selection, "MOST", 1)

    def said(**form: Any) -> str:
        return client.post(ADDRESS, form, follow=True).content.decode()

    assert "Choose at least one take first." in said()
    assert "Choose at least one take first." in said(clip="no-id")
    assert "At most 1 takes can be selected together. You chose 2." in said(
        clip=[clip.pk, band.song().takes.get().pk]
    )
    assert "as MP3, M4A or WAV" in said(clip=clip.pk, format="exe")
    assert not AuditEntry.objects.exists()


def test_a_file_that_is_gone_breaks_it_off_and_gives_the_place_back(band: Band) -> None:
    clips = [take(band, f"Song {number}", "mp3") for number in range(3)]
    Path(clips[1].files.get().file.path).unlink()
    for _ in range(transfers.DOWNLOADS.most + 1):
        answer = ask(band.client("viewer"), *clips)
        with pytest.raises(FileNotFoundError):
            answer.getvalue()


def test_more_than_a_few_at_once_are_asked_to_come_back(band: Band) -> None:
    client, clip = band.client("viewer"), take(band, "Last Ferry Home", "mp3")
    others = [transfers.DOWNLOADS.begin(number, 1) for number in range(1 - transfers.DOWNLOADS.most, 0)]
    sent = ask(client, clip)
    page = client.post(ADDRESS, {"clip": clip.pk}, follow=True).content.decode()
    assert "A download of yours is on its way." in page
    page = band.client("member").post(ADDRESS, {"clip": clip.pk}, follow=True).content.decode()
    assert "Other downloads are on their way. Yours is the next one." in page
    leave(sent)
    page = client.post(ADDRESS, {"clip": clip.pk}, follow=True).content.decode()
    assert "and 1 person waits before you" in page
    again = ask(band.client("member"), clip)
    assert opened(again).namelist()
    for each in others:
        transfers.DOWNLOADS.end(each)


def test_nothing_of_it_is_read_before_it_is_sent(band: Band, monkeypatch: pytest.MonkeyPatch) -> None:
    """And then piece by piece: a gigabyte is no more in memory than a megabyte."""
    monkeypatch.setattr(zip_download, "PIECE", 1000)
    clips = [take(band, f"Song {number}", "mp3") for number in range(3)]
    opens: list[str] = []
    really = FileSystemStorage.open
    monkeypatch.setattr(
        FileSystemStorage,
        "open",
        lambda self, name, mode="rb": opens.append(name) or really(self, name, mode),
    )
    answer = ask(band.client("viewer"), *clips)
    assert opens == []
    pieces = iter(answer)
    largest = max(len(next(pieces)) for _ in range(8))
    assert len(opens) == 1
    assert largest <= 1000
    leave(answer)


def test_from_a_store_elsewhere_it_comes_in_pieces(
    band: Band, cheat: Callable[..., ScriptedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real client of the store over a real socket; the second half is only sent when the first has come out here."""
    clip = take(band, "Last Ferry Home", "mp3")
    content = SOUND + b"Last Ferry Home"
    came_out = threading.Event()

    def halves(connection: socket.socket, _: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: {len(content)}\r\n\r\n"
        connection.sendall(head.encode() + content[:4000])
        assert came_out.wait(20)
        connection.sendall(content[4000:])

    server = cheat(halves)
    monkeypatch.setattr(zip_download, "PIECE", 1000)
    store = S3Storage(
        bucket_name="songs",
        endpoint_url=server.origin,
        access_key="key",
        secret_key="secret",
        region_name="x",
    )
    monkeypatch.setattr(ClipFile._meta.get_field("file"), "storage", store)
    answer = ask(band.client("viewer"), clip)
    pieces = iter(answer)
    some = b"".join(next(pieces) for _ in range(4))
    came_out.set()
    whole = some + b"".join(pieces)
    assert zipfile.ZipFile(io.BytesIO(whole)).read("Last Ferry Home (take A).mp3") == content
