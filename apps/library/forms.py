from typing import Any

from django import forms

GIGABYTE = 1024**3


class LimitForm(forms.Form):
    """`gigabytes` that a team may store; empty for as many as there is room for."""

    gigabytes = forms.DecimalField(
        label="Limit in GB",
        help_text="Empty: no limit.",
        required=False,
        min_value=0.1,
        max_value=1_000_000,
        max_digits=9,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={
            "invalid": "Enter a number such as 20 or 2.5, or leave it empty for no limit.",
            "min_value": "The minimum is 0.1 GB.",
            "max_value": "The maximum is 1,000,000 GB; leave it empty for no limit.",
            "max_decimal_places": "At most two decimal places.",
            "max_digits": "The maximum is 1,000,000 GB; leave it empty for no limit.",
        },
    )

    def bytes(self) -> int | None:
        given = self.cleaned_data["gigabytes"]
        return None if given is None else int(given * GIGABYTE)


MOST_OF_A_LIST = 1_000_000
_FIGURE = {
    "invalid": "Enter a whole number, or leave it empty.",
    "max_value": "The maximum is 1,000,000.",
}


class PartForm(forms.Form):
    """A part of an account's list of clips, by the names of get-flowmusic-music.md; empty for all of it."""

    limit = forms.IntegerField(
        label="At most",
        help_text="Empty: all.",
        required=False,
        min_value=1,
        max_value=MOST_OF_A_LIST,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages=_FIGURE | {"min_value": "The minimum is 1; leave it empty for all."},
    )
    offset = forms.IntegerField(
        label="Skip the newest",
        help_text="How many to skip. Empty: none.",
        required=False,
        min_value=0,
        max_value=MOST_OF_A_LIST,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages=_FIGURE | {"min_value": "The minimum is 0."},
    )

    @property
    def chosen(self) -> dict[str, Any]:
        return {"limit": self.cleaned_data["limit"], "offset": self.cleaned_data["offset"] or 0}


def in_gigabytes(limit: int | None) -> dict[str, object]:
    """The initial values for a limit."""
    return {} if limit is None else {"gigabytes": f"{limit / GIGABYTE:.2f}".rstrip("0").rstrip(".")}
