"""What travels compressed: pages do, audio doesn't."""

from collections.abc import Callable

import pytest
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory

from flowweb.compression import CompressedPages

CASES: dict[str, tuple[Callable[[], HttpResponseBase], bool]] = {
    "a page": (lambda: HttpResponse("la " * 1000), True),
    "a waveform": (lambda: HttpResponse("[1,1]" * 1000, content_type="application/json"), True),
    "a song": (lambda: HttpResponse(b"la " * 1000, content_type="audio/mp4"), False),
    "a song as a file": (
        lambda: FileResponse(iter([b"la " * 1000]), content_type="audio/mpeg"),
        False,
    ),
    "nothing new": (lambda: HttpResponse(status=204), False),
}


@pytest.mark.parametrize("name", CASES)
def test_only_text_is_compressed(name: str) -> None:
    make, expected = CASES[name]
    request = RequestFactory(headers={"Accept-Encoding": "gzip, br"}).get("/")

    response = CompressedPages(lambda _: make())(request)

    assert (response.headers.get("Content-Encoding") == "gzip") == expected


@pytest.mark.django_db
def test_the_site_compresses_for_browsers_that_ask_for_it() -> None:
    assert "Content-Encoding" not in Client().get("/auth/login/").headers
    response = Client(headers={"Accept-Encoding": "gzip"}).get("/auth/login/")
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["Vary"]
