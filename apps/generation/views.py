from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from apps.accounts.access import TeamRequest, team_view
from apps.accounts.models.subscriptions import CREDITS_PER_SONG
from apps.generation import panel
from apps.generation.forms import PROMPT_LIMIT, SongForm, initial_from
from apps.generation.models import Job
from apps.generation.wishes import NotThisForm


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def create(request: TeamRequest) -> HttpResponseBase:
    """GET /create/ shows the song form (`?from=<job>` or `?prompt=` fills it), POST puts the songs in line."""
    form = SongForm(request.POST or None, team=request.team, user=request.user, initial=_initial(request))
    if not form.tokens:
        return redirect("home")
    if request.method == "POST" and form.is_valid():
        try:
            form.wish().ask()
            return redirect("jobs")
        except NotThisForm as reason:
            form.start_anew(f"{reason} Nothing more was sent. Send it once more to make this as well.")
    return _page(request, form)


def _initial(request: TeamRequest) -> dict[str, object]:
    if request.method == "POST" or "from" not in request.GET:
        return {"prompt": request.GET["prompt"][:PROMPT_LIMIT]} if "prompt" in request.GET else {}
    try:
        earlier = UUID(request.GET["from"])
    except ValueError:
        raise Http404 from None
    return initial_from(get_object_or_404(Job.objects.for_team(request.team), pk=earlier).params)


def _page(request: TeamRequest, form: SongForm) -> HttpResponseBase:
    live = panel.of_team(request.membership)
    context = {
        "form": form,
        "accounts": form.accounts,
        "price": CREDITS_PER_SONG,
        "cost": form.songs * CREDITS_PER_SONG,
        "credits_left": live.credits["free"],
        "starts": live.starts,
        "panel": live,
    }
    return TemplateResponse(request, "generation/create.html", context, status=422 if form.errors else 200)
