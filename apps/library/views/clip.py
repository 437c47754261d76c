"""The page of one take."""

from uuid import UUID

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from apps.accounts.permissions import TeamRequest, team_view
from apps.library import clip_page


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
