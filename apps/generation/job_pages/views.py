"""Pages of jobs: the live panel, the list, one job, and what a person decides about it."""

import json
from collections.abc import Callable
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts import cap_words, lending
from apps.accounts.caps import CapReached
from apps.accounts.models import ApiToken
from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.job_pages import job_list, panel, person_panel
from apps.generation.job_pages.card_writer import card
from apps.generation.jobs import decisions, links, poll_times, pricing
from apps.generation.models import Job, JobEvent, PanelVersion
from apps.generation.queue import own_order
from apps.prepared import prepared
from apps.uuids import uuid_or_none


@require_GET
@team_view(needs="see", also={"panel_version": PanelVersion.of_membership()})
def live_panel(request: TeamRequest) -> HttpResponseBase:
    """204 when the page shows the newest version, as it is for this person; else the panel. Never asks the remote side.

    `?v=` is the mark of what the page shows (person_panel.mark_of). `&renew`: the person has signed in again beside a
    page whose forms hold the token of the session before; the new one is said with the event `signed-in`.
    """
    poll_times.panel_is_open(request.team)
    version = person_panel.version_of(request.membership)
    if request.GET.get("v") == person_panel.mark_of(request.membership, version):
        return HttpResponse(status=204)
    response = _panel(request)
    if "renew" in request.GET:
        response.headers["HX-Trigger"] = json.dumps({"signed-in": get_token(request)})
    return response


@require_GET
@team_view(needs="see")
def jobs(request: TeamRequest) -> HttpResponseBase:
    """Every job of the team, newest first, by who and by state."""
    return TemplateResponse(
        request, "generation/jobs.html", job_list.context(request.membership, request.GET)
    )


@require_GET
@team_view(needs="see")
def job(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    return job_page(request, _find(request, pk), "generation/job.html")


def _find(request: TeamRequest, pk: UUID) -> Job:
    found = panel.of_page(request.team, pk)
    if found is None:
        raise Http404
    return found


def find_to_decide(request: TeamRequest, pk: UUID) -> Job:
    found = _find(request, pk)
    if not request.membership.may_decide(found.asked_by_id):
        raise PermissionDenied("Only the person who requested this song, or an admin, can do this.")
    return found


def job_page(
    request: TeamRequest, found: Job, template: str, status: int = 200, **more: object
) -> HttpResponseBase:
    context = {
        "job": found,
        "card": card(found, panel.surroundings(request.membership)),
        "story": _story(found),
        "form_url": links.form_of(found),
        **more,
    }
    return TemplateResponse(request, template, context, status=status)


@prepared
def _story(job: Job) -> QuerySet[JobEvent]:
    return JobEvent.objects.filter(job=job).select_related("by")


def after(request: TeamRequest) -> HttpResponseBase:
    """Back to where the button was; the live panel is sent anew to HTMX."""
    if request.wants_partial:
        return _panel(request)
    return redirect("jobs")


def _panel(request: TeamRequest) -> HttpResponse:
    """Without the context of a whole page: the nav's figures come from where the cards do."""
    live = person_panel.of(request.membership)
    studio = person_panel.nav_figures(live, request.membership)
    context = {"panel": live, "studio": studio, "csrf_token": ""}
    return HttpResponse(render_to_string("generation/_panel_news.html", context))


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def retry(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """Sends the same request again, as a new job, after showing what is known of the first one."""
    found = find_to_decide(request, pk)
    if request.method != "POST":
        shown = {"nonce": uuid4(), "balance": pricing.balance_of_job(found), "token": _payer(request, found)}
        return job_page(request, found, "generation/job_retry.html", 200, **shown)
    try:
        wanted = uuid_or_none(request.POST.get("token", ""))
        if decisions.retry(found, by=request.user, nonce=_nonce(request), wanted=wanted):
            return after(request)
        problem = _why_no_retry(request, found)
    except CapReached as reached:
        found = _find(request, pk)  # what was begun with it was undone
        problem = cap_words.refusal(reached, reader=request.user).words
    return job_page(request, found, "generation/job_retry.html", status=422, problem=problem)


def _payer(request: TeamRequest, found: Job) -> ApiToken | None:
    """The token that would pay."""
    return lending.payer(request.user, request.team, found.operation, found.subscription_id)


def _why_no_retry(request: TeamRequest, found: Job) -> str:
    if found.settles_at:
        return decisions.SETTLING
    if found.state not in decisions.RETRYABLE:
        return "This can’t be retried as it is."
    token = _payer(request, found)
    if token and request.POST.get("token", str(token.pk)) != str(token.pk):
        return "This API token is gone. Nothing was sent; Retry says now which one pays."
    return "You need a token of your own for this subscription, or one that is lent to you. Add one under API tokens."


def _nonce(request: TeamRequest) -> UUID | None:
    """Of the page that asked: sent once more, later, it must not pay once more."""
    return uuid_or_none(request.POST.get("nonce", ""))


def _confirm_first(
    template: str, decide: Callable[[TeamRequest, Job], object]
) -> Callable[..., HttpResponseBase]:
    """GET says what it means for the money, POST does it."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @team_view(needs="create")
    def view(request: TeamRequest, pk: UUID) -> HttpResponseBase:
        found = find_to_decide(request, pk)
        if request.method != "POST":
            return job_page(request, found, template, may_cancel=decisions.may_cancel(found))
        decide(request, found)
        return after(request)

    return view


def _decide(decide: Callable[[TeamRequest, Job], object]) -> Callable[..., HttpResponseBase]:
    @require_POST
    @team_view(needs="create")
    def view(request: TeamRequest, pk: UUID) -> HttpResponseBase:
        decide(request, find_to_decide(request, pk))
        return after(request)

    return view


def _dismiss(request: TeamRequest, found: Job) -> None:
    """`?all=1`: with all that the same person removed of the same form."""
    if found.ended_by_another and found.asked_by_id != request.user.pk:
        raise PermissionDenied(
            "Only the person who requested this song can dismiss what others decided about it."
        )
    for job in own_order.removed_together(found) if "all" in request.GET else [found]:
        decisions.dismiss(job)


check_now = _decide(lambda request, found: decisions.check_now(found))
try_now = _decide(lambda request, found: decisions.try_now(found, by=request.user))
dismiss = _decide(_dismiss)
cancel = _confirm_first(
    "generation/job_cancel.html", lambda request, found: decisions.cancel(found, by=request.user)
)
mark_lost = _confirm_first(
    "generation/job_lost.html", lambda request, found: decisions.mark_as_lost(found, by=request.user)
)
