from __future__ import annotations

import gzip
import io
import socket
import time
from collections.abc import Callable

import pytest

from apps.upstream import media, transport
from apps.upstream.deadline import Deadline
from apps.upstream.errors import (
    AccountBroken,
    AddressRefused,
    Forbidden,
    Gone,
    NotReady,
    TooLarge,
    Unavailable,
    Unreachable,
    UpstreamError,
)
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.token import Token
from tests.upstream import scripted
from tests.upstream.scripted import ScriptedServer

Serve = Callable[..., ScriptedServer]
Client = Callable[[ScriptedServer], FlowMusic]
SONG = bytes(range(256)) * 1000
AUDIO = {"Content-Type": "audio/mpeg"}
CLIP = "user:1234-night+bus@x.example-clip:a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d"


def mp3(flow: FlowMusic, to: io.BytesIO | None = None, *, max_bytes: int = 10**6) -> None:
    flow.download_mp3(CLIP, to if to is not None else io.BytesIO(), deadline_s=5, max_bytes=max_bytes)


def follow(origin: str, path: str, *, to: io.BytesIO | None = None, deadline_s: float = 5) -> None:
    """Fetches a link to an origin that the operator's settings name."""
    file, deadline = to if to is not None else io.BytesIO(), Deadline(deadline_s)
    media.fetch(path, file, deadline=deadline, max_bytes=10**6, allowed_origins=frozenset({origin}))


def test_an_mp3_comes_with_the_token(serve: Serve, client: Client) -> None:
    server, file = serve(scripted.reply(200, SONG, headers=AUDIO)), io.BytesIO()
    mp3(client(server), file)
    assert file.getvalue() == SONG
    head = server.requests[0].decode()
    assert "id=user%3A1234-night%2Bbus%40x.example-clip%3Aa1b2c3d4-" in head
    assert "Authorization: Bearer user:4711" in head


def test_media_come_without_the_token(serve: Serve) -> None:
    server, file = serve(scripted.reply(200, SONG, headers=AUDIO)), io.BytesIO()
    follow(server.origin, f"{server.origin}/a.m4a?sig=x%2By", to=file)
    assert file.getvalue() == SONG
    assert server.requests[0].startswith(b"GET /a.m4a?sig=x%2By HTTP")
    assert b"uthorization" not in server.requests[0]


def _broken(data: bytes) -> scripted.Script:
    return scripted.raw(scripted.head(200, AUDIO | {"Content-Length": str(len(SONG))}) + data)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (_broken(SONG[:5000]), Unavailable),
        (_broken(b""), Unavailable),
        (
            scripted.raw(scripted.head(200, AUDIO | {"Transfer-Encoding": "chunked"}) + b"5\r\nabcde\r\n9"),
            Unavailable,
        ),
        (scripted.reply(200, b"", headers=AUDIO), Unavailable),
        (scripted.reply(200, SONG * 5, headers=AUDIO), TooLarge),
        (scripted.raw(scripted.head(200, AUDIO) + SONG * 5), TooLarge),
        (scripted.html(200), Unavailable),
        (scripted.reply(200, {"error": "x"}), Unavailable),
        (scripted.reply(206, SONG, headers=AUDIO), Unavailable),
        (scripted.reply(404, {"error": "x"}), Gone),
        (scripted.html(404), Unavailable),
        (scripted.reply(409, {"error": "not completed"}), NotReady),
        (scripted.reply(596, {"error": "Account a@b.c in error state: x"}), AccountBroken),
        (scripted.drop, Unavailable),
    ],
)
def test_what_is_not_the_file(
    script: scripted.Script, kind: type[UpstreamError], serve: Serve, client: Client
) -> None:
    server = serve(script)
    with pytest.raises(UpstreamError) as caught:
        mp3(client(server))
    assert type(caught.value) is kind
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, Forbidden),
        (403, Forbidden),
        (404, Gone),
        (410, Gone),
        (429, Unavailable),
        (596, Unavailable),
        (500, Unavailable),
    ],
)
def test_a_link_has_statuses_of_its_own(status: int, kind: type[UpstreamError], serve: Serve) -> None:
    server = serve(scripted.html(status))
    with pytest.raises(UpstreamError) as caught:
        follow(server.origin, f"{server.origin}/a.m4a?sig=secretsig")
    assert type(caught.value) is kind
    assert "secretsig" not in f"{caught.value} {caught.value.evidence} {caught.value.user_message}"


