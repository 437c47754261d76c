"""The song form: every parameter of POST /music that a person chooses, under the API's own names.

Limits and values are those of the page post-flowmusic-music; `words` is ours and chooses between `lyrics`,
`ghostwriter` and `instrumental`, which exclude each other.
"""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from apps.accounts.name_field import NameField
from apps.generation.base_forms import MODELS, ONE_OF_THESE, Choice, PlainText
from apps.generation.jobs.requests import LYRICS_LIMIT, PROMPT_LIMIT, JobRequest
from apps.generation.models.presets import NAME_LIMIT
from apps.generation.references import fields
from apps.generation.references.fields import ReferenceForm

MOST_SONGS = 20

LYRICS_SOURCES = [("own", "My own"), ("ghostwriter", "Ghostwriter"), ("instrumental", "Instrumental")]
GHOSTWRITERS = [("", "Flow Music decides"), ("standard", "Standard"), ("pro", "Pro")]


class SongForm(ReferenceForm):
    prompt = PlainText(
        max_length=PROMPT_LIMIT,
        widget=forms.Textarea,
        help_text="Style, mood, instruments, tempo, voice. Slow disco with a brushed snare and upright bass, "
        "a tired female voice, 96 bpm.",
        error_messages={
            "required": "Say how it should sound: a style, a mood, instruments, a tempo.",
            "max_length": "That is %(show_value)d characters; Flow Music takes up to 10,000.",
        },
    )
    words = forms.ChoiceField(
        choices=LYRICS_SOURCES, required=False, widget=forms.RadioSelect, error_messages=ONE_OF_THESE
    )
    lyrics = PlainText(
        max_length=LYRICS_LIMIT,
        required=False,
        widget=forms.Textarea,
        help_text="[Verse]\nWrite or paste the lyrics here.\n\n"
        "Left empty, Flow Music decides from the prompt whether somebody sings.",
        error_messages={"max_length": "That is %(show_value)d characters; Flow Music takes up to 10,000."},
    )
    instrumental = forms.BooleanField(required=False)
    ghostwriter = forms.ChoiceField(choices=GHOSTWRITERS, required=False, error_messages=ONE_OF_THESE)
    model = forms.ChoiceField(choices=MODELS, required=False, widget=Choice, error_messages=ONE_OF_THESE)
    count = forms.IntegerField(
        min_value=1,
        max_value=MOST_SONGS,
        initial=1,
        error_messages={
            "required": "Say how many songs, from 1 to 20.",
            "invalid": "Say how many songs, from 1 to 20.",
            "min_value": "Create at least 1 song.",
            "max_value": "Up to 20 songs at a time.",
        },
    )

    part = forms.IntegerField(required=False, min_value=1)  # only so many of them, for which there is room

    @property
    def songs(self) -> int:
        """For how many songs the page names a price: what stands in the field, as far as it is a number of songs."""
        try:
            return int(self.fields["count"].clean(self["count"].value()))
        except forms.ValidationError:
            return 1

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self._choose_lyrics_source(data)
        if data.get("part") and data.get("count"):
            data["count"] = min(data["part"], data["count"])
        return data

    def _choose_lyrics_source(self, data: dict[str, Any]) -> None:
        """`words` decides; a form without it says the same by what it carries."""
        lyrics, instrumental = data.get("lyrics", "").strip(), data.get("instrumental")
        if not data.get("words"):
            if lyrics and instrumental:
                self.add_error("instrumental", "Own lyrics or instrumental: choose one.")
            data["words"] = "instrumental" if instrumental else "own" if lyrics else "ghostwriter"

    def job_request(self) -> JobRequest:
        """The valid form as a request; optionals that were not chosen are left out."""
        data = self.cleaned_data
        return JobRequest(
            team=self.team,
            by=self.user,
            token=data["token"],
            account=data["account"],
            operation="music",
            params=self._params(data),
            count=data["count"],
            nonce=data["nonce"],
        )

    @staticmethod
    def _params(data: dict[str, Any]) -> dict[str, Any]:
        params: dict[str, Any] = {"prompt": data["prompt"].strip()}
        if data["words"] == "instrumental":
            params["instrumental"] = True
        elif data["words"] == "own" and data["lyrics"].strip():
            params["lyrics"] = data["lyrics"].strip()
        elif data["ghostwriter"]:
            params["ghostwriter"] = data["ghostwriter"]
        if data["model"]:
            params["model"] = data["model"]
        return params | data["references"]


class NameForm(forms.Form):
    """The name of a preset."""

    name = NameField(
        max_length=NAME_LIMIT,
        error_messages={
            "required": "Give it a name.",
            "max_length": "That is %(show_value)d characters; a name can have up to 60.",
        },
    )


class PresetForm(NameForm):
    """A name, and the fields of the song form that are kept under it."""

    prompt = PlainText(
        max_length=PROMPT_LIMIT,
        required=False,
        error_messages={
            "max_length": "The prompt has %(show_value)d characters; up to 10,000 can be saved. Shorten it first."
        },
    )
    words = forms.ChoiceField(choices=LYRICS_SOURCES, required=False)
    lyrics = PlainText(
        max_length=LYRICS_LIMIT,
        required=False,
        error_messages={
            "max_length": "The lyrics have %(show_value)d characters; up to 10,000 can be saved. Shorten them first."
        },
    )
    ghostwriter = forms.ChoiceField(choices=GHOSTWRITERS, required=False)
    model = forms.ChoiceField(choices=MODELS, required=False)
    email = forms.CharField(max_length=254, required=False)
    count = forms.IntegerField(
        min_value=1,
        max_value=MOST_SONGS,
        required=False,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), "Songs: say how many, from 1 to 20."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in fields.NAMES:
            self.fields[name] = forms.CharField(max_length=400, required=False)

    @property
    def carried(self) -> list[BoundField]:
        """What the page that asks for the name carries along."""
        return [field for field in self if field.name != "name" and field.value()]

    @property
    def unfit(self) -> list[str]:
        """What is wrong with anything but the name."""
        return [str(words) for name, found in self.errors.items() if name != "name" for words in found]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not any(self.data.get(name) for name in ("prompt", "lyrics", "ghostwriter", "model", "email")):
            self.add_error(None, "There is nothing in the form yet to save.")
        return data
