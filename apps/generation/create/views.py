"""The song form, and the recent prompts."""

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.create import history, prefill, reference_picker
from apps.generation.create.forms import SongForm
from apps.generation.create.prefill import Prefill
from apps.generation.create.style_chips import STYLES
from apps.generation.job_pages import panel
from apps.generation.jobs import pricing
from apps.generation.jobs.requests import FormAlreadyUsed
from apps.generation.models import Preset
from apps.generation.queue import slots


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def create(request: TeamRequest) -> HttpResponseBase:
    """GET /create/ shows the song form (prefill.py says what may fill it), POST queues the songs."""
    filled = Prefill()
    if request.method != "POST":
        if form_of_it := prefill.elsewhere(request.GET, team=request.team):
            return redirect(form_of_it)
        filled = prefill.find(request.GET, team=request.team, user=request.user)
    form = SongForm(request.POST or None, team=request.team, user=request.user, initial=filled.fields)
    if not form.tokens:
        return redirect("home")
    if request.method == "POST" and form.is_valid():
        try:
            form.job_request().ask()
            return redirect("jobs")
        except FormAlreadyUsed as reason:
            form.start_anew(f"{reason} Nothing more was sent. Send it once more to create this as well.")
    return page(request, form, filled)


def page(request: TeamRequest, form: SongForm, filled: Prefill) -> HttpResponseBase:
    live = panel.of_team(request.membership)
    quote = pricing.Quote(
        form.tokens,
        form.accounts,
        token=form["token"].value(),
        email=form["email"].value(),
        songs=form.songs,
        room=live.room,
    )
    context = {
        "form": form,
        "source": filled.source,
        "quote": quote,
        "starts": slots.starts(quote.songs, quote.balance.slots, live.before) if live.slots else "",
        "panel": live,
        "styles": STYLES,
        "picker": reference_picker.of_form(form),
        "presets": Preset.objects.for_team(request.team).live(),
        "own_prompts": history.of_person(request.team, request.user),
        "other_prompts": history.of_others(request.team, request.user),
    }
    return TemplateResponse(request, "generation/create.html", context, status=422 if form.errors else 200)


@require_safe
@team_view(needs="create")
def prompts(request: TeamRequest) -> HttpResponseBase:
    """All recent prompts; `?q=` those with these words, `?who=mine` the person's own."""
    words, mine = request.GET.get("q", "")[:200], request.GET.get("who") == "mine"
    found = history.of_team(request.team, words=words, by=request.user if mine else None)
    return TemplateResponse(
        request, "generation/prompts.html", {"prompts": found, "words": words, "mine": mine}
    )
