"""The parameters of POST /music, checked as the page says (post-flowmusic-music).

Stricter than the page in one point: a parameter that it doesn't name, a null and an empty string are refused, so
that a client that sends them is found out here and not at the real API.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from apps.sandbox.operations import fields
from apps.sandbox.responses import refuse

CHOICES = fields.CHOICES | {"ghostwriter": ("standard", "pro")}
REFERENCE = re.compile(r"ref(?P<kind>Image|Audio)(10|[1-9])")
ASSET = re.compile(r"user:(?P<number>\d+)-(?P<email>.+)-(?P<kind>image|audio|clip):[0-9a-f-]{36}")
TEXTS = fields.TEXTS | {"prompt": fields.LONGEST_TEXT, "lyrics": fields.LONGEST_TEXT}


@dataclass(frozen=True)
class MusicForm:
    """`email` is the account that has to make the song: the given one, that of the references, or None for any."""

    prompt: str
    email: str | None
    mode: str
    reply_url: str | None
    reference: str


def parse(form: dict[str, Any], number: str) -> MusicForm:
    """Refuses with 400 and the name of the parameter."""
    if form.get("prompt") in (None, ""):
        raise refuse(400, "Parameter prompt is required")
    for name, value in form.items():
        _check(name, value)
    return MusicForm(
        prompt=form["prompt"],
        email=_account(form, number),
        mode=form.get("mode", "sync"),
        reply_url=form.get("replyUrl"),
        reference=form.get("replyRef", ""),
    )


def _check(name: str, value: object) -> None:
    if name == "instrumental":
        if not isinstance(value, bool):
            raise refuse(400, f"Parameter instrumental ({value}) not supported. Valid values: true, false")
    elif name in CHOICES:
        fields.check_choice(name, value, CHOICES[name])
    elif name in TEXTS:
        fields.check_text(name, value, TEXTS[name])
    elif REFERENCE.fullmatch(name):
        _check_reference(name, value)
    else:
        raise refuse(400, f"Parameter {name} not supported")


def _check_reference(name: str, value: object) -> None:
    found = ASSET.fullmatch(value) if isinstance(value, str) else None
    wanted = "image" if "Image" in name else "audio"
    if not found or found["kind"] != wanted:
        raise refuse(400, f"Parameter {name} not a valid {wanted} asset ID")


def _account(form: dict[str, Any], number: str) -> str | None:
    """References are tied to the account that they were uploaded to."""
    assets = [ASSET.fullmatch(str(value)) for name, value in form.items() if REFERENCE.fullmatch(name)]
    owners = {(asset["number"], asset["email"]) for asset in assets if asset}
    email: str | None = form.get("email")
    if not owners:
        return email
    if len(owners) > 1:
        raise refuse(400, "All references must be from the same account")
    owner_number, owner_email = owners.pop()
    if owner_number != number or email not in (None, owner_email):
        raise refuse(
            400, f"References belong to account {owner_email}, parameter email must be the same account"
        )
    return owner_email
