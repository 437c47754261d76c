"""Where the request that is being answered comes from: network address and browser. Outside of requests: from nowhere.

AccountMiddleware of allauth remembers the request for as long as it is answered, in this thread alone.
"""

from allauth.account.adapter import get_adapter
from allauth.core import context
from django.core.exceptions import PermissionDenied

LONGEST_BROWSER = 200


def address() -> str | None:
    """None in a worker, in a command, and where a proxy doesn't say."""
    request = context.request
    if request is None:
        return None
    try:
        found: str = get_adapter().get_client_ip(request)
    except (PermissionDenied, ValueError):
        return None
    return found


def browser() -> str:
    """As the browser calls itself, "" where there is none. Anybody's words, so without signs that don't print."""
    request = context.request
    text = request.headers.get("User-Agent", "") if request else ""
    return "".join(sign for sign in text if sign.isprintable())[:LONGEST_BROWSER]
