"""Takes secrets out of what a remote side said, before it is logged, stored or shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, urlsplit

from apps.upstream.parsing import storable
from apps.upstream.token import RefreshToken, Token

Redact = Callable[[str], str]

# The secret of a webhook is in replyUrl (docs/design.md, section 3); the rest are Google's own session tokens.
SECRET_KEYS = frozenset({"replyUrl", "refresh_token", "access_token", "session_id", "authorization"})
HIDDEN = "[hidden]"
_HIDDEN_KEYS = frozenset(key.lower() for key in SECRET_KEYS)

_BEARER = re.compile(r"(?i)\bbearer\s+[^\s\"'<>,;]+")
# A token of anybody. Clip and job ids hold `user:1234-name@host`, which must stay readable: hence what may
# not follow.
_ANY_TOKEN = re.compile(r"user(?::|%3[aA])[0-9]+-[A-Za-z0-9]{6,}(?![A-Za-z0-9@%+_-]|\.[A-Za-z0-9])")
# JSON, JSON quoted inside JSON, and JSON that was cut in the middle of the value.
# The address of a webhook, wherever it stands: its last part is the secret.
_HOOK = re.compile(r"(/hooks/)[\w-]{8,}")
_SECRET_PAIR = re.compile(
    r"(?P<key>\\*[\"'](?:"
    + "|".join(sorted(SECRET_KEYS))
    + r")\\*[\"']\s*:\s*\\*[\"'])(?:[^\"'\\]|\\[^\"'])*",
    re.IGNORECASE,
)


def redactor(token: Token | None = None, secrets: Iterable[str | RefreshToken] = ()) -> Redact:
    """A function that takes `token`, `secrets` and everything that looks like a secret out of a text."""
    secrets = tuple(secrets)
    wrapped = [secret for secret in (token, *secrets) if isinstance(secret, Token | RefreshToken)]
    spellings = {spelling for secret in secrets if isinstance(secret, str) for spelling in _spellings(secret)}
    known = sorted(spellings, key=len, reverse=True)

    def redact(text: str) -> str:
        for secret in wrapped:
            text = secret.redact(text)
        for spelling in known:
            text = text.replace(spelling, HIDDEN)
        text = _SECRET_PAIR.sub(lambda match: match["key"] + HIDDEN, text)
        text = _HOOK.sub(rf"\1{HIDDEN}", text)
        return _ANY_TOKEN.sub("[token]", _BEARER.sub("Bearer [token]", text))

    return redact


hide = redactor()


def without_secrets(value: Any, redact: Redact = hide) -> Any:
    """A copy of decoded JSON, fit to be kept: what looks like a secret is hidden, at any depth."""
    if isinstance(value, dict):
        return {
            redact(storable(str(key))): HIDDEN
            if str(key).lower() in _HIDDEN_KEYS and item
            else without_secrets(item, redact)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(item, redact) for item in value]
    return redact(storable(value)) if isinstance(value, str) else value


def _spellings(secret: str) -> set[str]:
    """How a remote side may quote a webhook's address, and the secret part of it alone."""
    if not secret:
        return set()
    last = urlsplit(secret).path.rstrip("/").rpartition("/")[2]
    whole = {secret, secret.replace("/", "\\/"), quote(secret), quote(secret, safe="")}
    return whole | ({last} if len(last) >= 8 else set())
