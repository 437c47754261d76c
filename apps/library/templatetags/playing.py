"""`{% load playing %}{% play_data clip %}`: what the one player has to know of a take."""

from collections.abc import Iterable, Iterator

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.library.models import Clip

register = template.Library()

Said = tuple[str, object]
USUAL = {"src": "audio.m4a", "cover": "thumb.webp"}  # not said; "" says that there is none


@register.simple_tag
def play_data(clip: Clip, row: Iterable[Clip] = ()) -> SafeString:
    """The attributes of a link that plays a playable take, where player.js reads them. It leads to the mp3, or where
    there is none to the m4a; the other addresses are below the take's own page, where that file is.

    `row`: the takes that a row of the library shows. What the row says for them (library/_song.html), and which of them
    is the other one, isn't said again.
    """
    takes = list(row)
    said = [*_of_take(clip), *(_beside(clip, takes) if takes else _alone(clip))]
    return format_html('href="{}" data-play{}', clip.sound_url, format_html_join("", ' data-{}="{}"', said))


def _of_take(clip: Clip) -> Iterator[Said]:
    page = clip.get_absolute_url()
    if not clip.is_saved:
        yield "remote", "yes"
    for name, address in (("src", clip.m4a_source), ("cover", clip.thumb_url)):
        if (file := address.removeprefix(page)) != USUAL[name]:
            yield name, file
    yield "letter", clip.letter
    if clip.gain_db:
        yield "gain", f"{clip.gain_db:.1f}"


def _alone(clip: Clip) -> Iterator[Said]:
    yield "clip", clip.pk
    yield "title", clip.shown_title
    yield "tone", clip.song.tone
    yield "duration", "" if clip.duration_s is None else clip.duration_s
    if other := clip.other:
        yield "other", other.pk


def _beside(clip: Clip, takes: list[Clip]) -> Iterator[Said]:
    if clip.shown_title != takes[0].shown_title:
        yield "title", clip.shown_title
    other, seen = clip.other, next((take for take in takes if take != clip and take.is_playable), None)
    if other != seen:
        yield "other", other.pk if other else ""
