"""What a person says of themself: `name` and `time_zone`."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.accounts.models import User
from apps.accounts.name_field import NameField
from apps.once import once


@once
def zones() -> list[tuple[str, str]]:
    """Those that people know by a city; what is left out are old names and offsets."""
    cities = [zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")]
    return [
        ("", "As the browser says"),
        ("UTC", "UTC"),
        *((zone, zone.replace("_", " ")) for zone in sorted(cities)),
    ]


@once
def _options() -> str:
    return format_html_join("\n", '<option value="{}">{}</option>', zones())


class ZoneSelect(forms.Select):
    """Django's own would draw each of 500 options by a template, which takes longer than the rest of the page."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        attributes = format_html_join("", ' {}="{}"', (attrs or {}).items())
        chosen = format_html('<option value="{}"', value or "")
        options = mark_safe(_options().replace(chosen, f"{chosen} selected", 1))  # noqa: S308  # escaped above
        return format_html('<select name="{}"{}>{}</select>', name, attributes, options)


def zone_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=zones,
        required=False,
        label="Time zone",
        widget=ZoneSelect,
        error_messages={"invalid_choice": "This time zone is not known. Choose one from the list."},
    )


class ProfileForm(forms.ModelForm):
    name = NameField(label="Name", help_text="What your teammates see.", max_length=80, required=False)
    time_zone = zone_field()

    class Meta:
        model = User
        fields = ("name", "time_zone")
