"""Built in to every template (settings.TEMPLATES): `{% url %}` as Django's, without asking the table each time."""

from uuid import UUID

from django import template
from django.template import Context, defaulttags
from django.template.base import Parser, Token
from django.urls import NoReverseMatch
from django.utils.safestring import SafeString

from apps.addresses import address

register = template.Library()


class AddressNode(defaulttags.URLNode):
    """Of a page, or of rows by their ids. For all else, and for what isn't in the table, Django's own."""

    def render(self, context: Context) -> str:
        name = self.view_name.resolve(context)
        ids = [each.resolve(context) for each in self.args]
        if self.kwargs or not all(isinstance(each, UUID) for each in ids):
            return super().render(context)
        try:
            found = SafeString(address(name, *ids))  # of the table and of ids: there is nothing to escape
        except NoReverseMatch:
            return super().render(context)
        if self.asvar is None:
            return found
        context[self.asvar] = found
        return ""


@register.tag
def url(parser: Parser, token: Token) -> AddressNode:
    """`{% url "clip" clip.pk %}`"""
    node = defaulttags.url(parser, token)
    return AddressNode(node.view_name, node.args, node.kwargs, node.asvar)
