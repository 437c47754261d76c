"""A server between this site and the sandbox that gives answers of its own to what it is told to, on a real socket."""

from __future__ import annotations

import socket
from urllib.parse import unquote, urlsplit

from tests.upstream import scripted
from tests.upstream.scripted import Script, ScriptedServer


class Relay(ScriptedServer):
    """`responses["POST /music"]` is given in place of the sandbox's; `calls` lists what came, by the same names."""

    def __init__(self, sandbox_url: str) -> None:
        super().__init__(self._relay)
        self.responses: dict[str, Script] = {}
        self.calls: list[str] = []
        self._sandbox = (urlsplit(sandbox_url).hostname or "", urlsplit(sandbox_url).port or 0)

    def say(self, name: str, status: int, body: object, **headers: str) -> None:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        kind = {} if isinstance(body, bytes) else {"Content-Type": "application/json"}
        self.responses[name] = scripted.reply(status, body, headers=kind | named)

    def _relay(self, conn: socket.socket, request: bytes) -> None:
        method, target = request.split(b" ", 2)[:2]
        path = unquote(urlsplit(target.decode()).path.removeprefix("/v1/flowmusic"))
        name = f"{method.decode()} {path}"
        self.calls.append(name)
        if answer := self.responses.get(name):
            answer(conn, request)
            return
        with socket.create_connection(self._sandbox, timeout=20) as onward:
            onward.sendall(request)
            while piece := onward.recv(65536):
                conn.sendall(piece)
