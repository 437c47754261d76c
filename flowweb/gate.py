"""What every request must be before anything else reads it: asked of this site's own name, and readable.

Links, reset mails and rate limits rest on one name for the site, so that no other spelling of it is answered.
"""

import codecs
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest, DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import resolve, reverse

from apps.pace import for_a_request

# Load balancers ask by address, or by a name of their own.
PROBES = {"/healthz", "/readyz"}
MEGABYTE = 1024 * 1024
# Of a form. The one address that takes files refuses what is larger than a file by itself, and counts who is slow in
# sending it all the same (apps/transfers.py); what nobody sends by mistake is not read there either.
LARGEST_FORM, LARGEST_UPLOAD, TAKES_FILES = 2 * MEGABYTE, 64 * MEGABYTE, "file-upload"
UTF_8 = "utf-8"


class Gate:
    """The first of all middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in PROBES:
            with for_a_request():
                answer: HttpResponseBase = resolve(request.path_info).func(request)
            return answer
        _check_host(request)
        _check_encoding(request)
        largest = LARGEST_UPLOAD if request.path_info == reverse(TAKES_FILES) else LARGEST_FORM
        if _length(request) > largest:
            return HttpResponse(render_to_string("413.html"), status=413)
        return self.get_response(request)


def _check_host(request: HttpRequest) -> None:
    if request.get_host() not in settings.SITE_HOSTS:
        raise DisallowedHost(f"Host {request.get_host()[:100]!r} is not the name of this site")


def _check_encoding(request: HttpRequest) -> None:
    """Forms of this site are in UTF-8. Python knows encodings that are none, such as hex, and some that hide signs."""
    named = (request.content_params or {}).get("charset", UTF_8)
    try:
        encoding = codecs.lookup(named).name
    except (LookupError, ValueError):
        encoding = ""
    if encoding not in {UTF_8, "ascii"}:
        raise BadRequest(f"charset {named[:40]!r} is not read here")


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
