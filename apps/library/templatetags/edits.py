"""`{% load edits %}`: how an edit relates to the take that it was made from, and its settings, in words."""

from typing import Any
from uuid import UUID

from django import template
from django.template import Context

from apps.library.lineage import edit_labels
from apps.library.lineage.edit_labels import Detail
from apps.library.models import Clip

register = template.Library()

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
def chain_page_of(context: Context, clip: Clip) -> str:
    """The address at which the edits that led to the take are applied to another one."""
    return context["studio"].chain_page_of(clip)
