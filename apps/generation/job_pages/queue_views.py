"""What a person does with the queue: puts it in order, pauses, resumes, removes and undoes that.

`?all=1` means all songs of the same form that still wait.
"""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import cap_words
from apps.accounts.caps import CapReached
from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.job_pages.views import after, find_to_decide, job_page
from apps.generation.jobs import decisions
from apps.generation.models import Job, State
from apps.generation.queue import own_order

CHANGED = "The queue has changed in the meantime, so nothing was moved."
NOT_UNDONE = "This can’t be undone: it was sent or dismissed, or there is no token to pay for it."
SENT = "It was sent just now, so it was not removed."


@require_POST
@team_view(needs="create")
def move(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """`before` or `after`: the job to stand beside; neither: to the front. `all`: with all songs of its request."""
    found, asked = find_to_decide(request, pk), request.POST
    beside = {"before": asked.get("before", ""), "after": asked.get("after", "")}
    if not own_order.move(found, by=request.user, whole_request="all" in asked, **beside):
        _say(request, CHANGED)
    return after(request)


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def remove(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """GET asks first, which the button of a single song leaves out: that can be undone."""
    found = find_to_decide(request, pk)
    songs = _meant(request, found)
    if request.method != "POST":
        waiting = [song for song in songs if song.state == State.QUEUED]
        return job_page(
            request, found, "generation/job_remove.html", waiting=waiting, all="all" in request.GET
        )
    if not sum(decisions.remove(song, by=request.user) for song in songs):
        _say(request, SENT)
    return after(request)


@require_POST
@team_view(needs="create")
def undo_removal(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """Of all that was removed together, as many as the caps allow."""
    found = find_to_decide(request, pk)
    if not own_order.may_undo_removal(found, request.membership):
        raise PermissionDenied("Whoever removed this from the queue can undo that, and owners and admins.")
    songs = own_order.removed_together(found) if "all" in request.GET else [found]
    try:
        if not sum(own_order.undo_removal(song, by=request.user) is not None for song in songs):
            _say(request, NOT_UNDONE)
    except CapReached as reached:
        words = cap_words.refusal(reached, reader=request.user).words
        return _told(request, f"Not everything is back in the queue. {words}")
    return after(request)


def _pause(paused: bool) -> Callable[..., HttpResponseBase]:
    @require_POST
    @team_view(needs="create")
    def view(request: TeamRequest, pk: UUID) -> HttpResponseBase:
        for song in _meant(request, find_to_decide(request, pk)):
            decisions.pause(song, paused, by=request.user)
        return after(request)

    return view


def _pause_mine(paused: bool) -> Callable[..., HttpResponseBase]:
    @require_POST
    @team_view(needs="create")
    def view(request: TeamRequest) -> HttpResponseBase:
        own_order.pause_all(request.team, paused, by=request.user)
        return after(request)

    return view


pause, resume = _pause(True), _pause(False)
pause_mine, resume_mine = _pause_mine(True), _pause_mine(False)


def _meant(request: TeamRequest, found: Job) -> list[Job]:
    """Those of the same form are one person's, so who may decide about one may decide about all."""
    return own_order.of_request(found) if "all" in request.GET else [found]


def _told(request: TeamRequest, text: str) -> HttpResponseBase:
    """Also beside the live panel, which can't say it by itself."""
    messages.error(request, text)
    response = after(request)
    if isinstance(response, HttpResponse) and request.wants_partial:
        response.content += render_to_string("generation/_told.html", request=request).encode()
    return response


def _say(request: TeamRequest, text: str) -> None:
    """To a page; the panel shows by itself how it stands."""
    if not request.wants_partial:
        messages.error(request, text)
