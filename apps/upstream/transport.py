"""Sends requests: reads repeat themselves, writes never do, files are streamed. Everything ends by its
deadline.

What a status means is not decided here but by the provider's own module (`error_mapping`), with one exception:
which answers to a read are worth asking again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, BinaryIO
from urllib.parse import urljoin

from apps.upstream.deadline import Deadline
from apps.upstream.errors import (
    AddressRefused,
    NotSent,
    OutcomeUnknown,
    TooLarge,
    Unavailable,
    Unreachable,
    UpstreamError,
)
from apps.upstream.exchange import CHUNK, Call, Exchange, Fault, FileBody
from apps.upstream.hosts import HostRefused, check_url
from apps.upstream.responses import NotJson, Response, call_evidence, unanswered
from apps.upstream.sockets import Wire
from apps.upstream.token import RefreshToken, Token, json_body

__all__ = ["Deadline", "Transport"]

JSON_LIMIT = 8 * 1024 * 1024
REFUSAL_LIMIT = 64 * 1024
STALL_S = 30.0
LEAST_TO_SEND_S = 1.0
TRIES = 3
LONGEST_PAUSE_S = 4.0
MOST_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
# 596 is not among them: it is an account in error and stays so until somebody connects it again.
ASK_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class Transport:
    """Holds no connection and no state, so threads may share one.

    `allowed_origins`: what the host guard lets through.
    """

    def __init__(self, *, allowed_origins: frozenset[str] = frozenset()) -> None:
        for origin in allowed_origins:
            try:
                check_url(origin, frozenset({origin}))
            except HostRefused as exc:
                raise ValueError(f"{origin!r} is not an origin: {exc}") from None
        self.allowed_origins = allowed_origins

    def read(
        self,
        url: str,
        *,
        auth: Token | None,
        deadline: Deadline,
        params: Mapping[str, str] | None = None,
        method: str = "GET",
        tries: int = TRIES,
        service: str = "",
    ) -> Response:
        """A call that costs nothing and may be repeated: up to `tries` times within the deadline.

        Returns the last answer, whatever its status. Raises Unreachable (no connection), Unavailable
        (connection, no answer) or AddressRefused.
        """
        call = Call(method=method, url=url, auth=auth, params=params, name=service)
        started = time.monotonic()
        for attempt in range(1, tries + 1):
            outcome = self._ask(call, Wire(deadline, stall_s=STALL_S))
            pause = _pause(outcome, attempt)
            if attempt == tries or pause is None or pause + LEAST_TO_SEND_S > deadline.left():
                break
            time.sleep(pause)
        if isinstance(outcome, Fault):
            raise _unread(call, outcome, started)
        return outcome

    def write(
        self,
        method: str,
        url: str,
        *,
        auth: Token | None,
        deadline: Deadline,
        json: Mapping[str, Any] | None = None,
        service: str = "",
        lost: str = "",
    ) -> Response:
        """A call that may cost: exactly one attempt on a fresh connection.

        Returns the answer, whatever its status. Raises NotSent if no byte of it left this machine (also
        when less than 1 s of the deadline is left), OutcomeUnknown if any byte did and no head of an answer
        came back; `lost` are its words for people, if they are not the usual ones.
        """
        # The remote side may think for as long as the deadline allows: giving up early would only make an
        # unknown.
        wire = Wire(deadline, stall_s=deadline.seconds, floor_s=LEAST_TO_SEND_S)
        return self._once(_json_call(method, url, auth, json, service), wire, lost)

    def upload(
        self,
        url: str,
        body: FileBody,
        *,
        auth: Token | None,
        deadline: Deadline,
        params: Mapping[str, str],
        service: str = "",
        lost: str = "",
    ) -> Response:
        """POST a file, streamed from where it stands, in exactly one attempt; as `write` otherwise.

        A remote side that takes nothing for 30 s has stalled; once it has everything it may think.
        """
        call = Call(method="POST", url=url, auth=auth, params=params, body=body, name=service)
        wire = Wire(deadline, stall_s=STALL_S, answer_s=deadline.seconds, floor_s=LEAST_TO_SEND_S)
        return self._once(call, wire, lost)

    def download(
        self,
        url: str,
        *,
        deadline: Deadline,
        max_bytes: int,
        to: BinaryIO,
        refusal: Callable[[Response], UpstreamError],
        auth: Token | None = None,
        params: Mapping[str, str] | None = None,
        service: str = "",
    ) -> None:
        """Stream a file into `to`, one attempt, following three redirects at most. `auth` never goes to
        another origin.

        Raises what `refusal` makes of an answer that is not the file, TooLarge, Unavailable (cut, stalled,
        empty) or Unreachable. What was written to `to` before an error is to be thrown away.
        """
        call = Call(method="GET", url=url, auth=auth, params=params, name=service)
        for _ in range(MOST_REDIRECTS + 1):
            wire = Wire(deadline, stall_s=STALL_S)
            with Exchange(call, wire, allowed_origins=self.allowed_origins) as exchange:
                started = time.monotonic()
                fault = exchange.open()
                if fault:
                    raise _unread(call, fault, started)
                if exchange.status not in REDIRECTS or "location" not in exchange.headers:
                    _save(exchange, to, max_bytes, refusal)
                    return
                call = self._follow(call, exchange.headers["location"])
        fault = Fault("it redirects too often", sent=True)
        raise _unread(call, fault, started)

    def _once(self, call: Call, wire: Wire, lost: str) -> Response:
        started = time.monotonic()
        outcome = self._ask(call, wire)
        if isinstance(outcome, Response):
            return outcome
        elapsed = _since(started)
        if outcome.refused:
            raise AddressRefused(outcome.reason, **unanswered(call, outcome, elapsed))
        if not outcome.sent:
            raise NotSent(outcome.reason, **unanswered(call, outcome, elapsed))
        words = lost.replace("{service}", call.service) or None
        raise OutcomeUnknown(outcome.reason, user_message=words, **unanswered(call, outcome, elapsed))

    def _ask(self, call: Call, wire: Wire) -> Response | Fault:
        with Exchange(call, wire, allowed_origins=self.allowed_origins) as exchange:
            return exchange.open() or Response.read(exchange, limit=JSON_LIMIT)

    def _follow(self, call: Call, location: str) -> Call:
        """The next hop, which must pass the guard itself; a redirect's own query replaces ours."""
        try:
            here = check_url(call.url, self.allowed_origins)
            url = urljoin(call.url, location)
            there = check_url(url, self.allowed_origins)
        except (HostRefused, ValueError):
            there = None
        if there is None:
            raise AddressRefused(
                "it redirects to a refused address", service=call.service, evidence=call_evidence(call, "", 0)
            )
        return replace(call, url=url, params=None, auth=call.auth if there.origin == here.origin else None)


