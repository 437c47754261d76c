"""Times in the reader's own zone: the browser says which one it is in by the cookie `zone` (static/js/theme.js)."""

from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

COOKIE = "zone"


@cache
def _known() -> frozenset[str]:
    """Looked up once: a name that isn't in here never becomes a path on the disk."""
    return frozenset(available_timezones())


def reader_time_zone(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware. A browser that names no zone, or one that is not known here, gets UTC, and is told so."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        name = request.COOKIES.get(COOKIE, "")
        with timezone.override(ZoneInfo(name) if name in _known() else None):
            return get_response(request)

    return answer
