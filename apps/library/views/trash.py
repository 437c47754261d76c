"""The trash: what is in it and for how long; restoring, or deleting for good."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.permissions import TeamRequest, ask_again, team_view
from apps.library.curation import trash, undo
from apps.library.models import Clip
from apps.library.models.clips import ClipQuerySet
from apps.library.redirects import back
from apps.library.search.song_list import Cursor


@require_safe
@team_view(needs="see")
def show(request: TeamRequest) -> HttpResponseBase:
    page = trash.page_of(request.team, request.GET.get("before", ""))
    return TemplateResponse(request, "library/trash.html", {"page": page, "days": trash.RESTORABLE_FOR.days})


@require_POST
@team_view(needs="create")
def restore(request: TeamRequest, clip_id: UUID) -> HttpResponseBase:
    take = _find(request, clip_id)
    if trash.restore(request.team, _only(take), by=request.user):
        messages.success(request, f"{take} is back in the library.")
    return back(request, "trash")


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def erase(request: TeamRequest, clip_id: UUID) -> HttpResponseBase:
    """GET says what is lost. Nothing but what is in the trash can be erased."""
    take = get_object_or_404(
        Clip.objects.for_team(request.team).in_trash().select_related("song"), pk=clip_id
    )
    if request.method != "POST":
        return TemplateResponse(request, "library/erase.html", {"clip": take})
    ask_again(request)
    words = str(take)
    if trash.erase(request.team, _only(take), by=request.user):
        messages.success(request, f"{words} was deleted for good.")
    return redirect("trash")


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def empty(request: TeamRequest) -> HttpResponseBase:
    """GET says how many takes are lost; POST with its `until`: what somebody deletes meanwhile stays in the trash."""
    if request.method != "POST":
        context = {
            "count": Clip.objects.for_team(request.team).in_trash().count(),
            "until": trash.newest(request.team),
        }
        return TemplateResponse(request, "library/trash_empty.html", context)
    ask_again(request)
    until = Cursor.parse(request.POST.get("until", ""))
    if until is None:
        return redirect("trash-empty")
    count = trash.empty(request.team, until=until.created_at, by=request.user)
    messages.success(request, f"{undo.takes(count)} deleted for good.")
    return redirect("trash")


def _find(request: TeamRequest, clip_id: UUID) -> Clip:
    return get_object_or_404(Clip.objects.for_team(request.team).select_related("song"), pk=clip_id)


def _only(take: Clip) -> ClipQuerySet:
    return Clip.objects.filter(pk=take.pk)
