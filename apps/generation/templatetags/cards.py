"""What a job's card is found by."""

from collections.abc import Iterable

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from apps.generation.job_pages import shared_panel
from apps.generation.job_pages.cards import Card

register = template.Library()


@register.simple_tag
def card_attributes(card: Card) -> str:
    """In this order and on one line, as docs/design.md, section 7 says, however templates are laid out."""
    tone = format_html(' data-tone="{}"', card.tone) if card.tone else ""
    return format_html('data-job="{}" data-state="{}" data-kind="{}"{}', card.id, card.state, card.kind, tone)


def _hidden(token: object) -> str:
    """As {% csrf_token %} writes it."""
    return format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', token)


_PLACE = _hidden(shared_panel.CSRF)


@register.filter
def for_reader(cards: Iterable[str], csrf_token: object = "") -> SafeString:
    """Rendered cards with their reader's CSRF token in the forms. What only HTMX asks for needs none there: app.js
    sends the page's.
    """
    own = _hidden(csrf_token) if csrf_token else ""
    return mark_safe("".join(cards).replace(_PLACE, own))  # noqa: S308 - rendered by a template
