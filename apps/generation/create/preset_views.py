"""Presets of the song form: saving the form or a song under a name, the list, renaming, deleting with undo."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.create import prefill
from apps.generation.create import presets as kept
from apps.generation.create.forms import NameForm, PresetForm
from apps.generation.models import Preset
from apps.generation.models.presets import key_of
from apps.generation.references import fields
from apps.library.curation.undo import undoable

TAKEN = "There is a preset of this name. Choose another one, or replace it."


@require_safe
@team_view(needs="create")
def presets(request: TeamRequest) -> HttpResponseBase:
    return _list(request)


def _list(request: TeamRequest, wrong: NameForm | None = None, at: Preset | None = None) -> TemplateResponse:
    context = {
        "presets": Preset.objects.for_team(request.team).live().select_related("made_by"),
        "form": wrong,
        "at": at.pk if at else None,
    }
    return TemplateResponse(request, "generation/presets.html", context, status=422 if wrong else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def save(request: TeamRequest) -> HttpResponseBase:
    """Keeps a song's settings (`song`) or those of the song form. Without a `name` its page asks for one."""
    if request.method != "POST":
        return redirect("create")
    data = request.POST.dict() | fields.numbered(fields.listed(request.POST))
    data |= _settings_of_song(request) if "song" in data else {}
    if "name" not in data:
        return _ask_name(request, PresetForm(initial=data | {"name": _suggestion(data)}))
    form = PresetForm(data)
    if not form.is_valid():
        return _ask_name(request, form)
    name = form.cleaned_data["name"]
    # The button names the preset that goes: not the one of a name that was typed since.
    replace = key_of(data.get("replace", "")) == key_of(name)
    try:
        preset = kept.save(
            team=request.team, by=request.user, name=name, fields=form.cleaned_data, replace=replace
        )
    except kept.NameTaken:
        form.add_error("name", TAKEN)
        return _ask_name(request, form, taken=name)
    messages.success(request, f"Saved as preset “{preset}”.")
    return HttpResponseRedirect(_next(request) or f"{reverse('create')}?preset={preset.pk}")


def _settings_of_song(request: TeamRequest) -> dict[str, Any]:
    found = prefill.find({"song": request.POST["song"]}, team=request.team, user=request.user)
    return kept.worth_keeping(found.fields)


def _suggestion(data: dict[str, Any]) -> str:
    words = str(data.get("prompt", "")).split()
    return " ".join(words[:4]).strip(",.;:")[:40]


def _ask_name(request: TeamRequest, form: PresetForm, *, taken: str = "") -> TemplateResponse:
    context = {"form": form, "taken": taken, "next": _next(request)}
    return TemplateResponse(
        request, "generation/preset_name.html", context, status=422 if form.errors else 200
    )


def _next(request: TeamRequest) -> str:
    """Where the person came from, if that is a page of this site; else ""."""
    address = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if safe else ""


@require_POST
@team_view(needs="create")
def rename(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    preset, form = _find(request, pk), NameForm(request.POST)
    if form.is_valid():
        try:
            kept.rename(preset, form.cleaned_data["name"])
            return redirect("presets")
        except kept.NameTaken:
            form.add_error("name", "Another preset has this name.")
    return _list(request, wrong=form, at=preset)


@require_POST
@team_view(needs="create")
def delete(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    preset = _find(request, pk)
    if kept.delete(preset, by=request.user):
        undoable(request, f"Deleted preset “{preset}”.", "delete-preset", preset=str(preset.pk))
    return redirect("presets")


def _find(request: TeamRequest, pk: UUID) -> Preset:
    return get_object_or_404(Preset.objects.for_team(request.team).live(), pk=pk)
