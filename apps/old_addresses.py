"""Redirects old addresses, which people may have kept, to the new ones: the same request is made there."""

from typing import Any

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.urls import URLPattern, path, reverse


def moved(old_path: str, *, to: str, name: str) -> URLPattern:
    """`to` is the name of the address that took its place, with the same arguments. A POST stays a POST (308)."""

    def redirect(request: HttpRequest, **arguments: Any) -> HttpResponsePermanentRedirect:
        query = request.META.get("QUERY_STRING", "")
        address = reverse(to, kwargs=arguments) + (f"?{query}" if query else "")
        return HttpResponsePermanentRedirect(address, preserve_request=True)

    return path(old_path, redirect, name=name)
