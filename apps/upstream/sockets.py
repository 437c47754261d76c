"""Connections that keep to a deadline, go only where the guard allows, and know whether anything was sent.

urllib3 does HTTP and TLS; only the opening of the socket is ours (`_new_conn`, as urllib3's own SOCKS
support does it), so the name in TLS and in the Host header stays the URL's while the address is the one
that was checked.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException, HTTPResponse, parse_headers
from typing import Any

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection

from apps.upstream.deadline import Deadline
from apps.upstream.hosts import Address, Target, resolve

CONNECT_S = 5.0
# So that one dead address of several does not use up the time of the others.
FIRST_ADDRESSES_S = 2.0
MOST_ADDRESSES = 4
MOST_INTERIM = 20  # answers before the answer


@dataclass(slots=True)
class Wire:
    """The state of one attempt, shared by its socket and its caller.

    `stall_s`: longest silence; `answer_s`: the same once all has been sent, if it differs. `floor_s`: what
    the deadline must still leave for the first byte to be sent at all. `sent` is True from the moment just
    before the first byte of the request is handed to the system.
    """

    deadline: Deadline
    stall_s: float
    floor_s: float = 0.0
    answer_s: float = 0.0
    sent: bool = False

    def patience(self) -> float:
        """Seconds that the next operation may take. Raises TimeoutError when there are none."""
        left = self.deadline.left()
        if left <= (0.0 if self.sent else self.floor_s):
            raise TimeoutError("the deadline has passed")
        return min(left, self.stall_s)


class TimedSocket(socket.socket):
    """Asks its wire before every operation: a server that drips bytes does not outlast the deadline."""

    wire: Wire

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        self.settimeout(self.wire.patience())
        return super().recv_into(buffer, nbytes, flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        self.settimeout(self.wire.patience())
        self.wire.sent = True
        super().sendall(data, flags)


class TimedTLSSocket(ssl.SSLSocket):
    """The same inside TLS. The handshake is not part of it: it says nothing of the request."""

    wire: Wire

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        self.settimeout(self.wire.patience())
        return super().recv_into(buffer, nbytes, flags)

    def send(self, data: Any, flags: int = 0) -> int:
        self.settimeout(self.wire.patience())
        self.wire.sent = True
        return super().send(data, flags)


class FinalResponse(HTTPResponse):
    """The answer itself: what comes before it (103 with hints, 102, 100) is read over. http.client knows 100 alone."""

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(MOST_INTERIM):
            line: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if not 100 <= line[1] < 200:
                return line
            parse_headers(self.fp)
        raise HTTPException("an answer that never comes to its point")


class GuardedConnection(HTTPConnection):
    """Plain HTTP, for origins that the operator named."""

    debuglevel = 0  # http.client's debug output prints the Authorization header
    response_class = FinalResponse

    def __init__(self, target: Target, wire: Wire) -> None:
        super().__init__(target.host.strip("[]"), target.port)
        self.target, self.wire = target, wire

    def _new_conn(self) -> socket.socket:
        return open_socket(self.target, self.wire)


class GuardedTLSConnection(HTTPSConnection):
    debuglevel = 0
    response_class = FinalResponse

    def __init__(self, target: Target, wire: Wire) -> None:
        super().__init__(target.host.strip("[]"), target.port, ssl_context=tls())
        self.target, self.wire = target, wire

    def _new_conn(self) -> socket.socket:
        return open_socket(self.target, self.wire)

    def connect(self) -> None:
        super().connect()
        if not isinstance(self.sock, TimedTLSSocket):
            raise TypeError("TLS made a socket without a deadline")
        self.sock.wire = self.wire


def connection(target: Target, wire: Wire) -> GuardedConnection | GuardedTLSConnection:
    """A fresh connection, opened with its first request."""
    return GuardedTLSConnection(target, wire) if target.scheme == "https" else GuardedConnection(target, wire)


@lru_cache(maxsize=1)
def tls() -> ssl.SSLContext:
    """Verifying, from the certificates that come with requests and not from the environment.

    Made once: it is slow.
    """
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.sslsocket_class = TimedTLSSocket
    return context


def open_socket(target: Target, wire: Wire) -> socket.socket:
    """Connect to the first of the target's checked addresses that answers.

    Raises HostRefused (the guard), OSError (no name, refused, unreachable) or TimeoutError.
    """
    addresses = resolve(target, timeout=min(wire.patience(), CONNECT_S))[:MOST_ADDRESSES]
    for address in addresses[:-1]:
        try:
            return _connect(address, wire, FIRST_ADDRESSES_S)
        except OSError:
            continue
    return _connect(addresses[-1], wire, CONNECT_S)


def _connect(address: Address, wire: Wire, limit_s: float) -> TimedSocket:
    sock = TimedSocket(address.family, socket.SOCK_STREAM)
    try:
        sock.wire = wire
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(min(wire.patience(), limit_s))
        sock.connect(address.sockaddr)
        sock.settimeout(min(wire.patience(), CONNECT_S))  # of the TLS handshake, if there is one
    except BaseException:
        sock.close()
        raise
    return sock
