"""Takes secrets out of what this site writes about itself: log lines, the access log, error reports.

Some addresses are secrets (a webhook's, a sign-in link's, a password reset's), and Django, gunicorn and Sentry all
write down the addresses that they were asked for.
"""

import logging
import re
from typing import Any

from apps.upstream.redaction import HIDDEN, redactor

_SECRET_PATH = re.compile(
    r"(?P<before>{slash}(?:hooks|auth{slash}(?:link|invitation|confirm-email|password{slash}reset{slash}key)){slash})"
    r"(?:(?!{slash})[^\s?#&\"'<>])+".replace("{slash}", "(?:/|%2[Ff]|%252[Ff])")
)
# What comes back with somebody who signs in by OpenID Connect.
_OPENID = re.compile(r"(?P<before>/login/callback/\?)[^\s\"'<>]+")
_without_tokens = redactor()


def redact(text: str) -> str:
    """The text without secret addresses, API tokens and Authorization headers."""
    for secret in (_SECRET_PATH, _OPENID):
        text = secret.sub(rf"\g<before>{HIDDEN}", text)
    return _without_tokens(text)


def redact_all(value: Any) -> Any:
    """A copy of nested dictionaries and lists, each text of it redacted."""
    if isinstance(value, dict):
        return {key: redact_all(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_all(item) for item in value]
    return redact(value) if isinstance(value, str) else value


class Line(logging.Formatter):
    """Redacts the whole line with its traceback, whoever wrote it."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
