"""One HTTP request: read, find the operation, let scenarios have their way, answer."""

from __future__ import annotations

import re
import secrets
import select
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from apps.sandbox import accounts, bodies, callers, routing, scenarios, uploads
from apps.sandbox.callers import Caller
from apps.sandbox.responses import Refusal, SandboxResponse, Silence, error, refuse
from apps.sandbox.routing import Route
from apps.sandbox.scenarios import Scenario, Scenarios
from apps.sandbox.sockets import Server
from apps.sandbox.state import Closed
from apps.sandbox.world import SandboxRequest, World

HANG_S = 120.0
HANG_STEP_S = 0.2
DRAINED = 64 * bodies.LIMIT
CHUNK = 64 * 1024
NOBODY = Caller("0", "")
HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "flowweb-sandbox"
    # Idle connections are given up; small answers leave at once.
    timeout = 75
    disable_nagle_algorithm = True
    wbufsize = -1

    @property
    def world(self) -> World:
        return self.server.world

    def serve(self) -> None:
        """Whatever goes wrong in the sandbox itself is told as the API would tell it, and to the operator in full."""
        self.logged: int | None = None
        try:
            self._send(self._answer())
        except Silence as silence:
            self.close_connection = True
            if silence.hold:
                self._hold()
        except (Closed, ConnectionError, TimeoutError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve

    def _answer(self) -> SandboxResponse:
        try:
            return self._operate()
        except Refusal as refusal:
            return refusal.answer
        except (Silence, Closed, ConnectionError, TimeoutError):
            raise
        except Exception:
            traceback.print_exc()
            return SandboxResponse(500, error(500, "Internal Server Error").body, close=True)

    def _operate(self) -> SandboxResponse:
        path, _, query = self.path.partition("?")
        routes = routing.find(path)
        route, arguments = routes.get(self.command, (None, ()))
        ordered = self._arrived(route)
        if Scenario.DROP_BEFORE in ordered:
            raise Silence(hold=False)
        if route and route.raw:
            with self._received() as upload:
                return self._serve(route, arguments, query, ordered, b"", upload)
        body = self._read_body()
        if route is None:
            return self._no_route(path, sorted(routes))
        return self._serve(route, arguments, query, ordered, body)

    def _serve(
        self,
        route: Route,
        arguments: tuple[str, ...],
        query: str,
        ordered: Scenarios,
        body: bytes,
        upload: Path | None = None,
    ) -> SandboxResponse:
        caller = NOBODY if route.open else callers.identify(self.headers["Authorization"])
        content_type = self.headers["Content-Type"] or ""
        form = bodies.parse(content_type, body) if self._takes_form(route, body) else {}
        request = SandboxRequest(
            arguments=arguments,
            query=dict(parse_qsl(query, keep_blank_values=True)),
            form=form,
            caller=caller,
            called=ordered | self._called(route, form),
            base=self._base(),
            range=self.headers["Range"],
            if_range=self.headers["If-Range"],
            content_type=content_type,
            upload=upload,
        )
        return self._perform(route, request)

    def _arrived(self, route: Route | None) -> Scenarios:
        """Logs the request; the scenarios that were ordered for it. What tests order and ask is no call of the API."""
        authorization = self.headers["Authorization"]
        number, log = callers.number_in(authorization), self.world.state.log
        if route is None:
            self.logged = log(number, f"{self.command} *", authorization=authorization)
        elif route.name:
            self.logged = log(number, route.label, authorization=authorization)
            return self.world.state.due_scenarios(route.name, number)
        return scenarios.NONE

    def _called(self, route: Route, form: dict[str, Any]) -> Scenarios:
        """What the tags in a form call for, and what was ordered for one kind of edit."""
        if route.name == "music":
            return scenarios.in_form(form, ("prompt",))
        if route.name == "edit":
            number = callers.number_in(self.headers["Authorization"])
            operation = str(form.get("operation"))
            return scenarios.in_form(form) | self.world.state.due_scenarios(operation, number, operation)
        return scenarios.in_form(form) if route.name in ("lyrics", "image") else scenarios.NONE

    @staticmethod
    def _takes_form(route: Route, body: bytes) -> bool:
        return route.method == "POST" and not route.raw and (bool(body) or not route.open)

    def _perform(self, route: Route, request: SandboxRequest) -> SandboxResponse:
        if not route.open:
            accounts.begin(self.world.state, request.caller)
        if not route.own:
            scenarios.check(request.called, email=accounts.STUDIO, accounts=2)
        return scenarios.distort(request.called, route.operation(self.world, request))

    def _no_route(self, path: str, methods: list[str]) -> SandboxResponse:
        if not methods:
            return error(404, f"Route {self.command} {path} not found")
        allowed = ", ".join([*methods, "OPTIONS"])
        if self.command == "OPTIONS":
            return SandboxResponse(204, content_type=None, headers=(("Allow", allowed),))
        return error(405, f"Method {self.command} not allowed", Allow=allowed)

    def _read_body(self) -> bytes:
        """The whole body; one that is too long, or has no length, is refused and the connection closed."""
        length = self._length()
        if length > bodies.LIMIT:
            self.close_connection = True
            self._drain(length)
            raise refuse(413, f"Request body is larger than {bodies.LIMIT} bytes")
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionError("the client left while it was sending")
        return body

    @contextmanager
    def _received(self) -> Iterator[Path]:
        """The raw body in a file, written as it comes; gone afterwards unless somebody moved it."""
        length = self._length()
        try:
            uploads.check_size(self.headers["Content-Type"] or "", length)
        except Refusal:
            self.close_connection = True
            self._drain(length)
            raise
        with tempfile.TemporaryDirectory(dir=self.world.media_files.folder, prefix=".upload-") as folder:
            path = Path(folder) / "body"
            with path.open("wb") as file:
                while length > 0 and (chunk := self.rfile.read(min(CHUNK, length))):
                    file.write(chunk)
                    length -= len(chunk)
            if length:
                raise ConnectionError("the client left while it was sending")
            yield path

    def _length(self) -> int:
        length = self.headers["Content-Length"] or "0"
        if self.headers["Transfer-Encoding"]:
            self.close_connection = True
            raise refuse(411, "Content-Length is required")
        if not (length.isascii() and length.isdigit()):
            self.close_connection = True
            raise refuse(400, "Content-Length is not valid")
        return int(length[:13])

    def _drain(self, length: int) -> None:
        """Reads past a body that is too long: closing with unread bytes would take the refusal away from the client."""
        left = min(length, DRAINED)
        while left > 0 and (chunk := self.rfile.read(min(CHUNK, left))):
            left -= len(chunk)

    def _base(self) -> str:
        host = self.headers["Host"] or ""
        return f"http://{host}" if HOST.fullmatch(host) else self.server.url

    def _send(self, answer: SandboxResponse) -> None:
        if self.logged is not None:
            self.world.state.log_status(self.logged, answer.status)
        if answer.close:
            self.close_connection = True
        self.send_response(answer.status)
        for name, value in self._headers(answer):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(answer)
        self.wfile.flush()

    def _headers(self, answer: SandboxResponse) -> list[tuple[str, str]]:
        headers = [*answer.headers, ("cf-ray", f"{secrets.token_hex(8)}-SBX")]
        if self.server.start:
            headers.append(("X-Flowweb-Start", self.server.start))
        if answer.content_type:
            headers.append(("Content-Type", answer.content_type))
        if answer.status != 204:
            headers.append(("Content-Length", str(answer.length)))
        if self.close_connection:
            headers.append(("Connection", "close"))
        return headers

    def _send_body(self, answer: SandboxResponse) -> None:
        left = answer.length // 2 if answer.cut else answer.length
        if answer.file is None:
            self.wfile.write(answer.body[:left])
            return
        with answer.file.path.open("rb") as file:
            file.seek(answer.file.start)
            while left > 0 and (chunk := file.read(min(CHUNK, left))):
                self.wfile.write(chunk)
                left -= len(chunk)

    def _hold(self) -> None:
        """Keeps the connection open without a word until the client closes it, for two minutes at most."""
        end = time.monotonic() + HANG_S
        while time.monotonic() < end and not self.world.closing.is_set():
            readable, _, _ = select.select([self.connection], [], [], HANG_STEP_S)
            if readable and not self._still_there():
                return

    def _still_there(self) -> bool:
        try:
            return bool(self.connection.recv(4096))
        except OSError:
            return False

    def version_string(self) -> str:
        return self.server_version

    def log_message(self, format: str, *args: object) -> None:
        """Silent: requests are in the database, and the start of flowweb has better things to print."""
