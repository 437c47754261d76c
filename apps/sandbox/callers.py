"""Who is calling: the tokens that the sandbox knows.

A token is `user:<number>-<letters and digits>` and is known if its second part has "sandbox" in it; the word
right behind it may choose the accounts that the subscription begins with. Every number is a subscription of its
own, and so is every such choice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.sandbox.responses import refuse

TOKEN = re.compile(r"user:(?P<number>[0-9]{1,18})-[A-Za-z0-9]*sandbox(?P<kind>empty|error|poor)?[A-Za-z0-9]*")
UNSUBSCRIBED = "402"


@dataclass(frozen=True)
class Caller:
    """`number` is the one in the token and in every id; `kind` is "", "empty", "error" or "poor"."""

    number: str
    kind: str

    @property
    def tenant(self) -> str:
        """Key of everything that this subscription owns."""
        return f"{self.number}-{self.kind}" if self.kind else self.number


def number_in(authorization: str | None) -> str | None:
    """The number in the token, for the log of requests; also of tokens that are refused."""
    found = re.match(r"Bearer user:([0-9]{1,18})-", authorization or "")
    return found[1] if found else None


def identify(authorization: str | None) -> Caller:
    """The caller behind an Authorization header; refuses an unknown token (401) and a lapsed subscription (402)."""
    scheme, _, token = (authorization or "").partition(" ")
    found = TOKEN.fullmatch(token)
    if scheme.lower() != "bearer" or not found:
        raise refuse(401, "Unauthorized")
    if found["number"] == UNSUBSCRIBED:
        raise refuse(402, "Account has no subscription. Subscribe at https://useapi.net/docs/subscription")
    return Caller(found["number"], found["kind"] or "")
