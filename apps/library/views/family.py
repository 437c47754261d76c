"""The whole family of a take: every edit with its parameters, and what remixes changed in the words."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from apps.accounts.permissions import TeamRequest, team_view
from apps.library.lineage import lineage as families
from apps.library.models import Clip


@require_safe
@team_view(needs="see")
def family(request: TeamRequest, clip_id: UUID) -> HttpResponse:
    takes = Clip.objects.for_team(request.team).select_related("song")
    take = get_object_or_404(takes, pk=clip_id)
    context = {
        "clip": take,
        "song": take.song,
        "family": families.of_take(request.team, take, words=True),
    }
    return TemplateResponse(request, "library/family.html", context)
