import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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
        ports.for_web(taken, patience=0)


def test_a_free_port_listens_at_once() -> None:
    with ports.for_web(ports.unused(), patience=0) as listener, socket.socket() as visitor:
        visitor.connect(listener.getsockname())


def test_a_port_that_becomes_free_is_waited_for() -> None:
    server = ports.listen(ports.unused())
    port = ports.number(server)
    threading.Timer(0.3, server.close).start()
    ports.for_web(port).close()


def test_of_two_that_look_in_the_same_moment_one_gets_a_port() -> None:
    """Bound by both, if the first one did not listen yet."""
    port, got = ports.unused(), []

    def take() -> None:
        with suppress(OSError):
            got.append(ports.listen(port))

    both = [threading.Thread(target=take) for _ in range(8)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert len(got) == 1
    got[0].close()


def test_two_first_starts_at_once_have_a_sandbox_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "SANDBOX_PORT", ports.unused())
    folders = [tmp_path / str(number) for number in range(6)]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(6) as pool:
        listeners = list(pool.map(lambda folder: ports.for_sandbox(folder, web_port=8000), folders))

    numbers = [ports.number(listener) for listener in listeners]
    assert len(set(numbers)) == 6
    assert [ports.of_sandbox(folder) for folder in folders] == numbers
    for listener in listeners:
        listener.close()


def test_the_sandbox_keeps_its_port(tmp_path: Path, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "SANDBOX_PORT", taken)
    with ports.for_sandbox(tmp_path, web_port=8000) as listener:
        first = ports.number(listener)

    assert first != taken
    with ports.for_sandbox(tmp_path, web_port=8000) as listener:
        assert ports.number(listener) == first
    assert ports.of_sandbox(tmp_path) == first


def test_the_sandboxs_port_is_gone_and_the_way_out_is_named(tmp_path: Path) -> None:
    with ports.for_sandbox(tmp_path, web_port=8000) as listener:
        port = ports.number(listener)
        with pytest.raises(
            StartError, match=rf"^port {port} is in use\. .* or remove {tmp_path}/sandbox-port: "
        ):
            ports.for_sandbox(tmp_path, web_port=8000, patience=0)
        (tmp_path / "sandbox-port").unlink()
        with ports.for_sandbox(tmp_path, web_port=8000, patience=0) as another:
            assert ports.number(another) != port


def test_web_cant_have_the_sandboxs_port(tmp_path: Path) -> None:
    with ports.for_sandbox(tmp_path, web_port=8000) as listener:
        port = ports.number(listener)

    with pytest.raises(StartError, match="choose another PORT"):
        ports.for_sandbox(tmp_path, web_port=port)


def test_a_spoilt_note_of_the_port_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "sandbox-port").write_text("banana")

    with pytest.raises(StartError, match="sandbox-port should hold a port number"):
        ports.for_sandbox(tmp_path, web_port=8000)


def test_an_unused_port_is_not_one_of_outgoing_connections() -> None:
    first, _last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())

    assert ports.unused() < first
