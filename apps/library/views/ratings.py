"""What people say of takes: favourites, ratings, tags, names; and undoing it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.permissions import TeamRequest, team_view
from apps.library import song_names
from apps.library.curation import ratings, undo
from apps.library.curation import tags as curation_tags
from apps.library.input_names import InvalidInput
from apps.library.models import BEST, Clip, Song
from apps.library.redirects import back, came_from, with_typed


@require_POST
@team_view(needs="see")
def favourite(request: TeamRequest, clip_id: UUID) -> HttpResponseBase:
    """`on`: 1 or 0."""
    take = _find(request, clip_id)
    ratings.mark_favourite(take, request.user, request.POST.get("on") == "1")
    return _control(request, take, "favourite")


@require_POST
@team_view(needs="see")
def rating(request: TeamRequest, clip_id: UUID) -> HttpResponseBase:
    """`rating`: 1 to 5; 0 takes them back."""
    take = _find(request, clip_id)
    given = request.POST.get("rating", "")
    if given not in {str(each) for each in range(BEST + 1)}:
        return HttpResponse("A rating is 1 to 5 stars; 0 is none.", status=422, content_type="text/plain")
    ratings.rate(take, request.user, int(given))
    return _control(request, take, "rating")


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def tags(request: TeamRequest, clip_id: UUID) -> HttpResponseBase:
    """POST with `add`, tags with commas between, or with `remove`, one tag."""
    take = _find(request, clip_id)
    if request.method != "POST":
        return TemplateResponse(request, "library/tags.html", {"clip": take, "next": came_from(request)})
    problem = _change_tags(request, take)
    context: dict[str, object] = {"clip": _find(request, clip_id), "problem": problem}
    context["typed"] = request.POST.get("add", "") if problem else ""
    if request.wants_partial:
        return TemplateResponse(request, "library/_tags.html", context | {"is_answer": True})
    if problem:
        context["next"] = came_from(request)
        return TemplateResponse(request, "library/tags.html", context, status=422)
    return back(request, take, at=f"tags-{take.pk}")


def _change_tags(request: TeamRequest, take: Clip) -> str:
    """Says what was wrong with it; "" when it is done."""
    only = Clip.objects.for_team(request.team).filter(pk=take.pk)
    try:
        if gone := curation_tags.parse(request.POST.get("remove", "")):
            taken = curation_tags.remove(request.team, only, gone)
            for name in taken:
                undo.undoable(request, f"“{name}” removed from {take}.", "untag", taken=taken)
        elif names := curation_tags.parse(request.POST.get("add", "")):
            curation_tags.add(request.team, only, names)
        else:
            return "Write a tag first. Separate several with commas."
    except InvalidInput as error:
        return str(error)
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def rename(request: TeamRequest, song_id: UUID) -> HttpResponseBase:
    """An empty `name` gives the song its title back."""
    song = get_object_or_404(Song.objects.for_team(request.team).with_takes(), pk=song_id)
    context = {"song": song, "next": came_from(request) or reverse("library")}
    if request.method != "POST":
        return TemplateResponse(request, "library/rename.html", context)
    try:
        old = song_names.rename(song, request.POST.get("name", ""))
    except InvalidInput as error:
        return with_typed(request, "library/rename.html", context, error, "name")
    if old != song.name:
        words = f"Renamed to “{song.title}”."
        undo.undoable(request, words, "rename", song=str(song.pk), old=old, new=song.name)
    return back(request, "library")


@require_POST
@team_view(needs="create")
def undo_action(request: TeamRequest) -> HttpResponseBase:
    try:
        messages.success(
            request, undo.undo(request.POST.get("token", ""), team=request.team, by=request.user)
        )
    except InvalidInput as error:
        messages.error(request, str(error))
    return back(request, "library")


def _find(request: TeamRequest, clip_id: UUID) -> Clip:
    rows = Clip.objects.for_team(request.team).select_related("song").prefetch_related("ratings", "tags")
    return get_object_or_404(rows, pk=clip_id)


def _control(request: TeamRequest, take: Clip, name: str) -> HttpResponseBase:
    """To HTMX the control alone. `place` tells the same control apart where a page has it twice."""
    place = request.POST.get("place", "")
    place = place if place.isalpha() and len(place) < 20 else ""
    if request.wants_partial:
        context = {"clip": _find(request, take.pk), "place": place}
        return TemplateResponse(request, f"library/_{name}.html", context)
    return back(request, take, at=f"{name}{place}-{take.pk}")
