"""/team/invitations/: made, sent again and revoked by owners and admins."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import invitations
from apps.accounts.invitations import NotInvited, SentInvitation
from apps.accounts.models import Invitation
from apps.accounts.permissions import TeamRequest, team_view
from apps.accounts.team_forms import InviteForm
from apps.accounts.views.team import page


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="manage")
def invite(request: TeamRequest) -> HttpResponseBase:
    """The page that answers shows the link, this once: a reload of it leads to the list."""
    if request.method != "POST":
        return redirect("team")
    form = InviteForm(request.POST)
    if not form.is_valid():
        return page(request, invite_form=form)
    email, role = form.cleaned_data["email"], form.cleaned_data["role"]
    try:
        sent = invitations.invite(request.team, email=email, role=role, by=request.user)
    except NotInvited as reason:
        form.add_error("email", reason.words)
        return page(request, invite_form=form)
    return _shown(request, sent)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="manage")
def send_again(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """By mail if it went by mail; `by=link` shows a fresh link instead."""
    if request.method != "POST":
        return redirect("team")
    invitation = _unused(request, pk)
    by_mail = request.POST.get("by") != "link"
    try:
        sent = invitations.send_again(invitation, by=request.user, by_mail=by_mail)
    except NotInvited as reason:
        messages.error(request, reason.words)
        return redirect("team")
    return _shown(request, sent)


@require_POST
@team_view(needs="manage")
def revoke(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    if invitations.revoke(_unused(request, pk), by=request.user):
        messages.success(request, "The invitation is revoked. Its link leads nowhere now.")
    return redirect("team")


def _unused(request: TeamRequest, pk: UUID) -> Invitation:
    ours = Invitation.objects.for_team(request.team).unused().select_related("team")
    return get_object_or_404(ours, pk=pk)


def _shown(request: TeamRequest, sent: SentInvitation) -> HttpResponseBase:
    if sent.link:
        return page(request, sent=sent)
    messages.success(request, f"The invitation is on its way to {sent.invitation.email}.")
    return redirect("team")
