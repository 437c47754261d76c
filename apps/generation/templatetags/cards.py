"""What a job's card is found by."""

from django import template
from django.utils.html import format_html

from apps.generation.job_pages.cards import Card

register = template.Library()


@register.simple_tag
def card_attributes(card: Card) -> str:
    """In this order and on one line, as docs/design.md, section 7 says, however templates are laid out."""
    tone = format_html(' data-tone="{}"', card.tone) if card.tone else ""
    return format_html('data-job="{}" data-state="{}" data-kind="{}"{}', card.id, card.state, card.kind, tone)
