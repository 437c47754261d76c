"""/team/: who is in it, invitations, its name; and the person's other teams."""

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import memberships, team_page
from apps.accounts.invitations import SentInvitation
from apps.accounts.memberships import NotPossible
from apps.accounts.models import Membership, Team
from apps.accounts.permissions import CHOSEN_TEAM, TeamRequest, ask_again, team_view
from apps.accounts.team_forms import InviteForm, MonthlyCapForm, TeamNameForm
from apps.uuids import uuid_or_none


@require_safe
@never_cache
@team_view(needs="see")
def team(request: TeamRequest) -> HttpResponseBase:
    return page(request)


@require_POST
@team_view(needs="manage")
def rename(request: TeamRequest) -> HttpResponseBase:
    form = TeamNameForm(request.POST)
    if not form.is_valid():
        return page(request, name_form=form)
    request.team.rename(form.cleaned_data["name"], by=request.user)
    messages.success(request, f"The team is called {request.team.name} now.")
    return redirect("team")


@require_POST
@team_view(needs="manage")
def cap(request: TeamRequest) -> HttpResponseBase:
    form = MonthlyCapForm(request.POST)
    if not form.is_valid():
        return page(request, cap_form=form)
    ask_again(request)
    request.team.change_cap(form.cleaned_data["monthly_cap"], by=request.user)
    messages.success(request, "The cap of the team is saved.")
    return redirect("team")


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="see")
def new(request: TeamRequest) -> HttpResponseBase:
    """Whoever is in a team can have one of their own: its owner, alone in it."""
    form = TeamNameForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return TemplateResponse(request, "accounts/team_new.html", {"form": form}, status=_status(form))
    with transaction.atomic():
        made = Team.found(form.cleaned_data["name"], by=request.user)
    request.session[CHOSEN_TEAM] = str(made.pk)
    messages.success(request, f"{made.name} is there, and you own it. Invite the others below.")
    return redirect("team")


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="see")
def leave(request: TeamRequest) -> HttpResponseBase:
    if request.membership.is_last_owner:
        messages.error(request, memberships.LAST_OWNER.format(name=request.user.short_name))
        return redirect("team")
    if request.method != "POST":
        return TemplateResponse(request, "accounts/member_remove.html", {"member": request.membership})
    ask_again(request)
    try:
        memberships.remove(request.membership, by=request.membership)
    except NotPossible as reason:
        messages.error(request, reason.words)
        return redirect("team")
    request.session.pop(CHOSEN_TEAM, None)
    messages.success(request, f"You left {request.team.name}.")
    return redirect("home")


@require_POST
@team_view(needs="own")
def require_two_step(request: TeamRequest) -> HttpResponseBase:
    """`required`: 1, or nothing."""
    ask_again(request)
    request.team.require_two_step(bool(request.POST.get("required")), by=request.user)
    return redirect("team")


@require_POST
@team_view(needs="see", two_step_first=False)
def switch(request: TeamRequest) -> HttpResponseBase:
    """The team that the pages show from now on, in this session."""
    membership = get_object_or_404(
        Membership, user=request.user, team_id=uuid_or_none(request.POST.get("team", ""))
    )
    request.session[CHOSEN_TEAM] = str(membership.team_id)
    return redirect("home")


def page(
    request: TeamRequest,
    *,
    name_form: TeamNameForm | None = None,
    invite_form: InviteForm | None = None,
    cap_form: MonthlyCapForm | None = None,
    sent: SentInvitation | None = None,
) -> TemplateResponse:
    """The team page; with a form that was not filled in rightly, or a link that is shown this once."""
    context = {
        "page": team_page.of(request.membership),
        "name_form": name_form or TeamNameForm(initial={"name": request.team.name}),
        "invite_form": invite_form or InviteForm(),
        "cap_form": cap_form or MonthlyCapForm(initial={"monthly_cap": request.team.monthly_cap}),
        "sent": sent,
    }
    return TemplateResponse(
        request, "accounts/team.html", context, status=_status(name_form, invite_form, cap_form)
    )


def _status(*asked: forms.Form | None) -> int:
    return 422 if any(form is not None and form.errors for form in asked) else 200
