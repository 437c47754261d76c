"""/team/members/<id>/: somebody's role, their removal, and ownership, which is handed over in two steps."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import memberships
from apps.accounts.memberships import NotPossible
from apps.accounts.models import Handover, Membership
from apps.accounts.permissions import TeamRequest, ask_again, team_view
from apps.accounts.team_forms import HandoverForm, MonthlyCapForm, RoleForm


@require_POST
@team_view(needs="manage")
def role(request: TeamRequest, pk: int) -> HttpResponseBase:
    member = _managed(request, pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["role"][0]))
        return redirect("team")
    wanted = form.cleaned_data["role"]
    done = f"{member.user.short_name} is now {_with_article(wanted.label.lower())}."
    return _changed(request, done, partial(memberships.change_role, member, wanted, by=request.membership))


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="manage")
def cap(request: TeamRequest, pk: int) -> HttpResponseBase:
    member = _managed(request, pk)
    posted = request.POST if request.method == "POST" else None
    form = MonthlyCapForm(posted, initial={"monthly_cap": member.monthly_cap})
    if posted is None or not form.is_valid():
        context, status = {"member": member, "form": form}, 422 if form.errors else 200
        return TemplateResponse(request, "accounts/member_cap.html", context, status=status)
    ask_again(request)
    done = f"The cap of {member.user.short_name} is saved."
    credits = form.cleaned_data["monthly_cap"]
    return _changed(request, done, partial(memberships.change_cap, member, credits, by=request.membership))


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="manage")
def remove(request: TeamRequest, pk: int) -> HttpResponseBase:
    member = _managed(request, pk)
    if member.pk == request.membership.pk:
        return redirect("team-leave")
    if request.method != "POST":
        return TemplateResponse(request, "accounts/member_remove.html", {"member": member})
    ask_again(request)
    done = f"{member.user.short_name} is not in this team any more."
    return _changed(request, done, partial(memberships.remove, member, by=request.membership))


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="own")
def hand_over(request: TeamRequest, pk: int) -> HttpResponseBase:
    """The first step; the other person takes the second one on the team page."""
    member = _member(request, pk)
    form = HandoverForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return TemplateResponse(request, "accounts/handover.html", {"member": member, "form": form})
    ask_again(request)
    done = f"{member.user.short_name} can accept on the team page now."
    people = {"giver": request.membership, "receiver": member}
    stays = form.cleaned_data["stay"]
    return _changed(request, done, partial(memberships.hand_over, request.team, **people, giver_stays=stays))


@require_POST
@team_view(needs="see")
def accept_handover(request: TeamRequest) -> HttpResponseBase:
    handover = get_object_or_404(Handover, team=request.team, receiver=request.membership)
    done = f"You own {request.team.name} now."
    return _changed(request, done, partial(memberships.accept, handover, by=request.membership))


@require_POST
@team_view(needs="see")
def end_handover(request: TeamRequest) -> HttpResponseBase:
    """Declined by the person who was asked, or withdrawn by an owner."""
    handover = get_object_or_404(Handover.objects.select_related("receiver__user"), team=request.team)
    membership = request.membership
    if handover.receiver_id != membership.pk and not membership.rights.may_own:
        raise PermissionDenied("Only an owner, or who was asked, can end this handover.")
    memberships.end(handover, by=membership)
    messages.success(request, "The handover is over. Nothing has changed.")
    return redirect("team")


def _changed(request: TeamRequest, done: str, change: Callable[[], None]) -> HttpResponseBase:
    """Makes the change; the team page says how it went."""
    try:
        change()
    except NotPossible as reason:
        messages.error(request, reason.words)
    else:
        messages.success(request, done)
    return redirect("team")


def _member(request: TeamRequest, pk: int) -> Membership:
    return get_object_or_404(Membership.objects.select_related("user", "team"), team=request.team, pk=pk)


def _managed(request: TeamRequest, pk: int) -> Membership:
    member = _member(request, pk)
    if not request.membership.may_manage(member):
        raise PermissionDenied("Only an owner can change another owner.")
    return member


def _with_article(role: str) -> str:
    return f"an {role}" if role[0] in "ao" else f"a {role}"
