"""Says on a page which outside service (database, Redis, storage) is not responding, before the visitor gives up."""

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from apps.socket_deadlines import for_a_request

logger = logging.getLogger(__name__)

STORE = "The storage of songs and files is not responding right now. What is in it is safe. Try again in a minute."
REDIS = "The queue of this site is not responding right now. Running songs continue. Try again in a minute."
DATABASE = "The database of this site is not responding right now. Try again in a minute."
SIGN_IN = "Who signs people in for this site is not responding right now. Try again in a minute, or use your password."
# By the package whose error it is: boto3 is loaded only where there is a bucket.
_WORDS = {"botocore": STORE, "boto3": STORE, "redis": REDIS, "kombu": REDIS, "requests": SIGN_IN}


class Outside:
    """Somebody waits for what is done here; what is away is said instead of "something broke"."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with for_a_request():
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        words = message_for(exception)
        if not words:
            return None
        logger.error("%s: %s", type(exception).__name__, words)
        headers = {"Retry-After": "60", "Cache-Control": "no-store"}
        if "text/html" not in request.headers.get("Accept", "") or request.headers.get("HX-Request"):
            return HttpResponse(words, status=503, content_type="text/plain; charset=utf-8", headers=headers)
        # Without the request: what a page says of the person and the team may be what is away.
        page = render_to_string("503.html", {"words": words})
        return HttpResponse(page, status=503, headers=headers)


def message_for(exception: BaseException) -> str:
    """ "" for what is nobody's absence."""
    if isinstance(exception, OperationalError | InterfaceError):
        return DATABASE
    packages = (each.__module__.partition(".")[0] for each in type(exception).__mro__)
    return next((_WORDS[package] for package in packages if package in _WORDS), "")
