"""Numbers as people type them into the forms: places in a song, and figures in a range."""

import re
from math import isfinite
from typing import Any

from django import forms

from apps.accounts.templatetags.formatting import tenths

A_DAY_S = 86_400

_TIME = re.compile(r"(?:(?P<minutes>\d{1,3}):)?(?P<seconds>\d{1,5}(?:\.\d{1,3})?)")


class Seconds(forms.Field):
    """A place in a song, as 1:12.4, 72.4 or 72,4: a number, whole where it can be. 0 is a value."""

    default_error_messages = {
        "required": "Enter a time such as 0:48.2 or 48.2.",
        "invalid": "Enter a time such as 0:48.2 or 48.2.",
    }
    widget = forms.TextInput

    def to_python(self, value: Any) -> float | int | None:
        text = str(value if value is not None else "").strip().replace(",", ".")
        if not text:
            return None
        found = _TIME.fullmatch(text)
        if not found or (found["minutes"] and float(found["seconds"]) >= 60):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return number(int(found["minutes"] or 0) * 60 + float(found["seconds"]))

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else tenths(value)


class Number(forms.FloatField):
    """A number in a range, whole where it can be; says the range when it is left."""

    def __init__(
        self, *, least: float, most: float, unit: str = "", step: float | None = None, **options: Any
    ) -> None:
        self.least, self.most, self.unit, self.step = least, most, unit, step or "any"
        said = f"Enter a number from {least:g} to {most:g}{unit}."
        options["error_messages"] = dict.fromkeys(("required", "invalid", "min_value", "max_value"), said)
        super().__init__(min_value=least, max_value=most, **options)

    def to_python(self, value: Any) -> Any:
        found = super().to_python(str(value).replace(",", ".") if isinstance(value, str) else value)
        return found if found is None or not isfinite(found) else number(found)


def number(value: float) -> float | int:
    """As JSON should have it: 8 rather than 8.0, and no more than thousandths."""
    rounded = round(value, 3)
    return int(rounded) if rounded == int(rounded) else rounded
