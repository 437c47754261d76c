"""Checks that the parameters of several pages share; each refuses with 400 and the name of the parameter."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from apps.sandbox.responses import refuse

LONGEST_TEXT = 10_000
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
TEXTS = {"email": 254, "replyUrl": 2048, "replyRef": 1024}
CHOICES: dict[str, tuple[str, ...]] = {"mode": ("sync", "async"), "model": ("lyria-3.5", "lyria-3-pro")}


def check_text(name: str, value: object, longest: int) -> None:
    if not isinstance(value, str) or not value.strip():
        raise refuse(400, f"Parameter {name} must be a non-empty string")
    if len(value) > longest:
        raise refuse(400, f"Parameter {name} is too long, maximum length is {longest} characters")
    if name == "email" and not EMAIL.fullmatch(value):
        raise refuse(400, f"Parameter email ({value}) not a valid email")
    if name == "replyUrl" and not re.match(r"https?://", value):
        raise refuse(400, "Parameter replyUrl not a valid URL")


def check_texts(form: dict[str, Any], longest: Mapping[str, int]) -> None:
    """All of the form, if it has texts alone and needs `prompt`."""
    if form.get("prompt") in (None, ""):
        raise refuse(400, "Parameter prompt is required")
    for name, value in form.items():
        if name not in longest:
            raise refuse(400, f"Parameter {name} not supported")
        check_text(name, value, longest[name])


def check_choice(name: str, value: object, choices: Iterable[str]) -> None:
    if value not in tuple(choices):
        raise refuse(400, f"Parameter {name} ({value}) not supported. Valid values: {', '.join(choices)}")


def check_number(name: str, value: object, least: float, most: float | None) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise refuse(400, f"Parameter {name} ({value}) must be a number")
    if value < least or (most is not None and value > most):
        span = f"{least:g} to {most:g}" if most is not None else f"at least {least:g}"
        raise refuse(400, f"Parameter {name} ({value}) not supported. Valid values: {span}")


def check_whole(name: str, value: object, least: int, most: int) -> None:
    if not isinstance(value, int):
        raise refuse(400, f"Parameter {name} ({value}) must be an integer")
    check_number(name, value, least, most)
