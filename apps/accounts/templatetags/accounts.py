from django import template
from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts import account_sync

register = template.Library()

register.filter("mending", account_sync.mending)


@register.filter
def own_page(address: str | None) -> str:
    """An address that came with the request, if it is one of this site; else the way to the songs."""
    return address if address and url_has_allowed_host_and_scheme(address, allowed_hosts=None) else "/"
