"""Built in to every template (settings.TEMPLATES): `{% icon "play-fill" 24 title="Play" %}`.

A page has hundreds of them, so one that says all in the template is drawn once, and each is as short as can be: 16 px,
which most have, is said by the sheet (css/flowweb.css).
"""

from typing import Any

from django import template
from django.template import Context, Node, TemplateSyntaxError
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.once import once

register = template.Library()

ICONS = "icons.svg"  # flowweb/bundles.py
USUAL = 16


def icon(name: str, size: int = USUAL, title: str = "") -> SafeString:
    """One picture of the sprite. Without a title it is decoration: the words beside it say what it means."""
    measure = "" if size == USUAL else format_html(' width="{0}" height="{0}"', size)
    link = f"{static(ICONS)}#{name}"
    if not title:
        return format_html('<svg class="icon"{} aria-hidden="true"><use href="{}"/></svg>', measure, link)
    return format_html(
        '<svg class="icon"{} role="img"><title>{}</title><use href="{}"/></svg>', measure, title, link
    )


known_icon = once(icon)


class IconNode(Node):
    """What is a literal in the template is looked up; a name that comes with the page is drawn for the page."""

    def __init__(self, name: FilterExpression, rest: dict[str, FilterExpression]) -> None:
        self.arguments = {"name": name} | rest
        self.is_known = all(map(_is_literal, self.arguments.values()))
        self.known = self._resolve(Context()) if self.is_known else {}

    def render(self, context: Context) -> SafeString:
        return known_icon(**self.known) if self.is_known else icon(**self._resolve(context))

    def _resolve(self, context: Context) -> dict[str, Any]:
        return {name: each.resolve(context) for name, each in self.arguments.items()}


def _is_literal(said: FilterExpression) -> bool:
    return not said.filters and (not said.is_var or said.var.lookups is None)


@register.tag("icon")
def compile_icon(parser: Parser, token: Token) -> IconNode:
    _, *bits = token.split_contents()
    plain = [parser.compile_filter(bit) for bit in bits if "=" not in bit.partition('"')[0]]
    named = token_kwargs([bit for bit in bits if "=" in bit.partition('"')[0]], parser)
    if not 1 <= len(plain) <= 3 or len(plain) + len(named) > 3:
        raise TemplateSyntaxError('an icon is said as {% icon "key" 20 title="Tokens" %}')
    return IconNode(plain[0], dict(zip(("size", "title"), plain[1:], strict=False)) | named)
