"""The forms of POST /music/edit, one per operation, by the API's own names.

The page is post-flowmusic-music-edit; docs/api.md, points 14-20, says what is read wrongly in it.

What was left as it was is not sent; values are JSON numbers, and a start of 0 is a value.
"""

from typing import Any, ClassVar

from django import forms

from apps.accounts.models import ApiToken, Team, User
from apps.accounts.templatetags.formatting import tenths
from apps.generation.base_forms import MODELS, ONE_OF_THESE, NonceForm, PlainText
from apps.generation.edits.effects import EFFECTS, Effect, field_of
from apps.generation.edits.number_fields import Number, Seconds
from apps.generation.jobs.requests import LYRICS_LIMIT, PROMPT_LIMIT, JobRequest
from apps.library.lyrics_timing import singing
from apps.library.models import Clip

TITLE_LIMIT = 300
LARGEST_SEED = 2**53 - 1  # the largest that every reader of JSON gets whole
EXTEND_S = 150  # by the page, when nothing is said
TOO_LONG = "That is %(show_value)d characters; up to 10,000 can be sent."
SEED = "A seed is a whole number, 0 or more."


def text(limit: int = PROMPT_LIMIT, *, label: str = "", example: str = "", required: str = "") -> PlainText:
    return PlainText(
        label=label,
        help_text=example,
        max_length=limit,
        required=bool(required),
        widget=forms.Textarea,
        error_messages={"required": required, "max_length": TOO_LONG},
    )


def model() -> forms.ChoiceField:
    return forms.ChoiceField(choices=MODELS, required=False, error_messages=ONE_OF_THESE)


class EditForm(NonceForm):
    """What every operation takes. `own` says which of its fields are the operation's own parameters."""

    operation: ClassVar[str]
    heading: ClassVar[str]
    own: tuple[str, ...] = ()
    common: ClassVar[tuple[str, ...]] = ("title", "seed", "model")
    marks: ClassVar[str] = ""  # what is chosen on the waveform: "section", "point" or nothing

    title = PlainText(
        max_length=TITLE_LIMIT,
        required=False,
        error_messages={"max_length": "That is %(show_value)d characters; a title has up to 300."},
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=LARGEST_SEED,
        required=False,
        error_messages=dict.fromkeys(("invalid", "min_value"), SEED)
        | {"max_value": f"The largest seed is {LARGEST_SEED:,}."},
    )

    def __init__(self, *args: Any, team: Team, clip: Clip, **options: Any) -> None:
        super().__init__(*args, team=team, **options)
        self.clip = clip

    @property
    def template(self) -> str:
        return f"generation/_edit_{self.operation}.html"

    @property
    def pay_label(self) -> str:
        """edit-form.js says it with the figures that stand in the fields."""
        return self.operation.capitalize()

    def params(self) -> dict[str, Any]:
        """Of a valid form: those of the API that were chosen."""
        data = self.cleaned_data
        chosen = {name: data.get(name) for name in (*self.own, *self.common)}
        stripped = {
            name: value.strip() if isinstance(value, str) else value for name, value in chosen.items()
        }
        return {"clip": self.clip.clip_id} | {
            name: value for name, value in stripped.items() if value not in (None, "")
        }

    def job_request(self, *, by: User, token: ApiToken) -> JobRequest:
        return JobRequest(
            team=self.team,
            by=by,
            token=token,
            account=self.clip.account,
            operation=self.operation,
            params=self.params(),
            count=1,
            nonce=self.cleaned_data["nonce"],
            source=self.clip,
        )

    def _check_within(self, name: str) -> None:
        """A place in the take, as far as its length is known."""
        at, length = self.cleaned_data.get(name), self.clip.edit_length_s
        if at is not None and length is not None and at > length:
            self.add_error(name, f"The take ends at {tenths(length)}.")

    def _check_section(self, start: str, end: str) -> None:
        for name in (start, end):
            self._check_within(name)
        first, last = self.cleaned_data.get(start), self.cleaned_data.get(end)
        if first is not None and last is not None and last <= first:
            self.add_error(end, "The end has to come after the start.")


class ExtendForm(EditForm):
    operation = "extend"
    heading = "Extend this take"
    own = ("instruction", "extend_s", "extend_from_s")
    marks = "point"

    instruction = text(
        label="What should come next?",
        example="A last chorus with the whole band, then an instrumental outro that thins out.",
        required="Say what should come next: an outro, a last chorus, a solo.",
    )
    extend_s = Number(least=1, most=300, unit=" s", step=1, required=False, initial=EXTEND_S)
    extend_from_s = Seconds(required=False)
    model = model()

    @property
    def adds(self) -> float:
        """`extend_s` is what is added, not the new length (docs/api.md, point 17)."""
        return _cleaned(self, "extend_s") or EXTEND_S

    @property
    def new_length(self) -> float | None:
        """About how long it will be."""
        start = _cleaned(self, "extend_from_s")
        start = self.clip.edit_length_s if start is None else start
        return None if start is None else start + self.adds

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self._check_within("extend_from_s")
        return data


