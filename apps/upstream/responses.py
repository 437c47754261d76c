"""A complete or broken response of the remote side, and the details that support would ask for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from apps.upstream import parsing
from apps.upstream.exchange import Call, Exchange, Fault
from apps.upstream.redaction import without_secrets

EVIDENCE_HEADERS = ("cf-ray", "content-type", "content-length", "date", "location", "retry-after", "server")
EVIDENCE_CHARACTERS = 2000
LONGEST_CODE = 60
LONGEST_WAIT_S = 900.0  # whatever is asked for: a person waits


class NotJson(ValueError):
    """The body is HTML, empty, cut or garbled."""


@dataclass(frozen=True, slots=True)
class Response:
    """Status, headers (lower case) and body; `fault` says why the body is not whole.

    Its repr shows no content.
    """

    call: Call
    status: int
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    fault: str = ""
    elapsed_ms: int = 0

    @classmethod
    def read(cls, exchange: Exchange, *, limit: int) -> Response:
        body, fault = exchange.body(limit)
        return cls(
            call=exchange.call,
            status=exchange.status,
            headers=exchange.headers,
            body=body,
            fault=fault.reason if fault else "",
            elapsed_ms=exchange.elapsed_ms,
        )

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_html(self) -> bool:
        """A proxy's page, whatever its status (docs/api.md, point 29)."""
        return "html" in self.headers.get("content-type", "").lower() or self.body.lstrip()[:1] == b"<"

    def json(self) -> Any:
        """The decoded body, fit to be kept (fields.tidy).

        Raises NotJson, with the reason, for everything that is not a whole JSON document.
        """
        if self.fault:
            raise NotJson(self.fault)
        if not self.body.strip():
            raise NotJson("the answer is empty")
        if self.is_html:
            raise NotJson("the answer is a page of HTML")
        try:
            return parsing.tidy(json.loads(self.body.decode("utf-8-sig")))
        except (ValueError, RecursionError):
            pass
        raise NotJson("the answer is not readable JSON")

    def said(self) -> Mapping[str, Any]:
        """The body if it is a JSON object, else an empty one."""
        try:
            data = self.json()
        except NotJson:
            return {}
        return data if isinstance(data, Mapping) else {}

    @property
    def text(self) -> str:
        """The body as text without secrets."""
        return self.call.redactor()(parsing.storable(self.body.decode("utf-8", "replace")))

    @property
    def code(self) -> str | int | None:
        """`code` of the body, or of its `error` object."""
        said = self.said()
        error = said.get("error")
        code = error.get("code") if isinstance(error, Mapping) else said.get("code")
        if isinstance(code, str):
            return self.call.redactor()(code)[:LONGEST_CODE]
        return code if isinstance(code, int) else None

    @property
    def message(self) -> str:
        """The remote side's own words on one line, without secrets; empty if it said nothing readable."""
        message = parsing.reason(self.said().get("error"))[1] or ""
        return " ".join(self.call.redactor()(message).split())[:500]

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, 15 minutes at most: from Retry-After, or the platform's `retryAfter` (an ISO time)."""
        header = self.headers.get("retry-after", "").strip()
        if header.isascii() and header.isdigit():
            return min(float(header[:9]), LONGEST_WAIT_S)
        when = _http_date(header) or parsing.moment(self.said().get("retryAfter"))
        left = (when - datetime.now(UTC)).total_seconds() if when else None
        return None if left is None else max(0.0, min(left, LONGEST_WAIT_S))

    def evidence(self, fault: str = "") -> dict[str, Any]:
        """For "Details for support" (see errors.py): JSON, without secrets."""
        found = call_evidence(self.call, fault or self.fault, self.elapsed_ms)
        redact = self.call.redactor()
        found["status"] = self.status
        found["headers"] = {
            name: redact(parsing.storable(_without_query(name, self.headers[name])))[:200]
            for name in EVIDENCE_HEADERS
            if name in self.headers
        }
        found["body"] = self.text[:EVIDENCE_CHARACTERS]
        found["message"] = self.message
        upstream = without_secrets(self.said().get("upstream"))
        if isinstance(upstream, Mapping) and upstream.get("cf_ray"):
            found["upstream_cf_ray"] = redact(str(upstream["cf_ray"]))[:200]
        return found


def call_evidence(call: Call, fault: str, elapsed_ms: int) -> dict[str, Any]:
    """What there is to say of a call that got no answer."""
    found: dict[str, Any] = {"method": call.method, "host": call.host, "path": call.redactor()(call.path)}
    found["elapsed_ms"] = elapsed_ms
    if fault:
        found["fault"] = fault
    return found


def unanswered(call: Call, fault: Fault, elapsed_ms: int) -> dict[str, Any]:
    """Arguments of an error for a call that got no answer."""
    return {"service": call.service, "evidence": call_evidence(call, fault.reason, elapsed_ms)}


def _http_date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _without_query(name: str, value: str) -> str:
    return value.partition("?")[0] if name == "location" else value
