"""A server between this site and the sandbox that gives answers of its own to what it is told to, on a real socket."""

from __future__ import annotations

import socket
from urllib.parse import unquote, urlsplit

from tests.upstream import scripted
from tests.upstream.scripted import Script, ScriptedServer


class Relay(ScriptedServer):
    """`answers["POST /music"]` is given in place of the sandbox's; `asked` counts what came, by the same names."""

    def __init__(self, sandbox_url: str) -> None:
        super().__init__(self._relay)
        self.answers: dict[str, Script] = {}
        self.asked: list[str] = []
        self._sandbox = (urlsplit(sandbox_url).hostname or "", urlsplit(sandbox_url).port or 0)

    def say(self, name: str, status: int, body: object, **headers: str) -> None:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        kind = {} if isinstance(body, bytes) else {"Content-Type": "application/json"}
        self.answers[name] = scripted.reply(status, body, headers=kind | named)

    def _relay(self, conn: socket.socket, request: bytes) -> None:
        method, target = request.split(b" ", 2)[:2]
        path = unquote(urlsplit(target.decode()).path.removeprefix("/v1/flowmusic"))
        name = f"{method.decode()} {path}"
        self.asked.append(name)
        if answer := self.answers.get(name):
            answer(conn, request)
            return
        with socket.create_connection(self._sandbox, timeout=20) as onward:
            onward.sendall(request)
            while piece := onward.recv(65536):
                conn.sendall(piece)
