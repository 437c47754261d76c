"""The song form and the way to it, and the recent prompts."""

from typing import Any

from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import push_url, trigger_client_event

from apps.accounts import cap_words, lending
from apps.accounts.caps import CapReached
from apps.accounts.models import Membership
from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.create import history, prefill, presets, reference_picker, style_chips
from apps.generation.create.forms import SongForm
from apps.generation.create.prefill import Prefill
from apps.generation.job_pages import person_panel
from apps.generation.job_pages.person_panel import PersonPanel
from apps.generation.jobs import pricing
from apps.generation.jobs.requests import FormAlreadyUsed
from apps.generation.models import Job
from apps.generation.queue import slots
from apps.library.models import Clip


@require_safe
@team_view(needs="see")
def home(request: TeamRequest) -> HttpResponseBase:
    """`/`: the song form for whoever can pay, else the team's songs; while there are none, the way to a token."""
    can_pay = lending.can_pay(request.user, request.team)
    if request.membership.rights.may_create and can_pay:
        return redirect("create")
    return redirect("library" if Clip.objects.for_team(request.team).live().exists() else "tokens")


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
    if not form.tokens and request.method != "POST":
        return redirect("tokens")  # it says what a song needs first
    if request.method == "POST" and form.is_valid():
        try:
            return _created(request, form, form.job_request().ask()[0])
        except FormAlreadyUsed as reason:
            form.start_anew(f"{reason} Nothing more was sent. Send it once more to create this as well.")
        except CapReached as reached:
            songs = form.cleaned_data["count"]
            form.refuse(cap_words.refusal(reached, songs=songs, reader=request.user), beside="count")
    return page(request, form, filled)


def _created(request: TeamRequest, form: SongForm, job: Job) -> HttpResponseBase:
    """The form stays as it is: a script gets what has changed around it, everybody else the page with it once more."""
    if not request.htmx:
        return HttpResponseRedirect(f"{reverse('create')}?sent={job.pk}")
    form.renew()
    lending.with_left(form.tokens, request.user)  # less than when the form was sent
    live = person_panel.of(request.membership)
    context = _payment(form, live, request.membership) | {"form": form, "sent": job}
    answer = TemplateResponse(request, "generation/_created.html", context)
    answer["HX-Retarget"], answer["HX-Reswap"] = "#sent", "innerHTML show:none"
    return trigger_client_event(push_url(answer, False), "form:taken", after="settle")


def _payment(form: SongForm, live: PersonPanel, membership: Membership) -> dict[str, Any]:
    """What the strip says of money and of the queue; without an API token there is nothing to say."""
    if not form.tokens:
        return {"quote": None}
    quote = pricing.Quote(
        form.tokens,
        form.accounts,
        token=form["token"].value(),
        email=form["email"].value(),
        songs=form.songs,
        room=live.room,
    )
    cap_left = cap_words.left_of(membership)
    starts = slots.starts(quote.songs, quote.balance.slots, live.before) if live.slots else ""
    is_near = cap_left is not None and cap_left.is_near(quote.cost.credits)
    return {"quote": quote, "starts": starts, "panel": live, "cap_left": cap_left, "cap_is_near": is_near}


def page(request: TeamRequest, form: SongForm, filled: Prefill) -> HttpResponseBase:
    live = person_panel.of(request.membership)
    context = _payment(form, live, request.membership) | {
        "form": form,
        "source": filled.source,
        "sent": filled.sent,
        "panel": live,
        "style_chips": style_chips.html(),
        "picker": reference_picker.of_form(form),
        "presets": presets.of_team(request.team),
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
