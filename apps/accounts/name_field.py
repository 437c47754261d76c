from typing import Any

from django import forms

from apps.one_line import clean


class NameField(forms.CharField):
    """A name that people see of each other: one line, without signs that hide or turn what stands beside them."""

    def to_python(self, value: Any) -> str:
        return clean(super().to_python(value) or "")
