"""Downloads as a person gets them from the site: whole, strictly decodable, explaining themselves, safely named."""

import unicodedata
from collections.abc import Callable
from email.message import EmailMessage
from io import BytesIO

import av
import pytest
from av.logging import Capture
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from mutagen import File as read_tags

from apps import transfers
from apps.library.archiving import archiver
from apps.library.models import Clip as Take
from apps.library.models import ClipFile
from apps.upstream.records import JobRecord
from tests.library.conftest import Band, store
from tests.library.sounds import sound

FORMATS = ("m4a", "mp3", "wav")


@pytest.fixture
def take(studio: Band, made: Callable[[str], JobRecord]) -> Take:
    """Of the sandbox, with every file."""
    song = studio.keep(made("slow disco [short] [one take]"))
    ClipFile.objects.update(next_try_at=timezone.now())
    assert all(archiver.archive(file.pk) for file in ClipFile.objects.order_by("pk"))
    return song.takes.get()


def download(client: Client, take: Take, kind: str = "mp3") -> bytes:
    answer = client.get(f"/library/clips/{take.pk}/audio.{kind}?download=1")
    assert answer.status_code == 200
    return answer.getvalue()


def decode_strictly(data: bytes, container: str) -> float:
    """Seconds. Raises for anything that a tolerant decoder would pass over."""
    samples = rate = 0
    with Capture() as said, av.open(BytesIO(data), format=container, options={"err_detect": STRICT}) as file:
        stream = file.streams.audio[0]
        stream.codec_context.options = {"err_detect": STRICT}
        for frame in file.decode(stream):
            samples, rate = samples + frame.samples, frame.sample_rate
    assert [line for line in said if line[0] <= av.logging.WARNING] == []
    return samples / rate


STRICT = "crccheck+bitstream+buffer+explode"


@pytest.mark.long
def test_a_strict_decoder_finds_nothing(studio: Band, take: Take) -> None:
    for kind in FORMATS:
        data = download(studio.client("viewer"), take, kind)
        assert decode_strictly(data, "mp4" if kind == "m4a" else kind) == pytest.approx(
            take.duration_s, abs=0.1
        )
        tags = read_tags(BytesIO(data)).tags
        text = str(tags.pprint())
        assert take.title in text
        assert take.shown_lyrics.partition("\n")[0] in text
        assert "slow disco" in text
        assert (tags["covr"][0] if kind == "m4a" else tags.getall("APIC")[0].data).startswith(b"\xff\xd8"), (
            kind
        )


def test_the_strict_decoder_is_strict() -> None:
    """Else the test above could not fail."""
    whole = sound("mp3", 5.0)
    assert decode_strictly(whole, "mp3") == pytest.approx(5, abs=0.1)
    with pytest.raises((av.error.FFmpegError, AssertionError)):
        decode_strictly(whole[:30_000] + b"\x00" * 700 + whole[30_700:], "mp3")


def name_of(answer: HttpResponse) -> str:
    """As a browser reads it."""
    message = EmailMessage()
    message["Content-Disposition"] = answer["Content-Disposition"]
    return message.get_filename()


@pytest.mark.parametrize(
    "title",
    [
        "../../etc/passwd",
        "..\\..\\windows\\system32",
        "Nacht\u202egpj.exe",
        "\u2066a\u2069\u200f\u061c\ufeff b\x00\x1b[31m\x7f\x85",
        'x"; filename="evil.exe',
        "line\r\nSet-Cookie: a=b",
        "CON<>:|?*",
        "Färja \U0001f6a2 さくら",
        "." * 50,
        "\u0301" * 300,
    ],
)
def test_a_hostile_title_makes_a_harmless_name(band: Band, title: str) -> None:
    take = band.song("x").takes.get()
    Take.objects.filter(pk=take.pk).update(title=title.replace("\0", ""))
    store(take, "mp3", b"x" * 10)
    answer = band.client("owner").get(f"/library/clips/{take.pk}/audio.mp3?download=1")
    assert answer.getvalue() == b"x" * 10
    name = name_of(answer)
    assert name.endswith(" (take A).mp3")
    assert not set(name) & set('/\\:*?"<>|')
    assert not [sign for sign in name if unicodedata.category(sign)[0] == "C"]
    assert not name.startswith((".", " "))
    assert len(name) < 130
    assert "Set-Cookie" not in answer.headers


def test_a_download_too_many_is_asked_to_wait(band: Band) -> None:
    take = band.song().takes.get()
    store(take, "mp3", b"x" * 3_000_000)
    client, address = band.client("owner"), f"/library/clips/{take.pk}/audio.mp3"
    others = [transfers.DOWNLOADS.begin(number, 1) for number in range(1 - transfers.DOWNLOADS.most, 0)]
    running = client.get(f"{address}?download=1")
    ready = band.client("member").get("/library/downloads/ready/")
    assert (ready.status_code, ready.content.decode()) == (
        202,
        "Other downloads are on their way. Yours is the next one.",
    )
    for who, words in {"owner": "A download of yours is on its way.", "member": "Yours is the next"}.items():
        refused = band.client(who).get(f"{address}?download=1")
        assert (refused.status_code, refused["Retry-After"]) == (503, "5")
        assert words in refused.content.decode()
    assert client.get(address, headers={"Range": "bytes=0-"}).status_code == 206, "hearing goes on"
    assert client.head(f"{address}?download=1").status_code == 200
    assert len(running.getvalue()) == 3_000_000
    for each in others:
        transfers.DOWNLOADS.end(each)
    assert band.client("member").get("/library/downloads/ready/").status_code == 204
    assert len(download(client, take)) == 3_000_000


def test_a_file_that_is_gone_is_told_without_a_crash(band: Band) -> None:
    take = band.song().takes.get()
    file = store(take, "mp3")
    file.file.storage.delete(file.file.name)
    for headers in ({}, {"Range": "bytes=0-"}):
        answer = band.client("owner").get(f"/library/clips/{take.pk}/audio.mp3", headers=headers)
        assert answer.status_code == 404
        assert "missing from the storage" in answer.content.decode()
