"""The six effects of POST /music/edit: what each can be set to, by the API's names (post-flowmusic-music-edit)."""

from dataclasses import dataclass

from django import forms

from apps.generation.edits.number_fields import A_DAY_S, Number, Seconds

FADE_MOST_S = 30


@dataclass(frozen=True, kw_only=True)
class Control:
    """One number of an effect. `most` None: up to the length of the take. `start`: what a fresh form has."""

    name: str
    label: str
    least: float = 0
    most: float | None = 1
    step: float = 0.01
    unit: str = ""
    start: float | None = None
    ends: tuple[str, str] = ("", "")  # what the ends of the slider mean

    @property
    def slider_most(self) -> float:
        """Where its slider ends; the field takes what the take is long."""
        return FADE_MOST_S if self.most is None else self.most


@dataclass(frozen=True, kw_only=True)
class Effect:
    """`marks`: its numbers are places in the take, chosen on the waveform."""

    name: str
    words: str
    controls: tuple[Control, ...]
    marks: bool = False


def _db(name: str, label: str, most: float, start: float) -> Control:
    return Control(name=name, label=label, least=-most, most=most, step=0.5, unit=" dB", start=start)


EFFECTS = {
    effect.name: effect
    for effect in (
        Effect(
            name="Trim",
            words="Cuts off everything before and after one part of the take.",
            controls=(
                Control(name="start_s", label="From", most=None, step=0.1, start=0),
                Control(name="end_s", label="To", most=None, step=0.1),
            ),
            marks=True,
        ),
        Effect(
            name="Fade",
            words="Comes in softly, goes out softly, or both. One of them has to be longer than 0.",
            controls=(
                Control(name="fade_in_s", label="Fade in", most=None, step=0.1, unit=" s", start=0),
                Control(name="fade_out_s", label="Fade out", most=None, step=0.1, unit=" s", start=4),
            ),
        ),
        Effect(name="Gain", words="Louder or softer as a whole.", controls=(_db("gain_db", "Gain", 30, 3),)),
        Effect(
            name="Reverb",
            words="The room around it.",
            controls=(
                Control(name="mix", label="Mix", start=0.3, ends=("dry", "wet")),
                Control(name="room_size", label="Room size", start=0.5, ends=("small", "large")),
            ),
        ),
        Effect(
            name="Pan",
            words="To the left or to the right.",
            controls=(Control(name="pan", label="Pan", least=-1, start=0, ends=("left", "right")),),
        ),
        Effect(
            name="Equalizer",
            words="Lows, middle and highs, each louder or softer.",
            controls=(
                _db("bass_db", "Bass", 12, 0),
                _db("mid_db", "Middle", 12, 0),
                _db("treble_db", "Treble", 12, 0),
            ),
        ),
    )
}


def field_of(control: Control, effect: Effect, length: float | None) -> forms.Field:
    """Of a form, for one number of an effect of a take of that length."""
    if effect.marks:
        start = length if control.name == "end_s" else control.start
        return Seconds(required=False, initial=start, label=control.label)
    most = (length or A_DAY_S) if control.most is None else control.most
    return Number(
        least=control.least,
        most=most,
        unit=control.unit,
        step=control.step,
        required=False,
        initial=control.start,
        label=control.label,
    )
