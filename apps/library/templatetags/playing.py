"""`{% load playing %}{% play_data clip %}`: what the one player has to know of a take."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.library.models import Clip

register = template.Library()

PLAYS = (
    'href="{}" data-play{} data-src="{}" data-cover="{}" '
    'data-clip="{}" data-title="{}" data-letter="{}" data-tone="{}" data-duration="{}" data-gain="{}" data-other="{}"'
)
REMOTE = SafeString(' data-remote="yes"')


@register.simple_tag
def play_data(clip: Clip) -> SafeString:
    """The attributes of a link that plays a playable take, where player.js reads them. It leads to the mp3, or where
    there is none to the m4a; the other addresses are below the take's own page, where that file is.
    """
    page, other = clip.get_absolute_url(), clip.other
    return format_html(
        PLAYS,
        clip.sound_url,
        "" if clip.is_saved else REMOTE,
        clip.m4a_source.removeprefix(page),
        clip.thumb_url.removeprefix(page),
        clip.pk,
        clip.shown_title,
        clip.letter,
        clip.song.tone,
        "" if clip.duration_s is None else clip.duration_s,
        f"{clip.gain_db:.1f}",
        other.pk if other else "",
    )
