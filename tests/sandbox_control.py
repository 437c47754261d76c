"""Orders to a sandbox in any process, over its own HTTP door."""

import json
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any


def ask(url: str, path: str) -> Any:
    with urllib.request.urlopen(f"{url}/_sandbox/{path}", timeout=30) as answer:
        return json.load(answer)


def order(url: str, path: str, **form: object) -> None:
    """POST /_sandbox/<path>: scenario, accounts, finish, render, speed, clips, history, reset."""
    _send(url, "POST", path, json.dumps(form).encode())


def finish(url: str, jobid: str) -> None:
    """Ends a song, unless it has ended meanwhile."""
    try:
        order(url, "finish", jobid=jobid)
    except urllib.error.HTTPError as refused:
        if refused.code != HTTPStatus.CONFLICT:
            raise


def clear_scenarios(url: str) -> None:
    """Forgets what was ordered and not yet used up."""
    _send(url, "DELETE", "scenario")


def _send(url: str, method: str, path: str, body: bytes | None = None) -> None:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/_sandbox/{path}", data=body, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()
