"""Servers that nobody should meet: one takes the connection and says nothing, one refuses it, one drips bytes."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flowweb.local import ports

KINDS = ("silent", "refusing", "dripping")


class Outsider:
    """On loopback; `greeting` is what a dripping one goes on saying, byte by byte, without ever coming to its end."""

    def __init__(self, kind: str, greeting: bytes = b"+") -> None:
        self.kind, self.greeting = kind, greeting
        self.connections = 0
        self._over = threading.Event()
        self._open: list[socket.socket] = []
        self._server: socket.socket | None = None
        if kind == "refusing":
            self.port = ports.unused()
            return
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._over.set()
        for each in (self._server, *self._open):
            if each:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def _accept(self) -> None:
        assert self._server
        while not self._over.is_set():
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            if self.kind == "dripping":
                threading.Thread(target=self._drip, args=(connection,), daemon=True).start()

    def _drip(self, connection: socket.socket) -> None:
        said = 0
        while not self._over.wait(0.2):
            try:
                connection.sendall(self.greeting[said % len(self.greeting) :][:1])
            except OSError:
                return
            said += 1


@contextmanager
def outsider(kind: str, greeting: bytes = b"+") -> Iterator[Outsider]:
    made = Outsider(kind, greeting)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fails when it took longer."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    assert took < seconds, f"it took {took:.1f} s"
