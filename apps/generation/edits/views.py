"""/library/clips/<id>/edit/<operation>/: the edit forms of a take, in a drawer beside its waveform."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from apps.accounts import cap_words, lending
from apps.accounts.caps import CapReached
from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.create import prefill
from apps.generation.create.prefill import Prefill
from apps.generation.edits.forms import FORMS, EditForm
from apps.generation.edits.prerequisites import Prerequisites, prerequisites_for
from apps.generation.jobs import links
from apps.generation.jobs.requests import LYRICS_LIMIT, FormAlreadyUsed
from apps.generation.jobs.titles import title_of
from apps.generation.lending_requests import views as lending_requests
from apps.generation.models import Job
from apps.library import clip_page
from apps.library.lineage import text_diff
from apps.library.models import Clip
from apps.uuids import uuid_or_none


@require_http_methods(["GET", "HEAD", "POST"])
# Or a browser could take the drawer alone out of its cache for the page.
@vary_on_headers("HX-Request", "HX-Boosted")
@team_view(needs="create")
def edit(request: TeamRequest, clip_id: UUID, operation: str) -> HttpResponseBase:
    """GET shows the form (`?from=<job>` or `?song=<song>` fill it), POST queues the edit.

    The form stays as it was sent, with a nonce of its own: sending it again is another request.
    """
    kind = FORMS.get(operation)
    if kind is None:
        raise Http404
    page = clip_page.page_of(request.membership, clip_id)
    clip: Clip = page["clip"]
    prerequisites = prerequisites_for(
        clip,
        operation,
        request.membership,
        uneditable=page["uneditable"],
        chosen=request.POST.get("token", ""),
    )
    filled = Prefill()
    if request.method != "POST":
        filled = prefill.of_edit(request.GET, operation=operation, team=request.team)
    form = kind(
        request.POST if request.method == "POST" else None,
        team=request.team,
        clip=clip,
        initial=filled.fields,
    )
    if "changes" in request.POST:
        return _changes(request, page, form, prerequisites)
    if "ask" in request.POST:
        lending_requests.ask(request, clip, operation)
        return _asked(request, page, form)
    if request.method == "POST" and form.is_valid():
        try:
            if job := _ask(request, form, prerequisites):
                messages.success(request, f"Queued: {title_of(job)}.")
                return redirect(links.form_of(job))
            if prerequisites.is_other_token:
                form.add_error(None, lending.TOKEN_GONE)
        except FormAlreadyUsed as reason:
            form.start_anew(f"{reason} Nothing more was sent. Send it once more to create this as well.")
        except CapReached as reached:
            form.refuse(cap_words.refusal(reached, reader=request.user))
    return _page(request, page, form, prerequisites, requested=_requested(request, clip))


def _ask(request: TeamRequest, form: EditForm, prerequisites: Prerequisites) -> Job | None:
    """The job of this form, also for the second of a double click; None where something stands in the way."""
    if prerequisites.token and not prerequisites.is_other_token:
        return form.job_request(by=request.user, token=prerequisites.token).ask()[0]
    earlier = Job.objects.for_team(request.team).filter(asked_by=request.user, operation=form.operation)
    return earlier.filter(nonce=form.cleaned_data["nonce"]).first()


def _asked(request: TeamRequest, page: dict[str, Any], form: EditForm) -> HttpResponseBase:
    """The form as it was typed, if there was one, and below what stands in the way that somebody is asked."""
    if "nonce" not in request.POST and not request.wants_partial:
        return redirect(request.get_full_path())
    if "nonce" not in request.POST:
        form = type(form)(team=form.team, clip=form.clip)
    uneditable = page["uneditable"]
    found = prerequisites_for(form.clip, form.operation, request.membership, uneditable=uneditable)
    return _page(request, page, form, found)


def _requested(request: TeamRequest, clip: Clip) -> Job | None:
    """The job that this person made of the take with these settings, while it is under way."""
    job_id = uuid_or_none(request.GET.get("from", ""))
    if job_id is None:
        return None
    jobs = Job.objects.for_team(request.team).live().filter(asked_by=request.user, source=clip)
    return jobs.filter(pk=job_id).first()


def _changes(
    request: TeamRequest, page: dict[str, Any], form: EditForm, prerequisites: Prerequisites
) -> HttpResponseBase:
    """What a remix changes in the lyrics, as they are written; nothing is sent, what is too long not compared."""
    words = request.POST.get("lyrics", "")
    if len(words) > LYRICS_LIMIT and not request.wants_partial:
        return _page(request, page, form, prerequisites)
    changes = _compared(form.clip, words)
    if request.wants_partial:
        return TemplateResponse(request, "generation/_edit_changes.html", changes)
    fresh = type(form)(
        team=form.team, clip=form.clip, initial={name: request.POST.get(name) for name in form.fields}
    )
    return _page(request, page, fresh, prerequisites, **changes)


def _page(
    request: TeamRequest, page: dict[str, Any], form: EditForm, prerequisites: Prerequisites, **more: object
) -> HttpResponseBase:
    changes = {} if "lines" in more else _brought(form)
    context = page | {"tool": form.operation, "form": form, "prerequisites": prerequisites, **changes, **more}
    part = request.wants_partial
    template = "generation/_edit_response.html" if part else "generation/edit.html"
    status = 422 if form.errors else 409 if form.is_bound and prerequisites.obstacle else 200
    return TemplateResponse(request, template, context, status=status)


def _brought(form: EditForm) -> dict[str, object]:
    """What a remix changes by lyrics that stand in it already: of another one, or rejected."""
    words = form["lyrics"].value() if "lyrics" in form.fields else None
    return _compared(form.clip, words) if words and words != form.clip.shown_lyrics else {}


def _compared(clip: Clip, words: str) -> dict[str, object]:
    """For _edit_changes.html; what is too long is not compared."""
    lines = text_diff.lines(clip.shown_lyrics, words) if len(words) <= LYRICS_LIMIT else None
    return {"lines": lines, "changed": text_diff.counted(lines or [])}
