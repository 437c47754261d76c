"""The page of one take."""

from uuid import UUID

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from apps.accounts.permissions import TeamRequest, team_view
from apps.library import clip_page


@require_safe
@team_view(needs="see")
def clip(request: TeamRequest, clip_id: UUID) -> HttpResponse:
    """One take beside the others of its song, its lyrics in time, what is stored of it, and what can be made of it."""
    return TemplateResponse(request, "library/clip.html", clip_page.page_of(request.membership, clip_id))
