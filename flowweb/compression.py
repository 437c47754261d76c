"""Pages are compressed on their way to the browser; audio, covers and downloads go as they are."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

COMPRESSED = ("text/html", "application/json")


class CompressedPages(GZipMiddleware):
    """Only text: of a compressed song no part could be asked for, and its length would not be known.

    What BREACH needs is not there: Django masks the CSRF token anew each time and varies the length.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not response.headers.get("Content-Type", "").startswith(COMPRESSED):
            return response
        compressed: HttpResponseBase = super().process_response(request, response)
        return compressed
