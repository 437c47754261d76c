"""Sockets that end, for clients of the outside that are not ours to write: the store, the mail server, Redis.

A library's time-out is of one silence, so a server that drips a byte now and then holds a thread for ever. Here an
exchange has ten seconds, and besides them the time that its bytes take at the slowest speed that is worth waiting for.
"""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

CONNECT_S = 5.0
TOTAL_S = 10.0  # of what a request waits for
PATIENT_S = 60.0  # of a worker, which keeps nobody waiting
LEAST_PER_S = 50 * 1024
PIECE = 64 * 1024


_somebody_waits: ContextVar[bool] = ContextVar("somebody_waits", default=False)


@contextmanager
def for_a_request() -> Iterator[None]:
    """Somebody waits for what is done in here."""
    token = _somebody_waits.set(True)
    try:
        yield
    finally:
        _somebody_waits.reset(token)


def somebody_waits() -> bool:
    return _somebody_waits.get()


class Pace:
    """How long the exchange under way may still take; `asked_s` is what its library asks for besides."""

    def __init__(self, total_s: float = TOTAL_S) -> None:
        self._total_s = total_s
        self.asked_s: float | None = None
        self.restart()

    def restart(self, total_s: float | None = None) -> None:
        """A new exchange on the same connection begins."""
        self._total_s = self._total_s if total_s is None else total_s
        self._began, self._bytes = time.monotonic(), 0

    def left(self) -> float:
        """Of the next use of the socket. Raises TimeoutError when nothing is."""
        if self.asked_s == 0:
            return 0.0  # a look whether something is there
        left = self._total_s + self._bytes / LEAST_PER_S - (time.monotonic() - self._began)
        if left <= 0:
            raise TimeoutError("it takes too long")
        return left if self.asked_s is None else min(left, self.asked_s)

    def count(self, size: int) -> int:
        self._bytes += size
        return size


class PacedSocket(socket.socket):
    """Asks its pace before each use."""

    pace: Pace

    def settimeout(self, value: float | None) -> None:
        self.pace.asked_s = value
        super().settimeout(value)

    def recv(self, size: int, flags: int = 0) -> bytes:
        super().settimeout(self.pace.left())
        data = super().recv(size, flags)
        self.pace.count(len(data))
        return data

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        super().settimeout(self.pace.left())
        return self.pace.count(super().recv_into(buffer, nbytes, flags))

    def send(self, data: Any, flags: int = 0) -> int:
        super().settimeout(self.pace.left())
        return self.pace.count(super().send(data, flags))

    def sendall(self, data: Any, flags: int = 0) -> None:
        with memoryview(data) as view, view.cast("B") as whole:
            sent = 0
            while sent < len(whole):
                sent += self.send(whole[sent : sent + PIECE], flags)


class PacedTLSSocket(ssl.SSLSocket):
    """The same inside TLS. Its `sendall` sends by `send`, and `recv` reads by `recv_into` or alone."""

    pace: Pace

    def settimeout(self, value: float | None) -> None:
        self.pace.asked_s = value
        super().settimeout(value)

    def recv(self, size: int = 1024, flags: int = 0) -> bytes:
        super().settimeout(self.pace.left())
        data = super().recv(size, flags)
        self.pace.count(len(data))
        return data

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        super().settimeout(self.pace.left())
        return self.pace.count(super().recv_into(buffer, nbytes, flags))

    def send(self, data: Any, flags: int = 0) -> int:
        super().settimeout(self.pace.left())
        return self.pace.count(super().send(data, flags))


def paced(opened: Any, pace: Pace) -> Any:
    """The same connection, at that pace from now on. The one that was given is used no more."""
    asked_s = opened.gettimeout()
    if isinstance(opened, ssl.SSLSocket):
        opened.__class__ = PacedTLSSocket
        made: Any = opened
    else:
        made = PacedSocket(opened.family, opened.type, opened.proto, fileno=opened.detach())
    made.pace = pace
    made.settimeout(asked_s)
    return made


class Paced:
    """Before a kind of HTTP connection of a library: each exchange on it has its time."""

    sock: Any
    kept_pace: Pace | None = None

    def exchange_s(self) -> float:
        return TOTAL_S

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.kept_pace = Pace(self.exchange_s())
        self.sock = paced(self.sock, self.kept_pace)

    def request(self, *args: Any, **kwargs: Any) -> Any:
        if self.kept_pace:
            self.kept_pace.restart(self.exchange_s())
        return super().request(*args, **kwargs)  # type: ignore[misc]
