"""Sweeps: the form and the list, the page of one, and what a person decides about it."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import Team
from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.job_pages import person_panel
from apps.generation.jobs.requests import FormAlreadyUsed
from apps.generation.models import Sweep
from apps.generation.sweeps import forms as sweep_forms
from apps.generation.sweeps import runner
from apps.generation.sweeps.forms import LimitsForm, SweepForm
from apps.generation.sweeps.page import SweepPage
from apps.library.curation.undo import undoable
from apps.prepared import prepared
from apps.uuids import uuid_or_none

LISTED = 60


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="see")
def overview(request: TeamRequest) -> HttpResponseBase:
    """GET /create/sweeps/ shows the form (`?from=<sweep>` fills it) and the team's sweeps; POST keeps a draft."""
    form = _form(request)
    if request.method == "POST" and form and form.is_bound and form.is_valid():
        try:
            return redirect("sweep", runner.draft(request.team, form.plan()).pk)
        except FormAlreadyUsed as reason:
            form.start_anew(f"{reason} Nothing more was sent. Check it once more to create this as well.")
    context = {
        "form": form,
        "sweeps": _listed(request.team),
        "panel": person_panel.of(request.membership),
    }
    status = 422 if form and form.errors else 200
    return TemplateResponse(request, "generation/sweeps.html", context, status=status)


@prepared
def _listed(team: Team) -> QuerySet[Sweep]:
    listed = Sweep.objects.for_team(team).live().select_related("made_by")
    return listed.annotate(size=Count("cells"))[:LISTED]


def _form(request: TeamRequest) -> SweepForm | None:
    """None for those who only look."""
    if not request.membership.rights.may_create:
        if request.method == "POST":
            raise PermissionDenied("You can listen in this team, but not create anything.")
        return None
    if request.method == "POST" and "add" not in request.POST:
        return SweepForm(request.POST, team=request.team, user=request.user)
    initial = sweep_forms.typed(request.POST) if request.method == "POST" else _begin(request)
    return SweepForm(initial=initial, team=request.team, user=request.user)


def _begin(request: TeamRequest) -> dict[str, object]:
    pk = uuid_or_none(request.GET.get("from", ""))
    if pk is None:
        return sweep_forms.blank()
    return sweep_forms.of_sweep(_find(request, pk), by=request.user)


@require_safe
@team_view(needs="see")
def sweep(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    return _page(request, _find(request, pk))


def _page(request: TeamRequest, found: Sweep, *, problem: str = "") -> HttpResponseBase:
    context = {
        "view": SweepPage(found, request.membership),
        "sweep": found,
        "problem": problem,
        "panel": person_panel.of(request.membership),
    }
    return TemplateResponse(request, "generation/sweep.html", context, status=422 if problem else 200)


@require_POST
@team_view(needs="create")
def start(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """Of what the person has looked at, at that time; with the own token, so by nobody else."""
    found = _find(request, pk)
    _refuse_others(request, found)
    as_of = _time(request.POST.get("as_of", ""))
    if found.phase != Sweep.Phase.DRAFT or (as_of and runner.start(found, as_of=as_of)):
        return redirect("sweep", found.pk)
    return _page(
        request, found, problem="It was changed in the meantime. Nothing was sent: check it once more."
    )


def _refuse_others(request: TeamRequest, found: Sweep) -> None:
    if found.made_by_id != request.user.pk:
        raise PermissionDenied(
            "It is paid for with the API token of the person who filled it in, so only they can start it."
        )


def _time(text: str) -> datetime | None:
    """None for what is no time, or one without its zone."""
    try:
        time = parse_datetime(text)
    except ValueError:
        return None
    return time if time and is_aware(time) else None


def _to_decide(request: TeamRequest, pk: UUID) -> Sweep:
    found = _find(request, pk)
    if not request.membership.may_decide(found.made_by_id):
        raise PermissionDenied("Only the person who filled this in, or an admin, can do this.")
    return found


@require_POST
@team_view(needs="create")
def stop(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    found = _to_decide(request, pk)
    runner.stop(found, by=request.user)
    return redirect("sweep", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def resume(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """GET asks within which limits, POST lets it go on. It spends, so only who pays for it may."""
    found = _find(request, pk)
    _refuse_others(request, found)
    view = SweepPage(found, request.membership)
    limits = LimitsForm(request.POST or None, progress=view.progress)
    if request.method == "POST" and limits.is_valid():
        runner.resume(found, by=request.user, **limits.cleaned_data)
        return redirect("sweep", found.pk)
    context = {"view": view, "sweep": found, "limits": limits}
    status = 422 if limits.errors else 200
    return TemplateResponse(request, "generation/sweep_resume.html", context, status=status)


@require_POST
@team_view(needs="create")
def delete(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    found = _to_decide(request, pk)
    if runner.delete(found, by=request.user):
        undoable(
            request, f"Deleted the variations {found}. Their songs stay.", "delete-sweep", sweep=str(found.pk)
        )
    else:
        messages.error(request, "It is running. Stop it first.")
    return redirect("sweeps")


def _find(request: TeamRequest, pk: UUID) -> Sweep:
    found = _sweeps(request.team, pk)
    if not found:
        raise Http404
    return found[0]


@prepared
def _sweeps(team: Team, pk: UUID) -> QuerySet[Sweep]:
    here = Sweep.objects.for_team(team).live().filter(pk=pk)
    return here.select_related("team", "made_by", "account", "token")
