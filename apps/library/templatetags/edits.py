"""`{% load edits %}`: what an edit is to the take that it was made of, and what was asked for, in words."""

from typing import Any

from django import template

from apps.library.lineage import edit_labels
from apps.library.lineage.edit_labels import Detail

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