class ReplaceForm(EditForm):
    operation = "replace"
    heading = "Replace this section"
    own = ("instruction", "mask_start_s", "mask_end_s")
    marks = "section"

    instruction = text(
        label="What should happen here?",
        example="Strings come in under the voice. Her voice dry and close, drums half as loud.",
        required="Say what should happen in this section.",
    )
    mask_start_s = Seconds()
    mask_end_s = Seconds()
    model = model()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        start, end = _first_choice(self.clip)
        self.fields["mask_start_s"].initial, self.fields["mask_end_s"].initial = start, end

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self._check_section("mask_start_s", "mask_end_s")
        return data


class CoverForm(EditForm):
    operation = "cover"
    heading = "Cover of this take"
    own = ("instruction", "strength")

    instruction = text(
        label="In which style?",
        example="Lo-fi, a soft electric piano, brushed drums. Left empty, Flow Music decides.",
    )
    strength = Number(least=0, most=1, step=0.05, required=False)
    model = model()


class RemixForm(EditForm):
    operation = "remix"
    heading = "Remix with other lyrics"
    own = ("lyrics", "prompt")

    lyrics = text(LYRICS_LIMIT, required="Write all of the lyrics.")
    prompt = text(label="Prompt (only to change how it sounds)")
    model = model()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["lyrics"].initial = self.clip.shown_lyrics
        self.fields["prompt"].help_text = self.clip.song.prompt


class EffectForm(EditForm):
    operation = "effect"
    heading = "Effects"
    own: tuple[str, ...] = ("effect",)
    common = ("title", "seed")  # an effect is computed: it takes no model
    marks = "section"  # where it is Trim

    effect = forms.ChoiceField(
        choices=[(name, name) for name in EFFECTS],
        initial="Reverb",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the six effects."} | ONE_OF_THESE,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for effect in EFFECTS.values():
            for control in effect.controls:
                self.fields[control.name] = field_of(control, effect, self.clip.edit_length_s)

    @property
    def groups(self) -> list[tuple[Effect, list[tuple[Any, forms.BoundField]]]]:
        """Each effect with its controls and their fields."""
        return [
            (each, [(control, self[control.name]) for control in each.controls]) for each in EFFECTS.values()
        ]

    @property
    def pay_label(self) -> str:
        return "Apply effect"

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        chosen = EFFECTS.get(data.get("effect", ""))
        self.own = ("effect", *(control.name for control in chosen.controls)) if chosen else ("effect",)
        for name in set(self.errors) & {each.name for effect in EFFECTS.values() for each in effect.controls}:
            if name not in self.own:
                del self.errors[name]  # of an effect that isn't the chosen one
        if chosen:
            self._check_values(chosen, data)
        return data

    def _check_values(self, effect: Effect, data: dict[str, Any]) -> None:
        if effect.name == "Fade":
            if not {"fade_in_s", "fade_out_s"} & set(self.errors) and not (
                data["fade_in_s"] or data["fade_out_s"]
            ):
                self.add_error("fade_out_s", "Fade in, out or both: one of them has to be longer than 0.")
            return
        for control in effect.controls:
            if control.name not in self.errors and data.get(control.name) is None:
                self.add_error(control.name, self.fields[control.name].error_messages["required"])
        if effect.marks:
            self._check_section("start_s", "end_s")


class StemsForm(EditForm):
    operation = "stems"
    heading = "Split into stems"
    common = ("title", "seed")

    @property
    def pay_label(self) -> str:
        return "Split into four stems"


def _first_choice(clip: Clip) -> tuple[float | None, float | None]:
    """Where the selection stands before anybody has chosen: the first chorus, else the first part that is known."""
    spans = [(part.name, part.span) for part in singing(clip).parts if part.span]
    chorus = next(
        (span for name, span in spans if "chorus" in name.lower() and "pre" not in name.lower()), None
    )
    found = chorus or (spans[0][1] if spans else None)
    length = clip.edit_length_s
    if found:
        return found.start, min(found.end, length) if length else found.end
    return (0, min(10.0, length)) if length else (None, None)


def _cleaned(form: EditForm, name: str) -> Any:
    """What stands in a field, valid or None: for what the page says about it."""
    try:
        return form.fields[name].clean(form[name].value())
    except forms.ValidationError:
        return None


FORMS: dict[str, type[EditForm]] = {
    each.operation: each for each in (ReplaceForm, ExtendForm, CoverForm, RemixForm, EffectForm, StemsForm)
}
