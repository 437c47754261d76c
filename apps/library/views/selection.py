"""What is done to several takes at once: `clip`, once for each, says to which. One take is several, too."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.permissions import Need, TeamRequest, team_view
from apps.library.curation import collections, selection, tags, trash, undo
from apps.library.input_names import InvalidInput, of_file
from apps.library.models import Clip, Collection
from apps.library.models.clips import ClipQuerySet
from apps.library.playback import zip_download
from apps.library.redirects import back, came_from, refused, with_typed
from apps.transfers import LimitedStream, TooManyTransfers, message_for
from apps.uuids import uuid_or_none

Act = Callable[[TeamRequest, ClipQuerySet], HttpResponseBase | None]


def _on_chosen_takes(needs: Need) -> Callable[[Act], Callable[..., HttpResponseBase]]:
    """A view that does it and leads back to where one was; what can't be done is said there."""

    def decorate(act: Act) -> Callable[..., HttpResponseBase]:
        @wraps(act)
        @require_POST
        @team_view(needs=needs)
        def view(request: TeamRequest) -> HttpResponseBase:
            try:
                takes = selection.chosen(request.team, request.POST.getlist("clip"))
                if not takes.exists():
                    raise Http404("none of these takes is the team's")
                return act(request, takes) or back(request, "library")
            except InvalidInput as error:
                return _ask_again(request, error)

        return view

    return decorate


def _ask_again(request: TeamRequest, error: InvalidInput) -> HttpResponseBase:
    """What was typed, with the same takes chosen, on a page of its own; without anything typed, where one was."""
    field = "name" if request.POST.get("name", "").strip() else "tags"
    if not request.POST.get(field, "").strip():
        return refused(request, error, "library")
    context = {
        "field": field,
        "clips": request.POST.getlist("clip"),
        "next": came_from(request) or reverse("library"),
    }
    return with_typed(request, "library/selection_again.html", context, error, field)


@_on_chosen_takes("create")
def delete(request: TeamRequest, takes: ClipQuerySet) -> None:
    gone = trash.delete(request.team, takes, by=request.user)
    if gone:
        undo.undoable(request, f"{undo.takes(len(gone))} moved to the trash.", "delete", clips=gone)


def _add_to_collection(request: TeamRequest, takes: ClipQuerySet) -> None:
    """Into the `collection` of that id, or the one of that `name`, which is made if there is none."""
    if request.POST.get("collection"):
        found = _collection(request, request.POST["collection"])
    else:
        found = collections.named(request.team, request.POST.get("name", ""), by=request.user)
    new = found.add(takes.live())
    if new:
        words = f"{undo.takes(len(new))} added to “{found}”."
        undo.undoable(request, words, "collect", collection=str(found.pk), items=[item.pk for item in new])
    else:
        messages.info(request, f"Already in “{found}”.")


def _tag(request: TeamRequest, takes: ClipQuerySet) -> None:
    """`tags`: with commas between."""
    names = _names(request)
    count = tags.add(request.team, takes, names)
    messages.success(request, f"{undo.takes(count)} tagged: {', '.join(names)}.")


@_on_chosen_takes("create")
def untag(request: TeamRequest, takes: ClipQuerySet) -> None:
    taken = tags.remove(request.team, takes, _names(request))
    if not taken:
        raise InvalidInput("None of these takes has that tag.")
    undo.undoable(request, f"Removed: {', '.join(taken)}.", "untag", taken=taken)


@_on_chosen_takes("create")
def enter(request: TeamRequest, takes: ClipQuerySet) -> None:
    """The Enter key in one of the fields: what is written in says what is meant."""
    if request.POST.get("name", "").strip():
        _add_to_collection(request, takes)
    elif request.POST.get("tags", "").strip():
        _tag(request, takes)
    else:
        raise InvalidInput("Choose what to do with these takes: the buttons are below the list.")


add_to_collection = _on_chosen_takes("create")(_add_to_collection)
tag = _on_chosen_takes("create")(_tag)


@_on_chosen_takes("see")
def download(request: TeamRequest, takes: ClipQuerySet) -> HttpResponseBase:
    """`format`: mp3, m4a or wav."""
    kind = request.POST.get("format", "mp3")
    if kind not in zip_download.WORDS:
        raise InvalidInput("Takes can be downloaded as MP3, M4A or WAV.")
    found = selection.in_order(takes, request.POST.getlist("clip"))
    zipped = zip_download.zipped(found, kind)
    try:
        pieces = LimitedStream(request, iter(zipped), len(zipped))
    except TooManyTransfers as busy:
        raise InvalidInput(message_for(busy, "download")) from None
    try:
        subject = f"{undo.takes(len(found))} as {zip_download.WORDS[kind]}"
        with transaction.atomic():
            request.team.note("takes downloaded", by=request.user, subject=subject)
    except BaseException:
        pieces.close()  # else it would be counted until the process ends
        raise
    name = f"{of_file(request.team.name)}, {undo.takes(len(found))}.zip"
    headers = {"Content-Length": str(len(zipped)), "Cache-Control": "no-store"}
    headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return pieces.answer(content_type="application/zip", headers=headers)


@require_safe
@team_view(needs="create")
def choose_collection(request: TeamRequest, clip_id: UUID) -> HttpResponseBase:
    """Asks into which collection; the form goes to `add_to_collection`."""
    take = get_object_or_404(Clip.objects.for_team(request.team).select_related("song"), pk=clip_id)
    return TemplateResponse(
        request, "library/add_to_collection.html", {"clip": take, "next": came_from(request)}
    )


def _collection(request: TeamRequest, pk: str) -> Collection:
    return get_object_or_404(Collection.objects.for_team(request.team), pk=uuid_or_none(pk))


def _names(request: TeamRequest) -> list[str]:
    names = tags.parse(request.POST.get("tags", ""))
    if not names:
        raise InvalidInput("Write a tag first. Separate several with commas.")
    return names
