"""`{% load lyrics %}{% lyrics_card clip tool %}`: the lyrics of a take, as a card of its page."""

import json
from functools import lru_cache
from uuid import UUID

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from apps.library.lyrics_timing import singing
from apps.library.models import Clip

register = template.Library()

MOST_KEPT = 128  # of some 10 kB


@register.simple_tag
def lyrics_card(clip: Clip, tool: str = "") -> SafeString:
    """The longest part of the page, which each of the tools shows again. `tool` is the operation that is open."""
    return _drawn(clip.pk, clip.lyrics, json.dumps(clip.lyrics_timing), clip.duration_s, clip.sound_url, tool)


@lru_cache(maxsize=MOST_KEPT)
def _drawn(pk: UUID, lyrics: str, timing: str, duration_s: float | None, sound: str, tool: str) -> SafeString:
    """All that it is made of; nothing in it is a person's own."""
    clip = Clip(pk=pk, lyrics=lyrics, lyrics_timing=json.loads(timing), duration_s=duration_s)
    said = {"clip": clip, "singing": singing(clip), "sound": sound, "tool": tool}
    return SafeString(render_to_string("library/_lyrics.html", said))
