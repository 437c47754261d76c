"""The page of one take, and the menu of its row."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from apps.accounts.permissions import TeamRequest, team_view
from apps.library import clip_page
from apps.library.models import Clip
from apps.library.redirects import came_from


@require_safe
# Or a browser could take the part that closes a tool out of its cache for the page.
@vary_on_headers("HX-Request", "HX-Boosted")
@team_view(needs="see")
def clip(request: TeamRequest, clip_id: UUID) -> HttpResponse:
    """One take beside the others of its song, its lyrics in time, what is stored of it, and what can be made of it.

    HTMX asks for it where a tool is closed, and gets only what changes by that.
    """
    template = "library/_tool_closed.html" if request.wants_partial else "library/clip.html"
    return TemplateResponse(request, template, clip_page.page_of(request.membership, clip_id))


@require_safe
@vary_on_headers("HX-Request", "HX-Boosted")
@team_view(needs="see")
def menu(request: TeamRequest, clip_id: UUID) -> HttpResponse:
    """What can be done with a take. Rows have it fetched when their menu is opened; without scripts it is a page."""
    takes = Clip.objects.for_team(request.team).live().select_related("song")
    take = get_object_or_404(takes.prefetch_related("files", "song__takes__files"), pk=clip_id)
    if request.wants_partial:
        return TemplateResponse(request, "library/_take_menu.html", {"clip": take})
    there = came_from(request) or reverse("library")
    context = {"clip": take, "next": there, "after": f"?{urlencode({'next': there})}"}
    return TemplateResponse(request, "library/clip_menu.html", context)
