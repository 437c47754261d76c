"""Where a form leads back to: the page on which it stood."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.library.input_names import InvalidInput


def came_from(request: HttpRequest) -> str:
    """Path and query of the page of this site that says "next" or that the request comes from; "" for none."""
    for address in (
        request.POST.get("next", ""),
        request.GET.get("next", ""),
        request.headers.get("Referer", ""),
    ):
        if url_has_allowed_host_and_scheme(address, {request.get_host()}):
            parts = urlsplit(address)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            # Asked once more, of the path alone: a browser takes `//` and `/\` at its start for another site.
            if (
                path.startswith("/")
                and url_has_allowed_host_and_scheme(path, None)
                and parts.path != request.path
            ):
                return path
    return ""


def back(request: HttpRequest, otherwise: str | Model, *, at: str = "") -> HttpResponseRedirect:
    """To where one was. `at`: the id of what was changed, so that a page loaded anew shows it."""
    place = came_from(request) or resolve_url(otherwise)
    return HttpResponseRedirect(place + (f"#{at}" if at else ""))


def with_typed(
    request: HttpRequest, template: str, context: dict[str, Any], error: InvalidInput, field: str
) -> TemplateResponse:
    """The page with the form once more, `problem` beside the field and in it what was `typed`."""
    context = context | {"problem": str(error), "typed": request.POST.get(field, "")}
    return TemplateResponse(request, template, context, status=422)


def refused(request: HttpRequest, error: InvalidInput, otherwise: str | Model) -> HttpResponseRedirect:
    messages.error(request, str(error))
    return back(request, otherwise)
