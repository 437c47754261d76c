"""The parameters of POST /music/edit, checked as the page says (post-flowmusic-music-edit).

As strict as music_form: a parameter that the operation doesn't take, a null and an empty string are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.sandbox.clips import CLIP_ID
from apps.sandbox.operations import fields
from apps.sandbox.responses import refuse

Range = tuple[float, float | None]
# By operation: what is required, and what may be given beside it.
OPERATIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "effect": (("effect",), ()),
    "extend": (("instruction",), ("extend_s", "extend_from_s", "model")),
    "replace": (("instruction", "mask_start_s", "mask_end_s"), ("model",)),
    "cover": ((), ("instruction", "strength", "model")),
    "remix": (("lyrics",), ("prompt", "model")),
    "stems": ((), ()),
}
EFFECTS: dict[str, dict[str, Range]] = {
    "Trim": {"start_s": (0, None), "end_s": (0, None)},
    "Fade": {"fade_in_s": (0, None), "fade_out_s": (0, None)},
    "Gain": {"gain_db": (-30, 30)},
    "Reverb": {"mix": (0, 1), "room_size": (0, 1)},
    "Pan": {"pan": (-1, 1)},
    "Equalizer": {"bass_db": (-12, 12), "mid_db": (-12, 12), "treble_db": (-12, 12)},
}
SCALARS = {name for effect in EFFECTS.values() for name in effect}
NUMBERS: dict[str, Range] = {
    "extend_s": (1, 300),
    "extend_from_s": (0, None),
    "mask_start_s": (0, None),
    "mask_end_s": (0, None),
    "strength": (0, 1),
}
COMMON = ("operation", "clip", "seed", "title", "mode", "replyUrl", "replyRef")
TEXTS = fields.TEXTS | {
    "title": 1024,
    **dict.fromkeys(("instruction", "lyrics", "prompt"), fields.LONGEST_TEXT),
}
LARGEST_SEED = 2**53


@dataclass(frozen=True)
class EditFields:
    """`email` and `uuid` are in the clip's id."""

    operation: str
    number: str
    email: str
    uuid: str
    mode: str
    reply_url: str | None
    reference: str


def parse(form: dict[str, Any]) -> EditFields:
    """Refuses with 400 and the name of the parameter."""
    operation = form.get("operation")
    if operation in (None, ""):
        raise refuse(400, "Parameter operation is required")
    fields.check_choice("operation", operation, OPERATIONS)
    found = CLIP_ID.fullmatch(str(form.get("clip", "")))
    if not form.get("clip"):
        raise refuse(400, "Parameter clip is required")
    if not found:
        raise refuse(400, "Parameter clip not a valid clip ID")
    _check_own(str(operation), form)
    return EditFields(
        operation=str(operation),
        number=found["number"],
        email=found["email"],
        uuid=found["uuid"],
        mode=form.get("mode", "sync"),
        reply_url=form.get("replyUrl"),
        reference=form.get("replyRef", ""),
    )


def _check_own(operation: str, form: dict[str, Any]) -> None:
    required, optional = OPERATIONS[operation]
    for name in required:
        if form.get(name) in (None, ""):
            raise refuse(400, f"{name} required for operation={operation}")
    for name, value in form.items():
        _check(operation, name, value, (*COMMON, *required, *optional))
    if operation == "effect":
        _check_effect(form)
    if operation == "replace" and form["mask_end_s"] <= form["mask_start_s"]:
        raise refuse(400, "Parameter mask_end_s must be greater than mask_start_s")


def _check(operation: str, name: str, value: object, known: tuple[str, ...]) -> None:
    if operation == "effect" and name in SCALARS:
        return  # Checked with its effect; those of other effects are ignored.
    if name not in known:
        raise refuse(400, f"Parameter {name} not supported for operation={operation}")
    if name in NUMBERS:
        fields.check_number(name, value, *NUMBERS[name])
    elif name == "seed":
        fields.check_whole(name, value, 0, LARGEST_SEED)
    elif name == "effect":
        fields.check_choice(name, value, EFFECTS)
    elif name in fields.CHOICES:
        fields.check_choice(name, value, fields.CHOICES[name])
    elif name in TEXTS:
        fields.check_text(name, value, TEXTS[name])


def _check_effect(form: dict[str, Any]) -> None:
    effect = form["effect"]
    for name, span in EFFECTS[effect].items():
        if name in form:
            fields.check_number(name, form[name], *span)
        elif effect != "Fade":
            raise refuse(400, f"{name} required for effect={effect}")
    if effect == "Fade" and not (form.get("fade_in_s") or form.get("fade_out_s")):
        raise refuse(400, "fade_in_s or fade_out_s must be greater than 0 for effect=Fade")
    if effect == "Trim" and form["end_s"] <= form["start_s"]:
        raise refuse(400, "Parameter end_s must be greater than start_s")


def check_times(form: dict[str, Any], duration: float) -> None:
    """What must lie within the clip, once that is known."""
    names = {"effect": ("end_s",), "replace": ("mask_end_s",), "extend": ("extend_from_s",)}
    if form["operation"] == "effect" and form["effect"] != "Trim":
        return
    for name in names.get(form["operation"], ()):
        if name in form and form[name] > duration:
            raise refuse(400, f"Parameter {name} ({form[name]}) exceeds the clip's duration ({duration})")
