"""Asking somebody of the team to lend their token, from the pages that need it, and dismissing what one is asked."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from apps.accounts.models import Membership
from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.lending_requests import requests
from apps.generation.lending_requests.owners import Subject
from apps.generation.lending_requests.requests import NotAsked
from apps.generation.models import LendingRequest
from apps.library.redirects import back


def ask(request: TeamRequest, subject: Subject, operation: str) -> None:
    """Whom the button `ask` names, by the key of their membership; what came of it is said as a message."""
    key = request.POST.get("ask", "")
    if not (key.isascii() and key.isdecimal() and len(key) < 19):
        raise Http404
    members = Membership.objects.filter(team=request.team).select_related("user", "team")
    owner = get_object_or_404(members, pk=int(key))
    try:
        requests.ask(owner, by=request.membership, operation=operation, subject=subject)
    except NotAsked as reason:
        messages.error(request, str(reason))
    else:
        name = owner.user.short_name
        messages.success(
            request, f"{name} is asked to lend their token, and sees it in the library and under Jobs."
        )


@require_POST
@team_view(needs="see")
def dismiss(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """By the owner of the token alone."""
    asked = LendingRequest.objects.for_owner(request.membership)
    get_object_or_404(asked, pk=pk).dismiss()
    return back(request, "jobs")