def test_a_compressed_file_is_unpacked_under_the_limit(serve: Serve, client: Client) -> None:
    headers = AUDIO | {"Content-Encoding": "gzip"}
    file = io.BytesIO()
    mp3(client(serve(scripted.reply(200, gzip.compress(SONG), headers=headers))), file)
    assert file.getvalue() == SONG
    bomb = gzip.compress(bytes(50_000_000))
    with pytest.raises(TooLarge):
        mp3(client(serve(scripted.reply(200, bomb, headers=headers))))


def test_a_stall_is_noticed(serve: Serve, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "STALL_S", 0.2)

    def stall(conn: socket.socket, request: bytes) -> None:
        _broken(SONG[:70000])(conn, request)
        scripted.hang(conn, request)

    started = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        mp3(client(serve(stall)))
    assert time.monotonic() - started < 2


def test_a_drip_ends_at_the_deadline(serve: Serve) -> None:
    script = scripted.drip(scripted.head(200, AUDIO) + SONG, every_s=0.02)
    server = serve(script)
    started = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        follow(server.origin, f"{server.origin}/a", deadline_s=0.6)
    assert time.monotonic() - started < 2


def to(location: str, status: int = 302) -> scripted.Script:
    return scripted.reply(status, b"ignored", headers={"Location": location})


def test_redirects_drop_the_token_on_another_origin(token: Token, serve: Serve) -> None:
    storage = serve(scripted.reply(200, SONG, headers=AUDIO))
    api = serve(to("/other?sig=1", 307), to(f"{storage.origin}/b.mp3?sig=2"))
    origins, file = frozenset({api.origin, storage.origin}), io.BytesIO()
    mp3(FlowMusic(f"{api.origin}/v1", token, allowed_origins=origins), file)
    assert file.getvalue() == SONG
    assert b"GET /other?sig=1 HTTP" in api.requests[1]
    assert b"uthorization" in api.requests[1]
    assert b"GET /b.mp3?sig=2 HTTP" in storage.requests[0]
    assert b"uthorization" not in storage.requests[0]


@pytest.mark.parametrize(
    "where", ["http://169.254.169.254/latest", "https://127.0.0.1/x", "file:///etc/passwd", "//[bad"]
)
def test_redirects_pass_the_guard(where: str, serve: Serve) -> None:
    server = serve(to(where))
    with pytest.raises(AddressRefused):
        follow(server.origin, f"{server.origin}/a")
    assert len(server.requests) == 1


def test_redirects_end(serve: Serve) -> None:
    server = serve(to("/again"))
    with pytest.raises(Unavailable, match="redirects"):
        follow(server.origin, f"{server.origin}/a")
    assert len(server.requests) == 4


def test_links_inwards_are_refused(serve: Serve) -> None:
    """A record whose link leads to another port of this machine."""
    inner, outer = serve(scripted.reply(200, SONG)), serve(scripted.reply(200, SONG))
    with pytest.raises(AddressRefused):
        follow(outer.origin, f"{inner.origin}/admin")
    assert inner.requests == []


def test_no_connection() -> None:
    origin = f"http://127.0.0.1:{scripted.refused_port()}"
    with pytest.raises(Unreachable):
        follow(origin, f"{origin}/a")


def test_a_full_disk_is_not_the_networks_fault(serve: Serve, client: Client) -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        mp3(client(serve(scripted.reply(200, SONG, headers=AUDIO))), Full())
