"""The remote side's ids: text that holds an e-mail address, which may itself hold `-` and `+`.

    job    job:<uuid>-user:<number>-<email>-bot:flowmusic
    clip   user:<number>-<email>-clip:<uuid>
    file   user:<number>-<email>-image:<uuid>, …-audio:<uuid>

It is read from its fixed ends inwards, never split on `-` (docs/api.md, point 10).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

_OWNER = re.compile(r"user:(?P<number>[0-9]+)-(?P<email>[^\s:]+@[^\s:]+)")
_ASSET = re.compile(_OWNER.pattern + r"-(?P<kind>clip|image|audio):[^\s:]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class JobId:
    """A job, the account that it runs on (`email`) and the subscription that it was sent under
    (`user_number`).
    """

    user_number: str
    email: str
    uuid: str
    bot: str = "flowmusic"

    @classmethod
    def parse(cls, text: str) -> JobId:
        """Raises ValueError for anything but a job id."""
        rest, _, bot = text.rpartition("-bot:")
        head, _, tail = rest.partition("-user:")
        owner = _OWNER.fullmatch(f"user:{tail}")
        uuid = head.removeprefix("job:")
        if not owner or not re.fullmatch(r"[\w-]+", bot) or uuid == head or not _UUID.fullmatch(uuid):
            raise ValueError("This is not the id of a job.")
        return cls(user_number=owner["number"], email=owner["email"], uuid=uuid, bot=bot)

    def __str__(self) -> str:
        return f"job:{self.uuid}-user:{self.user_number}-{self.email}-bot:{self.bot}"


def account_of_clip(text: str) -> str:
    """The e-mail of the account that a clip is on; "" if its id doesn't say."""
    owner = _OWNER.fullmatch(text.rpartition("-clip:")[0])
    return owner["email"] if owner else ""


def account_of_asset(text: str) -> str:
    """The e-mail of the account that a clip, a picture or an audio file is on; "" if its id doesn't say."""
    found = _ASSET.fullmatch(text)
    return found["email"] if found else ""


def kind_of_asset(text: str) -> str:
    """clip, image or audio; "" if the id doesn't say."""
    found = _ASSET.fullmatch(text)
    return found["kind"] if found else ""


def quote_segment(value: str) -> str:
    """`value` as one segment of a path, percent-encoded once.

    Raises ValueError for what would change the path.
    """
    if value in ("", ".", ".."):
        raise ValueError("This can't be part of an address.")
    return quote(value, safe="")
