"""All versions of a take: every edit with its parameters, and what remixes changed in the lyrics."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from apps.accounts.permissions import TeamRequest, team_view
from apps.library.lineage import lineage
from apps.library.models import Clip


@require_safe
@team_view(needs="see")
def versions(request: TeamRequest, clip_id: UUID) -> HttpResponse:
    takes = Clip.objects.for_team(request.team).select_related("song")
    take = get_object_or_404(takes, pk=clip_id)
    context = {
        "clip": take,
        "song": take.song,
        "lineage": lineage.of_take(request.team, take, with_lyrics=True),
    }
    return TemplateResponse(request, "library/versions.html", context)
