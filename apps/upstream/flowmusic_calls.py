"""Makes the calls of all operations of the Flow Music API, and handles a response that can't be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, TypeVar

from apps.upstream.deadline import Deadline
from apps.upstream.error_mapping import outcome_unknown, read_refusal, unavailable, write_refusal
from apps.upstream.operation_messages import OperationMessages
from apps.upstream.parsing import ParseError
from apps.upstream.records import MOST_ACCOUNTS
from apps.upstream.responses import NotJson, Response
from apps.upstream.token import Token
from apps.upstream.transport import Transport

T = TypeVar("T")

SERVICE = "useapi.net"


class Calls:
    """The endpoint, the token, and the two ways to call: reads repeat themselves, writes don't."""

    def __init__(self, endpoint: str, token: Token, *, allowed_origins: frozenset[str] = frozenset()) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._token = token
        self._transport = Transport(allowed_origins=allowed_origins)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.endpoint}, {self._token!r})"

    def _read(
        self,
        path: str,
        deadline_s: float,
        *,
        params: Mapping[str, str] | None = None,
        method: str = "GET",
        tries: int = 3,
        gone: str = "",
    ) -> Response:
        response = self._transport.read(
            self.endpoint + path,
            auth=self._token,
            deadline=Deadline(deadline_s),
            params=params,
            method=method,
            tries=tries,
            service=SERVICE,
        )
        if not response.ok:
            raise read_refusal(response, gone)
        return response

    def _write(
        self,
        path: str,
        messages: OperationMessages,
        deadline: Deadline,
        *,
        json: Mapping[str, object] | None = None,
        method: str = "POST",
    ) -> Response:
        """The response, if it is a 2xx. Raises the errors of its operation."""
        response = self._transport.write(
            method,
            self.endpoint + path,
            auth=self._token,
            json=json,
            deadline=deadline,
            service=SERVICE,
            lost=messages.lost,
        )
        return accepted(response, messages)


def accepted(response: Response, messages: OperationMessages) -> Response:
    if not response.ok:
        raise write_refusal(response, messages)
    return response


def given(params: Mapping[str, object]) -> dict[str, object]:
    """What was filled in: None and empty text are left out, 0 and False are values."""
    return {name: value for name, value in params.items() if value is not None and value != ""}


def attempt(response: Response, parse: Callable[[Any], T]) -> T | str:
    """The record in an answer, or why there is none.

    Not an exception: one would carry the body in its context.
    """
    try:
        return parse(response.json())
    except (NotJson, ParseError) as exc:
        return str(exc)


def read_record(response: Response, parse: Callable[[Any], T]) -> T:
    found = attempt(response, parse)
    if isinstance(found, str):
        raise unavailable(response, found)
    return found


def made_record(response: Response, parse: Callable[[Any], T], messages: OperationMessages) -> T:
    """What came of a call that may have cost: a 2xx without it leaves the outcome unknown."""
    found = attempt(response, parse)
    if isinstance(found, str):
        raise outcome_unknown(response, found, messages)
    return found


def by_email(data: object, parse: Callable[[object, str], T]) -> dict[str, T]:
    """An object keyed by e-mail.

    One odd entry, or one that no address names, does not hide the rest; an object of nothing else is another answer.
    """
    if not isinstance(data, Mapping) or "error" in data:
        raise ParseError("the answer is no list of accounts")
    found: dict[str, T] = {}
    for email, item in islice(data.items(), MOST_ACCOUNTS):
        try:
            found[email] = parse(item, email)
        except ParseError:
            continue
    if data and not found and not any(isinstance(item, Mapping) for item in data.values()):
        raise ParseError("no entry of the answer is readable")
    return found
