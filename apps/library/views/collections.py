"""Collections: the list of them, and the takes of one in their order."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.permissions import TeamRequest, team_view
from apps.library.curation import collections as curation_collections
from apps.library.curation import undo
from apps.library.input_names import InvalidInput
from apps.library.models import Collection
from apps.library.redirects import back, came_from, with_typed


@require_safe
@team_view(needs="see")
def collections(request: TeamRequest) -> HttpResponseBase:
    found = Collection.objects.for_team(request.team).for_list()
    return TemplateResponse(request, "library/collections.html", {"collections": found})


@require_POST
@team_view(needs="create")
def create(request: TeamRequest) -> HttpResponseBase:
    try:
        made = curation_collections.create(request.team, request.POST.get("name", ""), by=request.user)
    except InvalidInput as error:
        context = {"collections": Collection.objects.for_team(request.team).for_list()}
        return with_typed(request, "library/collections.html", context, error, "name")
    return redirect(made)


@require_safe
@team_view(needs="see")
def collection(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    found = _find(request, pk)
    takes = curation_collections.takes_of(found)
    seconds = sum(take.duration_s or 0 for take in takes)
    context = {"collection": found, "takes": takes, "seconds": seconds}
    return TemplateResponse(request, "library/collection.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def rename(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    found = _find(request, pk)
    context = {"collection": found, "next": came_from(request) or found.get_absolute_url()}
    if request.method != "POST":
        return TemplateResponse(request, "library/collection_rename.html", context)
    old = found.name
    try:
        found.rename(request.POST.get("name", ""))
    except InvalidInput as error:
        return with_typed(request, "library/collection_rename.html", context, error, "name")
    if found.name != old:
        words = f"Renamed to “{found}”."
        data = {"collection": str(found.pk), "old": old, "new": found.name}
        undo.undoable(request, words, "rename-collection", **data)
    return back(request, found)


@require_POST
@team_view(needs="create")
def delete(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """The collection alone; its takes stay in the library."""
    found = _find(request, pk)
    deleted = curation_collections.delete(found, by=request.user)
    undo.undoable(
        request, f"“{found}” was deleted. Its takes are still in the library.", "delete-collection", **deleted
    )
    return redirect("collections")


@require_POST
@team_view(needs="create")
def move(request: TeamRequest, pk: UUID, clip_id: UUID) -> HttpResponseBase:
    """`to`: the place among the takes that are shown, from 0."""
    found, to = _find(request, pk), request.POST.get("to", "")
    before = found.move(clip_id, int(to)) if to.isdecimal() and len(to) < 6 else None
    if before is None:
        messages.error(request, "It could not be moved: the collection has changed since.")
    elif before != int(to):
        words = f"Moved to position {int(to) + 1}."
        data = {"collection": str(found.pk), "clip": str(clip_id), "place": before}
        undo.undoable(request, words, "move", **data)
    return back(request, found, at=f"item-{clip_id}")


@require_POST
@team_view(needs="create")
def remove(request: TeamRequest, pk: UUID, clip_id: UUID) -> HttpResponseBase:
    """From the collection; the take stays in the library."""
    found = _find(request, pk)
    place = found.remove(clip_id)
    if place is not None:
        data = {"collection": str(found.pk), "clip": str(clip_id), "place": place}
        undo.undoable(request, f"Removed from “{found}”.", "uncollect", **data)
    return back(request, found)


def _find(request: TeamRequest, pk: UUID) -> Collection:
    return get_object_or_404(Collection.objects.for_team(request.team), pk=pk)
