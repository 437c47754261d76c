from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from apps.upstream import transport
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.token import Token
from tests.upstream.scripted import Script, ScriptedServer

RAW_TOKEN = "user:4711-CanaryBird7Sings"


@pytest.fixture
def token() -> Token:
    return Token(RAW_TOKEN)


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    """Starts scripted servers that end with the test."""
    with ExitStack() as stack:

        def start(*scripts: Script, **options: bool) -> ScriptedServer:
            return stack.enter_context(ScriptedServer(*scripts, **options))

        yield start


@pytest.fixture
def client(token: Token) -> Callable[[ScriptedServer], FlowMusic]:
    def connect(server: ScriptedServer) -> FlowMusic:
        return FlowMusic(f"{server.origin}/v1/flowmusic", token, allowed_origins=frozenset({server.origin}))

    return connect


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries do not wait long; what they do is the same."""
    monkeypatch.setattr(transport, "LONGEST_PAUSE_S", 0.01)