def _json_call(
    method: str, url: str, auth: Token | None, params: Mapping[str, Any] | None, service: str
) -> Call:
    """Made in a frame of its own: its text, with a refresh token in it, is in no variable of a caller."""
    body = None if params is None else json_body(params)
    secrets: list[str | RefreshToken] = []
    for name, value in (params or {}).items():
        if isinstance(value, RefreshToken):
            secrets.append(value)
        elif name == "replyUrl" and value:
            secrets.append(str(value))
    return Call(method=method, url=url, auth=auth, body=body, secrets=tuple(secrets), name=service)


def _save(
    exchange: Exchange, to: BinaryIO, max_bytes: int, refusal: Callable[[Response], UpstreamError]
) -> None:
    content_type = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
    if exchange.status != 200 or content_type in {"text/html", "application/json"}:
        raise refusal(Response.read(exchange, limit=REFUSAL_LIMIT))
    announced = exchange.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise _broken(exchange, TooLarge, f"{announced} bytes")
    size = 0
    while piece := exchange.piece(CHUNK):
        if isinstance(piece, Fault):
            raise _broken(exchange, Unavailable, piece.reason)
        size += len(piece)
        if size > max_bytes:
            raise _broken(exchange, TooLarge, f"more than {max_bytes} bytes")
        to.write(piece)
    if size == 0:
        raise _broken(exchange, Unavailable, "the file is empty")


def _broken(exchange: Exchange, kind: type[UpstreamError], reason: str) -> UpstreamError:
    evidence = call_evidence(exchange.call, reason, exchange.elapsed_ms)
    return kind(reason, service=exchange.call.service, status=exchange.status, evidence=evidence)


def _unread(call: Call, fault: Fault, started: float) -> UpstreamError:
    kind = AddressRefused if fault.refused else Unavailable if fault.sent else Unreachable
    return kind(fault.reason, **unanswered(call, fault, _since(started)))


def _pause(outcome: Response | Fault, attempt: int) -> float | None:
    """Seconds to wait before asking again, with full jitter; None if asking again is no use."""
    jittered = random.uniform(0, min(LONGEST_PAUSE_S, 0.25 * 2**attempt))
    if isinstance(outcome, Fault):
        return None if outcome.refused else jittered
    if outcome.status in ASK_AGAIN:
        asked = outcome.retry_after
        return jittered if asked is None else asked + min(jittered, 0.5)
    return jittered if outcome.ok and not _readable(outcome) else None


def _readable(response: Response) -> bool:
    if response.status == 204:
        return True
    try:
        response.json()
    except NotJson:
        return False
    return True


def _since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
