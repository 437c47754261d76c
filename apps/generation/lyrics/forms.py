"""The forms for lyrics: what they are written from, and the editor."""

from typing import Any

from django import forms

from apps.generation.base_forms import PaidForm, PlainText
from apps.generation.jobs.requests import LYRICS_LIMIT, PROMPT_LIMIT

# post-flowmusic-music-lyrics
IDEA_LIMIT = STRUCTURE_LIMIT = 2_000
TITLE_LIMIT = 300


class LyricsForm(PaidForm):
    """Every parameter of POST /music/lyrics."""

    operation = "lyrics"
    payer_label = "Sent with"
    payer_missing = "Add an API token first: writing lyrics needs one, though it is normally free."

    prompt = PlainText(
        max_length=IDEA_LIMIT,
        error_messages={
            "required": "Say what the song is about: a person, a place, a night, a feeling.",
            "max_length": "That is %(show_value)d characters; Flow Music takes up to 2,000 here.",
        },
    )
    structure = PlainText(
        max_length=STRUCTURE_LIMIT,
        required=False,
        error_messages={
            "max_length": "That is %(show_value)d characters; Flow Music takes up to 2,000 here."
        },
    )

    @property
    def params(self) -> dict[str, Any]:
        """Of the valid form; what was left empty is left out."""
        asked = {name: self.cleaned_data[name].strip() for name in ("prompt", "structure")}
        return {name: text for name, text in asked.items() if text}


def _too_long(limit: str) -> dict[str, str]:
    return {"max_length": f"That is %(show_value)d characters; up to {limit} can be saved."}


class VersionForm(forms.Form):
    """The editor. `version` is the one that was opened in it, `newest` the newest one at that time."""

    title = forms.CharField(max_length=TITLE_LIMIT, required=False, error_messages=_too_long("300"))
    lyrics = PlainText(
        max_length=LYRICS_LIMIT, required=False, strip=False, error_messages=_too_long("10,000")
    )
    sound_prompt = PlainText(
        max_length=PROMPT_LIMIT, required=False, strip=False, error_messages=_too_long("10,000")
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
    newest = forms.IntegerField(widget=forms.HiddenInput)
