"""Sends one request on one fresh connection and reads its response, with every network fault returned as a value."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException, IncompleteRead
from typing import BinaryIO, TypeVar
from urllib.parse import urlsplit

from requests import PreparedRequest, Request, RequestException
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from apps.upstream.hosts import HostRefused, Target, check_url
from apps.upstream.redaction import Redact, redactor
from apps.upstream.sockets import GuardedConnection, GuardedTLSConnection, Wire, connection
from apps.upstream.token import RefreshToken, Token

T = TypeVar("T")

NETWORK_FAULTS = (OSError, HTTPException, HTTPError, RequestException, ValueError)
HEADERS = {
    "User-Agent": "flowweb",
    "Accept": "*/*",
    "Accept-Encoding": "identity",  # lengths can be checked, and nothing small becomes large
    "Connection": "close",
}
CHUNK = 64 * 1024
LAST_WORDS_S = 5.0  # for the answer of a server that stopped reading


class FileFault(ValueError):
    """The file can't be read, or ended before the size that the server was told."""


@dataclass(frozen=True, slots=True)
class FileBody:
    """`size` bytes of a file from where it stands, sent in pieces: it is never in memory whole."""

    file: BinaryIO = field(repr=False)
    size: int
    content_type: str

    def __iter__(self) -> Iterator[bytes]:
        left = self.size
        while left > 0:
            piece = self._piece(min(CHUNK, left))
            left -= len(piece)
            yield piece

    def _piece(self, size: int) -> bytes:
        try:
            piece = self.file.read(size)
        except (OSError, ValueError):
            piece = b""
        if not piece:
            raise FileFault
        return piece


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked of whom. Its repr is for logs, so the query, the body and the secrets are not in it."""

    method: str
    url: str = field(repr=False)
    auth: Token | None = None
    params: Mapping[str, str] | None = field(default=None, repr=False)
    body: bytes | FileBody | None = field(default=None, repr=False)
    secrets: tuple[str | RefreshToken, ...] = field(default=(), repr=False)
    name: str = ""

    def prepare(self) -> PreparedRequest:
        """The request as it goes out, without its body.

        No session: no environment, proxies, netrc or cookies have a say.
        """
        headers = dict(HEADERS)
        if isinstance(self.body, FileBody):
            headers |= {"Content-Type": self.body.content_type, "Content-Length": str(self.body.size)}
        elif self.body is not None:
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(self.body))}
        return Request(self.method, self.url, headers, params=self.params, auth=self.auth).prepare()

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def service(self) -> str:
        """What people call the other side."""
        return self.name or self.host.removeprefix("api.")

    def redactor(self) -> Redact:
        return redactor(self.auth, self.secrets)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there is no answer, or not all of one. `sent`: something of the request may have arrived."""

    reason: str
    sent: bool = False
    refused: bool = False


class Exchange(contextlib.AbstractContextManager["Exchange"]):
    """Open it, look at `status` and `headers` (names in lower case), read pieces, leave: it is closed."""

    def __init__(self, call: Call, wire: Wire, *, allowed_origins: frozenset[str]) -> None:
        self.call = call
        self.status = 0
        self.headers: dict[str, str] = {}
        self.target: Target | None = None
        self._wire = wire
        self._allowed_origins = allowed_origins
        self._started = time.monotonic()
        self._connection: GuardedConnection | GuardedTLSConnection | None = None
        self._response: HTTPResponse | None = None

    @property
    def elapsed_ms(self) -> int:
        return int((time.monotonic() - self._started) * 1000)

    def open(self) -> Fault | None:
        """Send the request and read the head of the answer."""
        response = self._try(self._send)
        if isinstance(response, Fault):
            return response
        self._response = response
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        return None

    def piece(self, size: int) -> bytes | Fault:
        """What has arrived of the body, `size` bytes at most; empty at its end, a Fault if it is cut short.

        It does not wait to fill `size`: what arrived before a connection broke is evidence, and may hold a jobid.
        """
        response = self._response
        if response is None:
            raise RuntimeError("an exchange is read before it is open")
        return self._try(partial(response.read1, size, decode_content=True))

    def body(self, limit: int) -> tuple[bytes, Fault | None]:
        """All of a body of up to `limit` bytes, or what there is of it and why it is not all."""
        pieces: list[bytes] = []
        size = 0
        while piece := self.piece(65536):
            if isinstance(piece, Fault):
                return b"".join(pieces), piece
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                return b"".join(pieces)[:limit], Fault(f"the answer is larger than {limit} bytes", sent=True)
        return b"".join(pieces), None

    def _send(self) -> HTTPResponse:
        check_url(self.call.url, self._allowed_origins)
        prepared = self.call.prepare()
        self.target = check_url(prepared.url or "", self._allowed_origins)
        self._connection = connection(self.target, self._wire)
        try:
            self._connection.request(
                prepared.method or "GET",
                prepared.path_url,
                body=self.call.body,
                headers=prepared.headers,
                preload_content=False,
                decode_content=True,
            )
        except OSError:
            # A server may answer, and close or stop reading, before it has everything: its answer is worth more.
            if not self._wire.sent:
                raise
            self._wire.stall_s = LAST_WORDS_S
        else:
            self._wire.stall_s = self._wire.answer_s or self._wire.stall_s
        return self._connection.getresponse()

    def _try(self, action: Callable[[], T]) -> T | Fault:
        """Faults become values: chained exceptions would carry the request, and with it the token."""
        try:
            return action()
        except HostRefused as exc:
            return Fault(str(exc), refused=True)
        except NETWORK_FAULTS as exc:
            return Fault(plain_reason(exc), sent=self._wire.sent)

    def __exit__(self, *exc_info: object) -> None:
        if self._response is not None:
            self._response.close()
        if self._connection is not None:
            self._connection.close()


def plain_reason(exc: BaseException) -> str:
    """What broke, from the kinds of the exceptions alone: their texts hold addresses and queries."""
    for kind, words in _REASONS:
        if any(isinstance(cause, kind) for cause in _causes(exc)):
            return words
    return f"it broke ({type(exc).__name__})"


_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (FileFault, "the file could not be read to its end"),
    (ssl.SSLCertVerificationError, "its certificate is not accepted"),
    (TimeoutError, "no answer in time"),
    (ConnectionRefusedError, "the connection was refused"),
    (IncompleteRead, "the answer was cut short"),
    (ConnectionError, "the connection was cut"),
    (ssl.SSLError, "no secure connection"),
    (HTTPException, "the answer is not HTTP"),
)


def _causes(exc: BaseException) -> Iterable[BaseException]:
    """`exc` and what it wraps: urllib3 keeps the cause as its last argument."""
    found: BaseException | None = exc
    for _ in range(8):
        if found is None:
            return
        yield found
        wrapped = found.args[-1] if found.args else None
        found = wrapped if isinstance(wrapped, BaseException) else found.__cause__
