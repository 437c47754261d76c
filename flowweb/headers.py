"""What every answer tells the browser: keep no page of a signed-in person, and allow nothing that isn't used."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

PERMISSIONS = (
    "accelerometer camera display-capture geolocation gyroscope magnetometer microphone midi payment usb"
)
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in PERMISSIONS.split())


class Headers:
    """What says itself how long it may be kept, such as audio, covers and static files, is left alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        # Other sites can't show or play what is here. The store's links lead to its own host, which answers for itself.
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if "Cache-Control" not in response.headers and _is_signed_in(request):
            response.headers["Cache-Control"] = "private, no-store"
        return response


def _is_signed_in(request: HttpRequest) -> bool:
    """Static files are answered before it is known who asks."""
    return hasattr(request, "user") and request.user.is_authenticated
