"""Somebody who vouches for people by OpenID Connect, over real HTTP: without asking, for whoever `person` says."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit


class OpenIdServer(ThreadingHTTPServer):
    """`asked`: the paths that were asked for. `drips`: an answer takes ten seconds, a byte now and then."""

    drips = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.person: dict[str, Any] = {}
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: OpenIdServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append(parts.path)
        match parts.path:
            case "/.well-known/openid-configuration":
                paths = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
                places = {f"{name}_endpoint": f"{self.server.url}/{path}" for name, path in paths.items()}
                self._say({"issuer": self.server.url, "jwks_uri": f"{self.server.url}/keys", **places})
            case "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                answer = urlencode({"code": "once", "state": query["state"]})
                self.send_response(302)
                self.send_header("Location", f"{query['redirect_uri']}?{answer}")
                self.end_headers()
            case "/userinfo":
                self._say(self.server.person)

    def do_POST(self) -> None:
        self.server.asked.append(urlsplit(self.path).path)
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say({"access_token": "for-userinfo", "token_type": "Bearer"})

    def _say(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not self.server.drips:
            self.wfile.write(body)
            return
        with suppress(OSError):
            for place in range(len(body)):
                time.sleep(10 / len(body))
                self.wfile.write(body[place : place + 1])

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def openid_server() -> Iterator[OpenIdServer]:
    server = OpenIdServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
