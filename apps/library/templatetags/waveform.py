"""`{% load waveform %}{% waveform clip 150 %}`: a take's waveform, drawn on the server, and the ruler below it."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.accounts.templatetags.formatting import clock
from apps.library.lyrics_timing import VOICE, Singing, Span
from apps.library.models import Clip, ClipFile
from apps.library.playback.waveforms import LAYERED, SIZES, SMALL, drawn, letters, marks

register = template.Library()

# What a name takes of a waveform that is as wide as on a small desktop: 7 of 860 px a letter.
LETTER_SHARE, PAD_SHARE = 0.0082, 0.018
TO_COME = "The waveform comes when the take is saved"
BOX = '<rect class="part" x="{}%" width="{}%" height="100%" rx="6" data-from="{}" data-to="{}"></rect>'
NAME = '<svg class="part-name{}" x="{}%" width="{}%" data-from="{}" data-to="{}"><text x="9" y="16">{}</text></svg>'


@register.simple_tag
def waveform(clip: Clip, size: int = 64) -> SafeString:
    """Decoration: figures beside it say the same. The big ones have a second layer, the loudness; the small ones are
    drawn by player/bars.js, and coloured by the data-clip of the row that they stand in.
    """
    if size not in SIZES:
        raise ValueError(f"a waveform has {SIZES} bars, not {size}")
    if clip.peaks is None:
        return _missing(clip, size)
    if size == SMALL:
        return format_html('<svg class="wave" data-bars="{}"></svg>', letters(clip))
    picture = drawn(clip, size)
    paths = format_html('<path d="{}"/>', picture["path"])
    if size in LAYERED:
        paths += format_html('<path class="wave-loud" d="{}"/>', picture["loud"])
    return format_html(
        '<svg class="wave wave-{}" viewBox="0 0 {} {}" preserveAspectRatio="none" '
        'data-clip="{}" aria-hidden="true">{}</svg>',
        size,
        picture["width"],
        picture["height"],
        clip.pk,
        paths,
    )


@register.simple_tag
def ruler(seconds: float | None) -> SafeString:
    """Times under a big waveform, at percentages of its width; none while the length isn't known."""
    places = ((f"{percent:.2f}", clock(at)) for at, percent in marks(seconds))
    signs = format_html_join(
        "", '<svg x="{}%"><line y2="5"></line><text x="4" y="13">{}</text></svg>', places
    )
    return format_html('<svg class="ruler" aria-hidden="true" focusable="false">{}</svg>', signs)


@register.simple_tag
def song_parts(singing: Singing, seconds: float) -> SafeString:
    """The sections over a big waveform, the names in front; where only the singing is known, marks without a name."""
    if singing.known == VOICE:
        parts = [(span, "") for span in singing.spans]
    else:
        parts = [(part.span, part.name) for part in singing.parts if part.span]
    if not parts:
        return SafeString("")
    boxes = format_html_join("", BOX, (_place(span, seconds) for span, _ in parts))
    names = [(_narrow(span, name, seconds), *_place(span, seconds), name) for span, name in parts if name]
    kind = "parts parts-voice" if singing.known == VOICE else "parts"
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false">{}{}</svg>',
        kind,
        boxes,
        format_html_join("", NAME, names),
    )


def _place(span: Span, seconds: float) -> tuple[str, str, str, str]:
    """Left edge and width in percent, start and end in seconds."""
    start, width = 100 * span.start / seconds, 100 * (span.end - span.start) / seconds
    return f"{start:.2f}", f"{width:.2f}", f"{span.start:.2f}", f"{span.end:.2f}"


def _narrow(span: Span, name: str, seconds: float) -> str:
    """A name that would be cut is only shown while it is sung (clip.css)."""
    is_cut = len(name) * LETTER_SHARE + PAD_SHARE > (span.end - span.start) / seconds
    return " part-narrow" if is_cut else ""


def _missing(clip: Clip, size: int) -> SafeString:
    """While a take that plays is being saved, the small ones are a quiet box: nothing is wrong."""
    if clip.is_playable and not clip.is_saved:
        text = TO_COME if size in LAYERED else ""
        return format_html('<span class="wave-missing wave-to-come" title="{}">{}</span>', TO_COME, text)
    return format_html('<span class="wave-missing">{}</span>', _why_missing(clip))


def _why_missing(clip: Clip) -> str:
    files = (clip.file(kind) for kind in (ClipFile.Kind.M4A, ClipFile.Kind.MP3))
    if any(file and file.state == ClipFile.State.WANTED for file in files):
        return "The audio is not saved yet"
    return "The audio could not be fetched"
