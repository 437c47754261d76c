"""The mixer: the stems of a take."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from apps.accounts.permissions import TeamRequest, team_view
from apps.library.lineage import editability
from apps.library.lyrics_timing import singing
from apps.library.models import Clip, Song
from apps.library.playback import stems


@require_safe
@team_view(needs="see")
def mixer(request: TeamRequest, clip_id: UUID) -> HttpResponse:
    """The four tracks of a take side by side; without them, where they come from."""
    takes = Clip.objects.for_team(request.team).select_related("song", "account", "subscription")
    take = get_object_or_404(takes.prefetch_related("files", "song__takes"), pk=clip_id)
    split = stems.of_take(take)
    lanes = stems.lanes(split) if split else []
    playing = [lane for lane in lanes if lane.sources]
    context = {
        "clip": take,
        "song": take.song,
        "lanes": lanes,
        "playing": playing,
        "coming": [lane for lane in lanes if not lane.sources and not lane.clip.deleted_at],
        "duration": max((lane.clip.duration_s or 0 for lane in playing), default=0) or take.duration_s,
        "singing": singing(take),
        # The one that splits it, if one does.
        "uneditable": "" if split else editability.why_not(take),
        "job": None if split else take.edit_jobs.live().filter(operation=Song.STEMS).first(),
    }
    return TemplateResponse(request, "library/stems.html", context)
