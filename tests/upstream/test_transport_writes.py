"""Writes: one attempt, and the line between "nothing was sent" and "nobody knows"."""

from __future__ import annotations

import gzip
import json
import resource
import select
import socket
import time
from collections.abc import Callable

import pytest

from apps.upstream import sockets
from apps.upstream.deadline import Deadline
from apps.upstream.errors import AddressRefused, NotSent, OutcomeUnknown
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.token import Token
from apps.upstream.transport import Transport
from tests.upstream import scripted
from tests.upstream.scripted import ScriptedServer

Serve = Callable[..., ScriptedServer]
Client = Callable[[ScriptedServer], FlowMusic]
JOBID = "job:aaaabbbb-cccc-4ddd-8eee-ffff99990000-user:1234-user@email.com-bot:flowmusic"
RECORD = {
    "jobid": JOBID,
    "email": "user@email.com",
    "status": "pending",
    "created_at": "2026-06-01T18:40:42.412Z",
}


def test_a_song_is_asked_for_once(serve: Serve, client: Client) -> None:
    server = serve(scripted.reply(201, RECORD))
    job = client(server).music(
        {"prompt": "funk", "instrumental": False, "lyrics": "", "email": None}, deadline=Deadline(5)
    )
    assert (job.jobid, job.status) == (JOBID, "pending")
    (request,) = server.requests
    head, _, body = request.decode().partition("\r\n\r\n")
    assert head.startswith("POST /v1/flowmusic/music HTTP/1.1\r\n")
    assert f"host: 127.0.0.1:{server.port}" in head.lower()
    assert "connection: close" in head.lower()
    assert "Authorization: Bearer user:4711-CanaryBird7Sings" in head
    assert json.loads(body) == {"mode": "async", "prompt": "funk", "instrumental": False}


def test_the_mode_is_the_callers_if_given(serve: Serve, client: Client) -> None:
    server = serve(scripted.reply(200, RECORD | {"status": "completed", "clips": []}))
    assert client(server).music({"prompt": "p", "mode": "sync"}, deadline=Deadline(5)).status == "completed"
    assert json.loads(server.requests[0].partition(b"\r\n\r\n")[2])["mode"] == "sync"


def _not_sent(error: NotSent) -> None:
    assert error.retryable
    assert not error.outcome_unknown
    assert error.evidence["path"] == "/v1/flowmusic/music"
    assert "Nothing was sent" in error.user_message


def test_a_refused_connection_is_not_sent(token: Token) -> None:
    origin = f"http://127.0.0.1:{scripted.refused_port()}"
    flow = FlowMusic(f"{origin}/v1/flowmusic", token, allowed_origins=frozenset({origin}))
    with pytest.raises(NotSent, match="refused") as caught:
        flow.music({"prompt": "p"}, deadline=Deadline(5))
    _not_sent(caught.value)


def test_an_unknown_name_is_not_sent(token: Token) -> None:
    with pytest.raises(NotSent) as caught:
        FlowMusic("https://nowhere.invalid/v1/flowmusic", token).music({"prompt": "p"}, deadline=Deadline(5))
    _not_sent(caught.value)


