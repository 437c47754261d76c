from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from apps.accounts.models import Membership
from apps.accounts.permissions import CHOSEN_TEAM, TeamRequest, team_view
from apps.uuids import uuid_or_none


@require_POST
@team_view(needs="see")
def switch(request: TeamRequest) -> HttpResponseBase:
    """The team that the pages show from now on, in this session."""
    membership = get_object_or_404(
        Membership, user=request.user, team_id=uuid_or_none(request.POST.get("team", ""))
    )
    request.session[CHOSEN_TEAM] = str(membership.team_id)
    return redirect("home")
