"""The team's lyric drafts, one draft with its versions, writing lyrics and rewriting them."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.job_pages import person_panel
from apps.generation.jobs.requests import FormAlreadyUsed
from apps.generation.lyrics import pages as lyrics_pages
from apps.generation.lyrics import versions
from apps.generation.lyrics.forms import LyricsForm, VersionForm
from apps.generation.lyrics.pages import DraftPage
from apps.library.curation.undo import undoable
from apps.library.models import LyricDraft, LyricVersion

READS = "You can read in this team, but not write. An owner or admin can change that."
TEXTS = ("title", "lyrics", "sound_prompt")
EXAMPLES = [  # a title, and what such a song is about
    ("The long way home", "A nostalgic song about a long road trip home, told by the one who drives"),
    ("Last shift", "A night nurse walks home while the bakers begin, tired and strangely happy"),
    ("Two umbrellas", "A funny duet of two people who both pretend that they are not waiting for each other"),
]
SENT_BEFORE = "Nothing more was sent. Send it once more to request this as well."


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="see")
def lyrics(request: TeamRequest) -> HttpResponseBase:
    """GET /create/lyrics/ lists the drafts and shows the form (`?prompt=` fills it); POST asks for lyrics."""
    form = _form(request, {"prompt": request.GET.get("prompt", "")[:2_000]})
    if request.method == "POST" and form and form.is_valid():
        try:
            draft = versions.begin(request.team, _request(request, form))
            return redirect("lyric-draft", draft.pk)
        except FormAlreadyUsed as reason:
            form.start_anew(f"{reason} {SENT_BEFORE}")
    rows, older = lyrics_pages.page_of(request.team, request.GET.get("before", ""))
    context = {
        "form": form,
        "rows": rows,
        "older": older,
        "examples": EXAMPLES,
        "panel": person_panel.of(request.membership),
    }
    status = 422 if form and form.errors else 200
    return TemplateResponse(request, "generation/lyrics.html", context, status=status)


def _form(request: TeamRequest, initial: dict[str, object]) -> LyricsForm | None:
    """None for those who only read."""
    if request.membership.rights.may_create:
        return LyricsForm(request.POST or None, team=request.team, user=request.user, initial=initial)
    if request.method == "POST":
        raise PermissionDenied(READS)
    return None


def _request(request: TeamRequest, form: LyricsForm) -> versions.LyricsRequest:
    data = form.cleaned_data
    return versions.LyricsRequest(
        by=request.user,
        token=data["token"],
        account=data["account"],
        params=form.params,
        nonce=data["nonce"],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="see")
def draft(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """`?version=3` looks at that one, `&with=2` at what was changed since; POST saves what stands in the editor.

    POST with `?song=1` goes on to the song form with it.
    """
    found = _find(request, pk)
    if request.method == "POST" and not request.membership.rights.may_create:
        raise PermissionDenied(READS)
    editor = VersionForm(request.POST) if request.method == "POST" else None
    if editor is None:
        return _page(request, found)
    if not editor.is_valid():
        return _page(request, found, editor=editor)
    return _saved(request, found, editor)


def _saved(request: TeamRequest, found: LyricDraft, editor: VersionForm) -> HttpResponseBase:
    data = editor.cleaned_data
    version = versions.save(found, by=request.user, **{name: data[name] for name in TEXTS})
    if "song" in request.GET:
        return HttpResponseRedirect(f"{reverse('create')}?draft={found.pk}&version={version.number}")
    messages.success(request, _said(version, data["newest"]))
    return redirect("lyric-draft", found.pk)


def _said(version: LyricVersion, newest_then: int) -> str:
    if version.number == newest_then:
        return "Nothing was changed, so there is no new version."
    meanwhile = (
        " Other versions came meanwhile; they are saved, too." if version.number > newest_then + 1 else ""
    )
    return f"Saved as version {version.number}.{meanwhile}"


@require_POST
@team_view(needs="create")
def rewrite(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """Writes more lyrics for the same draft, from the idea as it is now."""
    found = _find(request, pk)
    form = LyricsForm(request.POST, team=request.team, user=request.user)
    if form.is_valid():
        try:
            versions.rewrite(found, _request(request, form))
            return redirect("lyric-draft", found.pk)
        except FormAlreadyUsed as reason:
            form.start_anew(f"{reason} {SENT_BEFORE}")
    return _page(request, found, form=form)


@require_POST
@team_view(needs="create")
def delete(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    found = _find(request, pk)
    words = lyrics_pages.title_of(found, found.versions.first())
    if versions.delete(found, words, by=request.user):
        undoable(request, f"Deleted {words}.", "delete-lyric-draft", draft=str(found.pk))
    return redirect("lyrics")


def _find(request: TeamRequest, pk: UUID) -> LyricDraft:
    drafts = LyricDraft.objects.for_team(request.team).live()
    return get_object_or_404(drafts.select_related("team", "made_by"), pk=pk)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 7 else None


def _page(
    request: TeamRequest,
    found: LyricDraft,
    *,
    editor: VersionForm | None = None,
    form: LyricsForm | None = None,
) -> HttpResponseBase:
    """`editor` and `form` are those in which something is wrong."""
    number, other = (_number(request.GET.get(name, "")) for name in ("version", "with"))
    if editor:
        number = _number(editor["version"].value() or "")
    view = DraftPage(found, request.membership, number=number, other=other)
    context = {
        "view": view,
        "may_write": request.membership.rights.may_create,
        "editor": editor or VersionForm(initial=_texts(view.shown)),
        "form": form or _lyrics_form(request, found),
        "wrong": editor or form,
        "panel": person_panel.of(request.membership),
    }
    status = 422 if editor or form else 200
    return TemplateResponse(request, "generation/lyric_draft.html", context, status=status)


def _texts(version: LyricVersion | None) -> dict[str, str]:
    return {name: getattr(version, name, "") for name in TEXTS}


def _lyrics_form(request: TeamRequest, found: LyricDraft) -> LyricsForm | None:
    """The form to ask again with, filled as it was asked last; None for those who only read."""
    if not request.membership.rights.may_create:
        return None
    asked = {"prompt": found.idea, "structure": found.structure}
    return LyricsForm(team=request.team, user=request.user, initial=asked)
