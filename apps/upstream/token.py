"""Secrets that are handed on: an API token (somebody's money) and the refresh token of a Flow Music account.

They can be used for a call, but not read by accident.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import quote

from requests import PreparedRequest
from requests.auth import AuthBase

_FORMAT = re.compile(r"user:(?P<number>[0-9]+)-[A-Za-z0-9]+")
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
_SHORTEST_SECRET = 6
_SHORTEST_REFRESH_TOKEN = 10
_LONGEST_REFRESH_TOKEN = 10_000
_PIECE = 8  # characters of a refresh token that tell what a cut text was quoting
_HIDDEN = "[hidden]"


class Token(AuthBase):
    """The secret, wrapped: it signs the request that it is handed to, and shows four characters at most.

    The raw text lives in a slot, so `vars()`, `repr()`, formatting, pickling and copying do not carry it.
    """

    __slots__ = ("_raw",)

    def __init__(self, raw: str) -> None:
        """Take any provider's token.

        Raises ValueError, in words for a person, if it can't be a token at all.
        """
        stripped = raw.strip()
        if not stripped:
            raise ValueError("The token is empty.")
        if not _VISIBLE_ASCII.fullmatch(stripped):
            raise ValueError(
                "A token has no spaces, line breaks or accented letters in it. Copy it once more."
            )
        self._raw = stripped

    @classmethod
    def parse(cls, raw: str) -> Token:
        """Take a useapi.net token, `user:<digits>-<letters and digits>`.

        Raises ValueError in words for a person.
        """
        token = cls(raw)
        if not _FORMAT.fullmatch(token._raw):
            raise ValueError(
                "A useapi.net token looks like user:1234-abcdefgh: the word user, a colon, a number, a dash, "
                "then letters and digits. Copy all of it."
            )
        return token

    def reveal(self) -> str:
        """The secret itself, for `apps/accounts/crypto.py` only, which encrypts it."""
        return self._raw

    @property
    def last4(self) -> str:
        """The end, for people to tell tokens apart; empty if the token is too short to hide the rest."""
        return self._raw[-4:] if len(self._raw) >= 8 else ""

    @property
    def number(self) -> str:
        """The digits after `user:`, which name the subscription; empty for another provider's token."""
        match = _FORMAT.fullmatch(self._raw)
        return match["number"] if match else ""

    def redact(self, text: str) -> str:
        """`text` without this token, in whatever spelling a remote side may quote it."""
        secret = self._raw.rpartition("-")[2]
        spellings = [self._raw, quote(self._raw, safe=""), quote(self._raw)]
        if len(secret) >= _SHORTEST_SECRET:
            spellings.append(secret)
        for spelling in spellings:
            text = text.replace(spelling, "[token]")
        return text

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self._raw}"
        return r

    def __repr__(self) -> str:
        return f"Token(…{self.last4})"

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        """In constant time. Defining it also makes tokens unhashable, so none ends up as a key somewhere."""
        if not isinstance(other, Token):
            return NotImplemented
        return hmac.compare_digest(self._raw.encode(), other._raw.encode())

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("A token is not copied, pickled or sent in a message.")


class RefreshToken:
    """The secret of a Google session, on its way to POST /accounts: used once, kept nowhere.

    Nothing shows a part of it: no `vars()`, `repr()`, formatting, pickling or copying.
    """

    __slots__ = ("_raw",)

    def __init__(self, raw: str) -> None:
        """Raises ValueError in words for a person, which don't repeat it."""
        found = raw.strip().strip("\"'").strip()
        if len(found) < _SHORTEST_REFRESH_TOKEN:
            raise ValueError("A refresh token has ten characters at least. Copy all of it.")
        if len(found) > _LONGEST_REFRESH_TOKEN or not _VISIBLE_ASCII.fullmatch(found):
            raise ValueError(
                "A refresh token has no spaces, line breaks or accented letters in it. Copy only its value."
            )
        self._raw = found

    @classmethod
    def parse(cls, raw: str) -> RefreshToken:
        """Take what was copied from the browser, with or without the quotes around it."""
        return cls(raw)

    def redact(self, text: str) -> str:
        """`text` without this token: whole, quoted, encoded, or cut off at either end."""
        spelled = json.dumps(self._raw)[1:-1]
        spellings = [json.dumps(spelled)[1:-1], spelled, self._raw.replace("/", "\\/"), self._raw]
        spellings += [quote(self._raw, safe=""), quote(self._raw)]
        for spelling in sorted(spellings, key=len, reverse=True):
            text = text.replace(spelling, _HIDDEN)
        text = _without_starts(text, spellings, _HIDDEN)
        return _without_starts(text[::-1], [each[::-1] for each in spellings], _HIDDEN[::-1])[::-1]

    def __repr__(self) -> str:
        return "RefreshToken(…)"

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("A refresh token is not copied, pickled or sent in a message.")


def _without_starts(text: str, secrets: list[str], hidden: str) -> str:
    """What begins as one of `secrets` does is hidden for as long as it goes on like one."""
    start = re.compile("|".join(re.escape(secret[:_PIECE]) for secret in secrets))
    kept: list[str] = []
    while found := start.search(text):
        rest = text[found.start() :]
        kept += [text[: found.start()], hidden]
        text = rest[max(_alike(rest, secret) for secret in secrets) :]
    return "".join([*kept, text])


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (mine, yours) in pairs if mine != yours), min(len(one), len(other)))


def json_body(params: Mapping[str, Any]) -> bytes:
    """`params` as JSON. A refresh token in it becomes text here and nowhere else.

    Raises ValueError for figures that JSON doesn't know.
    """
    return json.dumps(params, allow_nan=False, default=_secret_text).encode()


def _secret_text(value: object) -> str:
    if isinstance(value, RefreshToken):
        return value._raw
    raise TypeError(f"{type(value).__name__} can't be sent as JSON")
