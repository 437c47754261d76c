"""Bodies of POST requests: JSON or multipart/form-data, as every page but POST /files allows."""

from __future__ import annotations

import json
import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from apps.sandbox.responses import refuse

LIMIT = 1024 * 1024
TRUTH = {"true": True, "false": False}


def parse(content_type: str, body: bytes) -> dict[str, Any]:
    """The parameters in a body; refuses with 400 what is neither a JSON object nor a form."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return _json(body)
    if kind == "multipart/form-data":
        return _form(content_type, body)
    raise refuse(
        400,
        f"Content-Type ({kind or 'none'}) not supported. Valid values: application/json, multipart/form-data",
    )


def _json(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
        # A lone surrogate is valid JSON, but no text: it could be neither stored nor echoed.
        json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise refuse(400, "Request body is not valid JSON") from None
    if not isinstance(data, dict):
        raise refuse(400, "Request body is not a JSON object")
    return data


def _form(content_type: str, body: bytes) -> dict[str, Any]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(EmailMessage, policy=policy.HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise refuse(400, "Request body is not valid multipart/form-data")
    parts = (part for part in message.iter_parts() if isinstance(part, EmailMessage))
    return dict(_field(part) for part in parts)


def _field(part: EmailMessage) -> tuple[str, Any]:
    """Name and value of one part. A form has neither booleans nor numbers: what is one in JSON is read as one."""
    name = part.get_param("name", "", header="content-disposition")
    payload = part.get_payload(decode=True)
    try:
        text = payload.decode() if isinstance(payload, bytes) else ""
    except UnicodeDecodeError:
        raise refuse(400, f"Parameter {name} is not valid UTF-8") from None
    return str(name), _value(str(name), text)


def _value(name: str, text: str) -> Any:
    if name == "instrumental":
        return TRUTH.get(text, text)
    if name in ("maxJobs", "seed", "mix", "room_size", "pan", "strength") or name.endswith(("_s", "_db")):
        return json.loads(text) if re.fullmatch(r"-?\d{1,16}(\.\d{1,16})?", text) else text
    return text
