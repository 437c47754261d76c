"""A server on a real socket that answers as a test tells it to, also in ways that no HTTP server would."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable

Script = Callable[[socket.socket, bytes], None]


class ScriptedServer:
    """Each connection plays the next script; the last one is played for all that follow.

    `requests` holds what arrived, one entry per connection (empty if the script did not read).
    """

    def __init__(self, *scripts: Script, read: bool = True, context: ssl.SSLContext | None = None) -> None:
        self.scripts = list(scripts)
        self.requests: list[bytes] = []
        self._read = read
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._closed.set()
        # Closing alone does not wake a thread that waits in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        for number in range(10_000):
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            script = self.scripts[min(number, len(self.scripts) - 1)]
            threading.Thread(target=self._play, args=(conn, script), daemon=True).start()

    def _play(self, conn: socket.socket, script: Script) -> None:
        try:
            if self._context:
                conn = self._context.wrap_socket(conn, server_side=True)
            request = read_request(conn) if self._read else b""
            self.requests.append(request)
            script(conn, request)
        except OSError:
            pass
        finally:
            conn.close()


def read_request(conn: socket.socket) -> bytes:
    """The head and, by its Content-Length, the body."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = conn.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += conn.recv(65536)
    return head + b"\r\n\r\n" + body


def reply(status: int, body: object = b"", *, headers: dict[str, str] | None = None) -> Script:
    """A whole HTTP answer; anything but bytes is sent as JSON."""
    raw_body = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
    merged = {"Content-Type": kind, "Content-Length": str(len(raw_body))} | (headers or {})
    return raw(head(status, merged) + raw_body)


def head(status: int, headers: dict[str, str] | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status} Words", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def html(status: int) -> Script:
    return reply(status, b"<!DOCTYPE html><h1>Bad gateway</h1>", headers={"Content-Type": "text/html"})


def raw(data: bytes) -> Script:
    return lambda conn, _request: conn.sendall(data)


def drop(conn: socket.socket, _request: bytes) -> None:
    """Close without an answer."""


def reset(conn: socket.socket, _request: bytes) -> None:
    """Close with RST, as a crashed machine or a firewall does."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang(conn: socket.socket, _request: bytes) -> None:
    """Say nothing until the other side leaves."""
    conn.settimeout(20)
    while conn.recv(65536):
        pass


def drip(data: bytes, *, every_s: float = 0.05) -> Script:
    """One byte at a time."""

    def script(conn: socket.socket, _request: bytes) -> None:
        for number in range(len(data)):
            conn.sendall(data[number : number + 1])
            time.sleep(every_s)

    return script


def refuse_early(status: int, body: object = b"", *, stay: bool = False) -> Script:
    """Answer after the head and a little of the body, unread by the server (`read=False`).

    Then close, which resets the connection once the answer has arrived, or stay and read no more.
    """

    def script(conn: socket.socket, _request: bytes) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            data += conn.recv(65536)
        reply(status, body)(conn, data)
        time.sleep(5 if stay else 0.1)

    return script


def swallow(answer: Script, sizes: list[int], *, think_s: float = 0.0) -> Script:
    """Take in a large body piece by piece (`read=False`), tell its size, then answer."""

    def script(conn: socket.socket, _request: bytes) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            data += conn.recv(65536)
        head, _, start = data.partition(b"\r\n\r\n")
        wanted = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        size, room = len(start), bytearray(65536)
        while size < wanted and (count := conn.recv_into(room)):
            size += count
        sizes.append(size)
        time.sleep(think_s)
        answer(conn, head)

    return script


def refused_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
