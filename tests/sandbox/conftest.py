"""A sandbox of its own for each test: slow enough that a job only ends when the test says so."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.sandbox.server import Sandbox
from tests.sandbox.client import Client, Receiver


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Sandbox]:
    """Songs take 40 s at least: longer than any test."""
    sandbox = Sandbox(tmp_path / "remote", speed=1)
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Sandbox]:
    """Songs take a tenth of a second."""
    sandbox = Sandbox(tmp_path / "quick", speed=1000)
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def client(remote: Sandbox) -> Client:
    return Client(remote.url)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
    thread.join()
