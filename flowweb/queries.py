"""What stands behind the `?` of an address, for whoever asks the database with it."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase


def without_nul(get_response: Callable[[HttpRequest], HttpResponseBase]) -> object:
    """Nobody types the sign NUL, and Postgres takes no text with it: it is left out. Fields of forms refuse it."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        request.META["QUERY_STRING"] = request.META.get("QUERY_STRING", "").replace("%00", "")
        return get_response(request)

    return answer
