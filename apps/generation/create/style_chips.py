"""Words that the style chips of the song form put into the prompt."""

from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from apps.once import once


@dataclass(frozen=True)
class Style:
    """`one`: a song has one of these, so that another choice takes the place of the first."""

    key: str
    label: str
    choices: tuple[str, ...]
    one: bool = False


STYLES = (
    Style(
        "genre",
        "Genre",
        (
            "slow disco",
            "dream pop",
            "bossa nova",
            "lo-fi hip hop",
            "folk rock",
            "drum and bass",
            "soul",
            "waltz",
        ),
    ),
    Style(
        "tempo",
        "Tempo",
        ("60 bpm", "75 bpm", "84 bpm", "96 bpm", "112 bpm", "124 bpm", "140 bpm", "174 bpm"),
        one=True,
    ),
    Style(
        "key",
        "Key",
        ("C major", "D major", "F major", "G major", "A minor", "C minor", "D minor", "E minor"),
        one=True,
    ),
    Style(
        "mood",
        "Mood",
        ("warm and unhurried", "bright", "tender", "restless", "melancholy", "playful", "dark", "triumphant"),
    ),
    Style(
        "instruments",
        "Instruments",
        (
            "brushed drums",
            "upright bass",
            "Rhodes",
            "acoustic guitar",
            "string quartet",
            "muted trumpet",
            "analogue synths",
            "drum machine",
        ),
    ),
    Style(
        "voice",
        "Voice",
        (
            "a close female voice",
            "a low male voice",
            "a soft double-tracked voice",
            "a choir",
            "a duet",
            "a whispering voice",
            "a raw, shouting voice",
        ),
        one=True,
    ),
)


@once
def html() -> SafeString:
    """The row of chips, and what each of them opens."""
    return render_to_string("generation/_style_chips.html", {"styles": STYLES})
