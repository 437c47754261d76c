"""`{% load sliders %}{% slider field label="Mix" %}`: a number of the edit forms with its slider."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django import template
from django.forms.boundfield import BoundField
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

register = template.Library()

Figure = float | str | None
MOST_KEPT = 256  # of 2 kB


@dataclass(frozen=True)
class Slider:
    """`least`, `most`, `step`, `unit`: of its field (number_fields.Number). `slider_most` and `rest` are of the slider
    alone: its end, and where it stands while the field is empty; `low` and `high` say what its ends mean.
    """

    auto_id: str
    name: str
    least: float
    most: float
    step: float | str
    unit: str
    value: Figure
    label: str
    rest: Figure
    slider_most: Figure
    low: str
    high: str
    errors: tuple[str, ...] = ()


@register.simple_tag
def slider(
    field: BoundField, label: str, rest: Figure = None, most: Figure = None, low: str = "", high: str = ""
) -> SafeString:
    """Of a fresh form they are the same again and again: nine of them in the drawer of effects."""
    number: Any = field.field  # number_fields.Number
    value = field.value()
    said = field.auto_id, field.name, number.least, number.most, number.step, number.unit, value
    beside = label, rest, most, low, high
    is_fresh = not field.form.is_bound and isinstance(value, float | int | str | None)
    return _kept(*said, *beside) if is_fresh else _drawn(*said, *beside, tuple(field.errors))


def _drawn(*said: object) -> SafeString:
    shown = Slider(*said)  # type: ignore[arg-type]  # in their order
    return render_to_string("generation/_edit_number.html", {"slider": shown})


_kept = lru_cache(maxsize=MOST_KEPT, typed=True)(_drawn)  # typed: 1 and 1.0 are written differently
