"""A start knows its own site and sandbox by what they echo: it never takes another studio's for them."""

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from apps.sandbox.server import Sandbox
from flowweb.local import __main__ as local
from flowweb.local import ports
from flowweb.local.environment import Start
from flowweb.local.errors import StartError


class Anybody(http.server.BaseHTTPRequestHandler):
    """Well, and of no start."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def anybody(listener: socket.socket) -> Iterator[None]:
    with http.server.HTTPServer(("127.0.0.1", 0), Anybody, bind_and_activate=False) as server:
        server.socket.close()
        server.socket = listener
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield
        finally:  # a thread that goes on would keep pytest from ending
            server.shutdown()
            thread.join()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    web, sandbox = ports.listen(ports.unused()), ports.listen(ports.unused())
    address = f"http://127.0.0.1:{ports.number(web)}"
    made = Start(tmp_path, web, None, sandbox, 10, "own", {"PUBLIC_URL": address})
    with closing(made):
        yield made


def test_another_studio_on_the_port_stops_the_start_with_a_way_out(start: Start) -> None:
    with (
        anybody(start.web),
        pytest.raises(StartError, match=r"answered by something else.* make run PORT=\d+$"),
    ):
        local._responds(start)


def test_who_does_not_answer_is_not_ready(start: Start) -> None:
    assert not local._responds(start)


@pytest.mark.parametrize(("nonce", "is_own"), [("own", True), ("another's", False)])
def test_the_sandbox_echoes_its_start(start: Start, tmp_path: Path, nonce: str, is_own: bool) -> None:
    assert start.sandbox
    sandbox = Sandbox(tmp_path / "sandbox", listener=start.sandbox, start=nonce)
    sandbox.start()
    try:
        port = ports.number(start.sandbox)
        assert sandbox.url == f"http://127.0.0.1:{port}"
        if is_own:
            assert local._is_well(start, port, "/", {})
        else:
            with pytest.raises(StartError, match="another studio"):
                local._is_well(start, port, "/", {})
    finally:
        sandbox.stop()


@pytest.mark.django_db
def test_the_site_echoes_its_start(settings: Settings) -> None:
    settings.LOCAL_START = "own"
    for path in ("/healthz", "/readyz"):
        assert Client().get(path).headers["X-Flowweb-Start"] == "own"
    settings.LOCAL_START = ""
    assert "X-Flowweb-Start" not in Client().get("/healthz").headers
