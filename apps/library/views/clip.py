"""The page of one take."""

from uuid import UUID

from django.db.models import Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from apps.accounts.access import TeamRequest, allows, team_view
from apps.accounts.models import Team
from apps.library import family
from apps.library.kept import kept
from apps.library.models import Clip, ClipFile, Song
from apps.library.singing import singing


@require_safe
@team_view(needs="see")
def clip(request: TeamRequest, clip_id: UUID) -> HttpResponse:
    """One take beside the others of its wish, its words in time, and what is kept of it."""
    take = get_object_or_404(Clip.objects.for_team(request.team).only("pk", "song_id"), pk=clip_id)
    song = _song_around(request.team, take)
    shown = next(each for each in song.takes.all() if each.pk == take.pk)
    files = kept(shown)
    context = {
        "song": song,
        "clip": shown,
        "singing": singing(shown),
        "kept": files,
        "downloads": [file for file in files if file.download_url and file.kind in ClipFile.AUDIO],
        "collections": list(shown.collections.all()),
        "family": family.near(family.of_take(request.team, shown)),
        "may_retry": allows(request.membership.rights, "create"),
    }
    return TemplateResponse(request, "library/clip.html", context)


def _song_around(team: Team, take: Clip) -> Song:
    """With its takes, this one also out of the bin, and with the job that asked for it, if one did."""
    takes = Clip.objects.for_pages().filter(Q(deleted_at=None) | Q(pk=take.pk), erased_at=None)
    songs = Song.objects.for_team(team).select_related("asked_by", "job__token__owner")
    return songs.prefetch_related(Prefetch("takes", takes)).get(pk=take.song_id)
