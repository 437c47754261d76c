from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from apps.accounts.models import Membership
from apps.accounts.permissions import CHOSEN_TEAM, TeamRequest, team_view


@require_POST
@team_view(needs="see")
def switch(request: TeamRequest) -> HttpResponseBase:
    """The team that the pages show from now on, in this session."""
    try:
        team_id = UUID(request.POST.get("team", ""))
    except ValueError:
        raise Http404("No such team.") from None
    membership = get_object_or_404(Membership, user=request.user, team_id=team_id)
    request.session[CHOSEN_TEAM] = str(membership.team_id)
    return redirect("home")
