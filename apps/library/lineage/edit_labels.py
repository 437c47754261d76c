"""What an edit did to a take, in a musician's terms: from the parameters of the API (post-flowmusic-music-edit)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.accounts.templatetags.formatting import clock
from apps.library.models import Song

ADDED_S = 150  # what extend adds when it isn't said
SHORT = 60  # characters of an instruction in a line

NAMES = {
    "music": "Song",
    "effect": "Effect",
    "extend": "Extend",
    "replace": "Replace",
    "cover": "Cover",
    "remix": "Remix",
    Song.STEMS: "Stems",
    Song.IMPORT: "Imported",
}
# What an edit is to the take that it was made of, before that one's name.
OF = {
    "effect": "Effect on",
    "extend": "Extended from",
    "replace": "Part replaced in",
    "cover": "Cover of",
    "remix": "Remix of",
    Song.STEMS: "Stems of",
}
# What the pages of the API call them: what people do, and in what it is measured.
FIELDS = {
    "effect": ("Effect", ""),
    "gain_db": ("Gain", "dB"),
    "mix": ("Mix", "%"),
    "room_size": ("Room", "%"),
    "pan": ("Pan", "pan"),
    "bass_db": ("Bass", "dB"),
    "mid_db": ("Middle", "dB"),
    "treble_db": ("Treble", "dB"),
    "fade_in_s": ("Fade in", "s"),
    "fade_out_s": ("Fade out", "s"),
    "start_s": ("From", "at"),
    "end_s": ("To", "at"),
    "extend_from_s": ("From", "at"),
    "extend_s": ("Adds", "s"),
    "mask_start_s": ("From", "at"),
    "mask_end_s": ("To", "at"),
    "strength": ("Strength", "%"),
    "instruction": ("How", ""),
    "prompt": ("Sound", ""),
    "seed": ("Seed", ""),
    "model": ("Model", ""),
    "title": ("Title", ""),
}
OURS = {"clip", "lyrics", "operation"}  # the source; lyrics are shown as what was changed in them


@dataclass(frozen=True)
class Detail:
    name: str
    value: str


def label(operation: str, params: Mapping[str, Any]) -> str:
    """A line: "Extend, 30 s: an instrumental outro"."""
    what = "".join([NAMES.get(operation, operation.capitalize()), *_where(operation, params)])
    how = " ".join(str(params.get("instruction") or "").split())
    if len(how) > SHORT:
        how = how[:SHORT].rsplit(" ", 1)[0].rstrip(",.;:") + "…"
    if not how:
        return what
    return f"{what}, {how}" if what in NAMES.values() else f"{what}: {how}"


def relation(operation: str, params: Mapping[str, Any]) -> str:
    """`Cover of`, `Reverb on`: what goes before the name of its source; "" for what is no edit."""
    if operation == "effect" and params.get("effect"):
        return f"{params['effect']} on"
    return OF.get(operation, "")


def _where(operation: str, params: Mapping[str, Any]) -> Iterator[str]:
    match operation:
        case "effect" if params.get("effect"):
            yield f", {str(params['effect']).lower()}"
        case "extend":
            yield f", {_figure(params.get('extend_s', ADDED_S))} s"
            if params.get("extend_from_s") is not None:
                yield f" from {clock(params['extend_from_s'])}"
        case "replace":
            yield f" {clock(params.get('mask_start_s'))}–{clock(params.get('mask_end_s'))}"
        case "remix":
            yield ", new lyrics"


def details(operation: str, params: Mapping[str, Any]) -> list[Detail]:
    """Every parameter that was chosen, but the lyrics."""
    shown = dict(params)
    if operation == "extend":
        shown.setdefault("extend_s", ADDED_S)
    known = [name for name in FIELDS if name in shown]
    others = [name for name in shown if name not in FIELDS and name not in OURS]
    return [
        Detail(*_detail(name, shown[name])) for name in (*known, *others) if shown[name] not in (None, "")
    ]


def beside_label(operation: str, params: Mapping[str, Any]) -> list[Detail]:
    """The details for a place where the label stands, too: what it says whole isn't said again."""
    is_said = len(" ".join(str(params.get("instruction") or "").split())) <= SHORT
    shown = {name: value for name, value in params.items() if name != "instruction" or not is_said}
    return details(operation, shown)


def _detail(name: str, value: Any) -> tuple[str, str]:
    title, unit = FIELDS.get(name, (name, ""))
    if not isinstance(value, int | float) or isinstance(value, bool):
        return title, str(value)
    match unit:
        case "%":
            return title, f"{_figure(value * 100)} %"
        case "dB":
            return title, f"{'+' if value > 0 else ''}{_figure(value)} dB".replace("-", "−")
        case "s":
            return title, f"{_figure(value)} s"
        case "at":
            return title, clock(value)
        case "pan":
            side = "left" if value < 0 else "right"
            return title, f"{_figure(abs(value) * 100)} % {side}" if value else "middle"
    return title, _figure(value)


def _figure(value: Any) -> str:
    return f"{float(value):.2f}".rstrip("0").rstrip(".") if isinstance(value, int | float) else str(value)
