"""`{% load waveform %}{% waveform clip 150 %}`: a take's waveform, drawn on the server, and the ruler below it."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.accounts.templatetags.studio import clock
from apps.library.models import Clip, ClipFile
from apps.library.waveforms import SIZES, drawn, marks

register = template.Library()


@register.simple_tag
def waveform(clip: Clip, size: int = 64) -> SafeString:
    """Decoration: figures beside it say the same. The big size has a second layer, the loudness."""
    if size not in SIZES:
        raise ValueError(f"a waveform has {SIZES} bars, not {size}")
    if clip.peaks is None:
        return format_html('<span class="wave-missing">{}</span>', _why_missing(clip))
    picture = drawn(clip, size)
    paths = format_html('<path d="{}"></path>', picture["path"])
    if size == max(SIZES):
        paths += format_html('<path class="wave-loud" d="{}"></path>', picture["loud"])
    return format_html(
        '<svg class="wave wave-{}" viewBox="0 0 {} {}" preserveAspectRatio="none" '
        'data-clip="{}" aria-hidden="true" focusable="false">{}</svg>',
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
    signs = format_html_join("", '<text x="{}%" y="12">{}</text>', places)
    return format_html('<svg class="ruler" aria-hidden="true" focusable="false">{}</svg>', signs)


def _why_missing(clip: Clip) -> str:
    files = (clip.file(kind) for kind in (ClipFile.Kind.M4A, ClipFile.Kind.MP3))
    if any(file and file.state == ClipFile.State.WANTED for file in files):
        return "The audio is not saved yet"
    return "The audio could not be fetched"