def test_a_connection_that_is_never_answered_is_not_sent(
    token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listener with a full backlog: SYN without answer, as behind a firewall that drops."""
    monkeypatch.setattr(sockets, "CONNECT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        flow = FlowMusic(f"{origin}/v1/flowmusic", token, allowed_origins=frozenset({origin}))
        with pytest.raises(NotSent, match="no answer in time"):
            flow.music({"prompt": "p"}, deadline=Deadline(5))
        for filler in fillers:
            filler.close()


@pytest.mark.parametrize("seconds", [0.0, 0.9])
def test_too_late_is_not_sent(seconds: float, serve: Serve, client: Client) -> None:
    server = serve(scripted.reply(201, RECORD))
    with pytest.raises(NotSent):
        client(server).music({"prompt": "p"}, deadline=Deadline(seconds))
    assert server.requests == []


def test_a_process_stopped_while_connecting_does_not_send(
    serve: Serve, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wakes up with an open connection and a claim that somebody else has taken over."""
    server = serve(scripted.reply(201, RECORD))
    connect = sockets.open_socket

    def slow(*args: object) -> socket.socket:
        sock = connect(*args)  # type: ignore[arg-type]
        time.sleep(0.5)
        return sock

    monkeypatch.setattr(sockets, "open_socket", slow)
    with pytest.raises(NotSent, match="in time"):
        client(server).music({"prompt": "p"}, deadline=Deadline(1.3))
    assert server.requests in ([], [b""])


def test_the_host_guard_refuses_before_anything_is_sent(token: Token, serve: Serve) -> None:
    server = serve(scripted.reply(201, RECORD))
    flow = FlowMusic(f"{server.origin}/v1/flowmusic", token)
    with pytest.raises(AddressRefused) as caught:
        flow.music({"prompt": "p"}, deadline=Deadline(5))
    assert not caught.value.retryable
    assert server.requests == []
    with pytest.raises(AddressRefused):
        FlowMusic("https://localhost/v1", token).music({"prompt": "p"}, deadline=Deadline(5))


CUT = (
    scripted.head(201, {"Content-Type": "application/json", "Content-Length": "500"})
    + json.dumps(RECORD).encode()
)
CHUNKED = scripted.head(201, {"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
LOST = {
    "drop after": scripted.drop,
    "reset": scripted.reset,
    "no status line": scripted.raw(b"hello\r\n\r\n"),
    "half a head": scripted.raw(b"HTTP/1.1 201 Cre"),
    "cut by length": scripted.raw(CUT),
    "cut chunk": scripted.raw(CHUNKED + b"fff\r\n" + json.dumps(RECORD).encode()),
    "bad chunk": scripted.raw(CHUNKED + b"zz\r\nabc"),
    "truncated JSON": scripted.reply(201, json.dumps(RECORD).encode()[:-20]),
    "empty": scripted.reply(201, b""),
    "204": scripted.raw(scripted.head(204)),
    "HTML": scripted.html(200),
    "a list": scripted.reply(200, [RECORD]),
    "no jobid": scripted.reply(201, {"status": "pending"}),
    "bad jobid": scripted.reply(201, RECORD | {"jobid": 7}),
    "not UTF-8": scripted.reply(201, b'{"jobid": "\xff\xfe"'),
    "too deep": scripted.reply(201, b"[" * 200_000),
    "redirect": scripted.reply(307, b"", headers={"Location": "/v1/flowmusic/elsewhere"}),
    "early hint": scripted.raw(scripted.head(103)),
}


@pytest.mark.parametrize("script", LOST.values(), ids=LOST.keys())
def test_an_answer_that_says_nothing_leaves_the_outcome_unknown(
    script: scripted.Script, serve: Serve, client: Client
) -> None:
    server = serve(script)
    with pytest.raises(OutcomeUnknown) as caught:
        client(server).music({"prompt": "p"}, deadline=Deadline(5))
    assert caught.value.outcome_unknown
    assert not caught.value.retryable
    assert len(server.requests) == 1, "a write is never repeated"
    assert "not sent again" in caught.value.user_message
    json.dumps(caught.value.evidence)


def test_dropped_before_it_was_read_is_unknown_too(serve: Serve, client: Client) -> None:
    """From here it looks like any other cut: the request had left."""

    def reset_unread(conn: socket.socket, request: bytes) -> None:
        select.select([conn], [], [], 5)
        scripted.reset(conn, request)

    server = serve(reset_unread, read=False)
    with pytest.raises(OutcomeUnknown):
        client(server).music({"prompt": "p" * 5000}, deadline=Deadline(5))
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ["cut by length", "cut chunk"])
def test_what_arrived_of_a_cut_answer_is_evidence(name: str, serve: Serve, client: Client) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        client(serve(LOST[name])).music({"prompt": "p"}, deadline=Deadline(5))
    assert JOBID in caught.value.evidence["body"]
    assert caught.value.evidence["fault"]
    assert caught.value.status == 201


@pytest.mark.long
@pytest.mark.parametrize(
    "script",
    [
        scripted.hang,
        scripted.drip(CUT, every_s=0.05),
        scripted.drip(scripted.head(201) + b" " * 500, every_s=0.05),
    ],
    ids=["hang", "dripping head", "dripping body"],
)
def test_the_deadline_is_total(script: scripted.Script, serve: Serve, client: Client) -> None:
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="in time"):
        client(serve(script)).music({"prompt": "p"}, deadline=Deadline(2.5))
    assert 1.0 < time.monotonic() - started < 10


def test_a_huge_answer_is_not_swallowed(token: Token, serve: Serve, client: Client) -> None:
    def flood(conn: socket.socket, _request: bytes) -> None:
        conn.sendall(scripted.head(201, {"Content-Type": "application/json"}))
        for _ in range(2000):
            conn.sendall(b" " * 65536)

    with pytest.raises(OutcomeUnknown, match="larger"):
        client(serve(flood)).music({"prompt": "p"}, deadline=Deadline(10))


@pytest.mark.long
def test_a_bomb_is_not_unpacked(serve: Serve, client: Client) -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(OutcomeUnknown, match="larger"):
        client(serve(scripted.reply(201, bomb, headers={"Content-Encoding": "gzip"}))).music(
            {}, deadline=Deadline(10)
        )
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_a_compressed_answer_is_read(serve: Serve, client: Client) -> None:
    """Nobody asked for it, but a song was paid for."""
    body = gzip.compress(json.dumps(RECORD).encode())
    script = scripted.reply(
        201, body, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"}
    )
    assert client(serve(script)).music({"prompt": "p"}, deadline=Deadline(5)).jobid == JOBID


def test_an_early_refusal_is_read_though_sending_broke(serve: Serve, token: Token) -> None:
    """A proxy answers 413 without reading the body, and closes."""

    def refuse(conn: socket.socket, _request: bytes) -> None:
        conn.recv(1024)
        conn.sendall(scripted.head(413, {"Content-Length": "0"}))
        time.sleep(0.2)

    server = serve(refuse, read=False)
    answer = Transport(allowed_origins=frozenset({server.origin})).write(
        "POST", f"{server.origin}/x", auth=token, json={"a": "b" * 100}, deadline=Deadline(5)
    )
    assert answer.status == 413


def test_the_environment_has_no_say(
    serve: Serve, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as file:
        file.write("machine 127.0.0.1 login me password pw\n")
    monkeypatch.setenv("NETRC", netrc)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{scripted.refused_port()}")
    server = serve(scripted.reply(201, RECORD))
    client(server).music({"prompt": "p"}, deadline=Deadline(5))
    assert b"Bearer user:4711" in server.requests[0]
