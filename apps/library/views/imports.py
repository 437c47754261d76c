"""/library/import/: importing what the accounts have at Flow Music already."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import FlowAccount
from apps.accounts.permissions import TeamRequest, team_view
from apps.library.forms import PartForm
from apps.library.importing import actions, overview
from apps.library.models import Import

ALL = "all"


@require_safe
@team_view(needs="see")
def show(request: TeamRequest) -> HttpResponseBase:
    return _page(request, PartForm())


def _page(request: TeamRequest, part: PartForm, status: int = 200) -> HttpResponseBase:
    lines = overview.lines(request.team, request.user)
    walking = [line for line in lines if line.walk and line.walk.is_walking]
    startable = [line for line in lines if line.own and line.label]
    context = {"lines": lines, "walking": walking, "startable": startable, "part": part}
    context["asked_for"] = request.POST.get("email", "")
    return TemplateResponse(request, "library/imports.html", context, status=status)


@require_POST
@team_view(needs="create")
def begin(request: TeamRequest) -> HttpResponseBase:
    """`email`: of the account, or "all". Only accounts for which the person has a token of their own.

    `limit` and `offset` choose a part of each list: so many clips at the most, behind so many of the newest.
    """
    part = PartForm(request.POST)
    if not part.is_valid():
        return _page(request, part, status=422)
    own = FlowAccount.objects.owned_by(request.user, request.team)
    wanted = request.POST.get("email", "")
    live = own.exclude(block=FlowAccount.Block.GONE)
    chosen = live if wanted == ALL else [account for account in own if account.email == wanted]
    if not chosen:
        raise Http404
    for account in chosen:
        actions.begin(request.team, account, by=request.user, **part.chosen)
    return redirect("import")


@require_POST
@team_view(needs="create")
def stop(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """By anybody who makes songs in the team: nothing is lost by it, and it goes on where it was."""
    walk = get_object_or_404(Import.objects.for_team(request.team), pk=pk)
    if walk.stop():
        messages.success(request, "Stopped. What was imported stays, and the import can continue from there.")
    return redirect("import")
