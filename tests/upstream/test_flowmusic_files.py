"""POST /files and /files/generate: a file is streamed, sent once, and a refusal on the way is heard."""

from __future__ import annotations

import io
import json
import socket
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from apps.upstream import transport
from apps.upstream.deadline import Deadline
from apps.upstream.errors import Declined, NotSent, OutcomeUnknown, Rejected
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.records import AssetRecord
from apps.upstream.token import Token
from tests.upstream import scripted
from tests.upstream.scripted import ScriptedServer

Serve = Callable[..., ScriptedServer]
Client = Callable[[ScriptedServer], FlowMusic]
EMAIL = "night+bus@x.example"
SONG_ID = f"user:1234-{EMAIL}-audio:34cd56ef-a7b8-4c9d-0e1f-2a3b4c5d6e7f"
SONG = {
    "id": SONG_ID,
    "url": "https://storage.example/a.wav",
    "kind": "audio",
    "assetType": "audio",
    "email": EMAIL,
    "clip_id": "c-1",
    "operation_id": "o-1",
    "is_flagged": False,
    "duration_s": 12.5,
}
MB_40 = 40 * 1024 * 1024


class Zeros(io.RawIOBase):
    """A large file that takes no room; knows how much of it was asked for at once."""

    def __init__(self, size: int) -> None:
        self.left, self.largest = size, 0

    def read(self, size: int = -1) -> bytes:
        self.largest = max(self.largest, size if size >= 0 else MB_40)
        piece = bytes(min(self.left, size if size >= 0 else self.left))
        self.left -= len(piece)
        return piece


def send(
    flow: FlowMusic, data: Any, size: int, *, strip: bool | None = None, deadline_s: float = 10
) -> AssetRecord:
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    return flow.upload(
        file,
        size=size,
        content_type="audio/wav",
        email=EMAIL,
        strip_metadata=strip,
        deadline=Deadline(deadline_s),
    )


@pytest.mark.parametrize(
    ("strip", "query"), [(None, ""), (False, "&stripMetadata=false"), (True, "&stripMetadata=true")]
)
def test_the_bytes_go_out_as_they_are(strip: bool | None, query: str, serve: Serve, client: Client) -> None:
    server = serve(scripted.reply(200, SONG))
    asset = send(client(server), b"RIFF\x00\xff\r\n\r\nmore, which is not sent", 10, strip=strip)
    (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == f"POST /v1/flowmusic/files?email=night%2Bbus%40x.example{query} HTTP/1.1"
    assert {"Content-Type: audio/wav", "Content-Length: 10"} <= set(lines)
    assert "transfer-encoding" not in head.decode().lower()
    assert body == b"RIFF\x00\xff\r\n\r\n"
    assert (asset.asset_id, asset.kind, asset.email, asset.duration_s) == (SONG_ID, "audio", EMAIL, 12.5)
    assert (asset.clip_id, asset.operation_id, asset.is_flagged, asset.metadata_stripped) == (
        "c-1",
        "o-1",
        False,
        None,
    )


def test_a_large_file_is_never_in_memory(serve: Serve, client: Client) -> None:
    arrived: list[int] = []
    server = serve(scripted.swallow(scripted.reply(200, SONG), arrived), read=False)
    file = Zeros(MB_40)
    tracemalloc.start()
    try:
        send(client(server), file, MB_40, deadline_s=60)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert arrived == [MB_40]
    assert file.largest <= 65536
    assert peak < 4_000_000


@pytest.mark.parametrize("stay", [False, True], ids=["and closes", "and reads no more"])
def test_a_refusal_in_the_middle_is_heard(
    stay: bool, serve: Serve, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "STALL_S", 0.3)
    script = scripted.refuse_early(413, {"error": "file exceeds the size cap", "code": 413}, stay=stay)
    file = Zeros(MB_40)
    with pytest.raises(Rejected, match="size cap") as caught:
        send(client(serve(script, read=False)), file, MB_40)
    assert "audio 40 MB" in caught.value.user_message
    assert caught.value.code == 413
    assert file.left > 0, "the rest was not sent"


def _cut(conn: socket.socket, request: bytes) -> None:
    conn.recv(100_000)
    scripted.reset(conn, request)


_deaf = scripted.refuse_early(100, stay=True)  # says to go on, and reads no more


@pytest.mark.parametrize(("script", "reason"), [(_cut, "cut"), (_deaf, "in time")], ids=["cut", "stalled"])
def test_an_upload_that_breaks_is_unknown(
    script: scripted.Script, reason: str, serve: Serve, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "STALL_S", 0.3)
    server = serve(script, read=False)
    with pytest.raises(OutcomeUnknown, match=reason) as caught:
        send(client(server), Zeros(MB_40), MB_40, deadline_s=1.5)
    assert len(server.requests) == 1
    assert "may be there or not" in caught.value.user_message


def test_a_long_thought_is_no_stall(serve: Serve, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "STALL_S", 0.3)
    server = serve(scripted.swallow(scripted.reply(200, SONG), [], think_s=0.8), read=False)
    assert send(client(server), b"RIFF", 4).asset_id == SONG_ID


def test_a_file_that_got_shorter(serve: Serve, client: Client) -> None:
    with pytest.raises(OutcomeUnknown, match="could not be read to its end"):
        send(client(serve(scripted.hang)), b"RIFF", 100)
    closed = io.BytesIO(b"RIFF")
    closed.close()
    with pytest.raises(OutcomeUnknown, match="could not be read to its end"):
        send(client(serve(scripted.hang)), closed, 4)


def test_without_a_connection_the_file_is_not_touched(token: Token) -> None:
    origin = f"http://127.0.0.1:{scripted.refused_port()}"
    flow, file = FlowMusic(f"{origin}/v1", token, allowed_origins=frozenset({origin})), io.BytesIO(b"RIFF")
    with pytest.raises(NotSent):
        send(flow, file, 4)
    assert file.tell() == 0


def test_what_support_asks_for_is_kept(serve: Serve, client: Client) -> None:
    upstream = {"status": 500, "cause": "flowmusic_error", "cf_ray": "a05b815ef02cf9cc-SJC"}
    body = {"error": 'Upload failed (HTTP 500): "Internal Server Error"', "code": 500, "upstream": upstream}
    with pytest.raises(Declined) as caught:
        send(client(serve(scripted.reply(500, body))), b"RIFF", 4)
    assert (caught.value.evidence["upstream_cf_ray"], caught.value.status) == ("a05b815ef02cf9cc-SJC", 500)
    assert not caught.value.retryable


@pytest.mark.parametrize("body", [[], "no", {"code": 500}, {"error": None}])
def test_a_500_that_declines_nothing_is_unknown(body: object, serve: Serve, client: Client) -> None:
    with pytest.raises(OutcomeUnknown):
        send(client(serve(scripted.reply(500, body))), b"RIFF", 4)


def test_a_picture_is_asked_for_once(serve: Serve, client: Client) -> None:
    picture = {"id": f"user:1234-{EMAIL}-image:34cd", "width": 1024, "height": "768", "model": "m", "url": 7}
    server = serve(scripted.reply(200, picture))
    asset = client(server).generate_image({"prompt": "neon", "email": ""}, deadline=Deadline(5))
    assert (asset.kind, asset.email, asset.width, asset.height, asset.model, asset.url) == (
        *("image", EMAIL, 1024, 768, "m"),
        None,
    )
    (request,) = server.requests
    assert request.startswith(b"POST /v1/flowmusic/files/generate ")
    assert json.loads(request.partition(b"\r\n\r\n")[2]) == {"prompt": "neon"}
