"""`{% load edits %}`: how an edit relates to the take that it was made from, and its settings, in words."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from apps.library.lineage import edit_labels
from apps.library.lineage.edit_labels import Detail
from apps.library.models import Clip

register = template.Library()

TOOLS = ("replace", "extend", "cover", "remix", "effect", "stems")
MOST_KEPT = 256  # rows of tools, of 3 kB
TEXTS = {"How", "Sound"}  # which the pages show by themselves


@register.filter
def relation(made: Any) -> str:
    """Of a song or a job: `Cover of`, before the name of its source."""
    return edit_labels.relation(made.operation, made.params)


@register.filter
def details(made: Any) -> list[Detail]:
    """Of a song or a job: the figures that were chosen."""
    return [each for each in edit_labels.details(made.operation, made.params) if each.name not in TEXTS]


@register.simple_tag(takes_context=True)
def edit_page_of(context: Context, clip_id: UUID, operation: str) -> str:
    """The address of the form of that edit of the take."""
    return context["studio"].edit_page_of(clip_id, operation)


@register.simple_tag(takes_context=True)
def edit_tools(context: Context, clip_id: UUID, tool: str = "") -> SafeString:
    """The links to the forms of its edits; `tool` is the one that is open."""
    page_of = context["studio"].edit_page_of
    return _tool_links(tuple(page_of(clip_id, operation) for operation in TOOLS), tool)


@lru_cache(maxsize=MOST_KEPT)
def _tool_links(pages: tuple[str, ...], tool: str) -> SafeString:
    said = {"pages": dict(zip(TOOLS, pages, strict=True)), "tool": tool}
    return SafeString(render_to_string("library/_tool_links.html", said))


@register.simple_tag(takes_context=True)
def chain_page_of(context: Context, clip: Clip) -> str:
    """The address at which the edits that led to the take are applied to another one."""
    return context["studio"].chain_page_of(clip)
