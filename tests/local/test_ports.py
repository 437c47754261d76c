import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowweb.local import ports
from flowweb.local.errors import StartError


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((ports.HOST, 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_is_named_with_what_to_do(taken: int) -> None:
    with pytest.raises(StartError, match=rf"^port {taken} is in use\. .* make run PORT=\d+$"):
        ports.require(taken, patience=0)


def test_a_free_port_is_fine() -> None:
    ports.require(ports.unused(), patience=0)


def test_a_port_that_becomes_free_is_waited_for() -> None:
    with socket.socket() as server:
        server.bind((ports.HOST, 0))
        port = server.getsockname()[1]
        assert ports.problem(port)
    ports.require(port)


def test_the_sandbox_keeps_its_port(tmp_path: Path, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "SANDBOX_PORT", taken)
    first = ports.for_sandbox(tmp_path, web_port=8000)

    assert first != taken
    assert ports.for_sandbox(tmp_path, web_port=8000) == first
    assert ports.of_sandbox(tmp_path) == first


def test_web_cant_have_the_sandboxs_port(tmp_path: Path) -> None:
    port = ports.for_sandbox(tmp_path, web_port=8000)

    with pytest.raises(StartError, match="choose another PORT"):
        ports.for_sandbox(tmp_path, web_port=port)


def test_a_spoilt_note_of_the_port_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "sandbox-port").write_text("banana")

    with pytest.raises(StartError, match="sandbox-port should hold a port number"):
        ports.for_sandbox(tmp_path, web_port=8000)


def test_an_unused_port_is_not_one_of_outgoing_connections() -> None:
    first, _last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())

    assert ports.unused() < first
