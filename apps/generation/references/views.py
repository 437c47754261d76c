"""The page of reference files, and what is done there: sending, sending on, trying again, deleting."""

import uuid
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import lending
from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.lending_requests import views as lending_requests
from apps.generation.references import page as references_page
from apps.generation.references import upload_stream, uploads
from apps.generation.references.forms import UploadForm, sender_to
from apps.generation.references.upload_stream import Received, Refused
from apps.generation.references.uploads import NotNow, Sender
from apps.library import references
from apps.library.archiving import file_types
from apps.library.curation.undo import undoable
from apps.library.input_names import InvalidInput
from apps.library.models import ReferenceFile
from apps.library.redirects import back
from apps.uuids import uuid_or_none

TOKENLESS = (
    "You have no API token for this account, and none is lent to you for files. Add one under API tokens."
)
TOO_LARGE, NOT_YET = 413, 503


@require_safe
@team_view(needs="see")
def files(request: TeamRequest) -> HttpResponseBase:
    """`?on=` an account, `?kind=` image or audio, `?before=` where the page begins."""
    return _page(request)


def _page(request: TeamRequest, wrong: list[Refused] | None = None, status: int = 200) -> TemplateResponse:
    on, kind = request.GET.get("on", ""), request.GET.get("kind", "")
    may_create = request.membership.rights.may_create
    form = UploadForm(team=request.team, user=request.user)
    context: dict[str, Any] = {
        "shown": references_page.of_team(
            request.membership,
            on=on,
            kind=kind,
            place=request.GET.get("before", ""),
            usable=form.accounts if may_create else None,
        ),
        "form": form if may_create else None,
        "accounts": form.accounts if may_create else [],
        "on": on,
        "kind": kind,
        "wrong": wrong or [],
        "deleted": references.deleted(request.team)[: references_page.PER_PAGE],
        "limits": {"image": file_types.MOST_IMAGE, "audio": file_types.MOST_AUDIO},
        "nonce": uuid.uuid4(),
    }
    return TemplateResponse(request, "generation/files.html", context, status=status)


def _too_long(request: HttpRequest, refused: Refused) -> HttpResponseBase:
    """The body was not read: it is longer than anything that is taken, or others are being read."""
    status = NOT_YET if refused.again else TOO_LARGE

    @require_POST
    @team_view(needs="create")
    def answer(request: TeamRequest) -> HttpResponseBase:
        return _answer(request, [], [refused], status=status)

    return answer(request)


@upload_stream.takes_files(_too_long)
@require_POST
@team_view(needs="create")
def upload(request: TeamRequest) -> HttpResponseBase:
    """Files of a form, or one as the body with its fields in a header; answers that with JSON."""
    is_form = request.content_type == "multipart/form-data"
    fields = request.POST if is_form else QueryDict(request.headers.get("X-Fields", ""))
    form = UploadForm(fields, team=request.team, user=request.user)
    received, refused = upload_stream.of_form(request) if is_form else ([], [])
    try:
        if not form.is_valid():
            return _answer(request, [], [Refused("", form.problem, again=True)])
        if not is_form:
            one = upload_stream.of_body(request, fields.get("name", "")[:1000])
            received, refused = ([one], []) if isinstance(one, Received) else ([], [one])
        said, also_refused = _take_in(received, form)
        if not received and not refused:
            also_refused = [Refused("", "Choose a file first.")]
        return _answer(request, said, refused + also_refused)
    finally:
        for each in received:
            each.copy.close()


def _take_in(received: list[Received], form: UploadForm) -> tuple[list[str], list[Refused]]:
    said, refused = [], []
    for index, each in enumerate(received):
        sender = form.sender(index)
        try:
            if sender is None:
                raise NotNow(TOKENLESS)
            taken = uploads.take_in(each, sender, strip_metadata=form.cleaned_data["stripMetadata"])
            said.append(taken.words)
        except InvalidInput as error:
            refused.append(Refused(each.name, str(error), again=isinstance(error, NotNow)))
    return said, refused


def _answer(
    request: TeamRequest, said: list[str], refused: list[Refused], status: int = 422
) -> HttpResponseBase:
    if request.content_type != "multipart/form-data":
        words = " ".join([*said, *(each.words for each in refused)])
        again = any(each.again for each in refused)
        answer = JsonResponse(
            {"ok": not refused, "words": words, "again": again}, status=status if refused else 200
        )
        return upload_stream.drained(answer, request) if refused and status != NOT_YET else answer
    for words in said:
        messages.success(request, words)
    return _page(request, refused, status) if refused else redirect("files")


@require_POST
@team_view(needs="create")
def send(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """To another account (`email`), from our own copy."""
    file = _find(request, pk)
    email = request.POST.get("email", "")
    usable = lending.usable_accounts(request.team, request.user, uploads.UPLOAD)
    account = next((each for each in usable if each.email == email), None)
    sender = sender_to(account, team=request.team, user=request.user, nonce=uuid.uuid4()) if account else None
    return _done(request, file, sender, lambda ready: uploads.send_on(file, ready))


@require_POST
@team_view(needs="create")
def retry(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """From our own copy, to where it was to go; with `strip`, without the data that it was refused for."""
    file = _find(request, pk)
    strip = True if request.POST.get("strip") else None
    sender = None
    if file.account:
        nonce = _nonce(request, pk)
        sender = sender_to(file.account, team=request.team, user=request.user, nonce=nonce)
    return _done(request, file, sender, lambda ready: uploads.try_again(file, ready, strip_metadata=strip))


def _done(request: TeamRequest, file: ReferenceFile, sender: Sender | None, do: Any) -> HttpResponseBase:
    try:
        if sender is None:
            raise InvalidInput(TOKENLESS)
        taken = do(sender)
    except InvalidInput as error:
        messages.error(request, f"{file}: {error}")
        return back(request, "files")
    messages.success(request, taken.words)
    return back(request, "files", at=f"file-{taken.file.pk}")


@require_POST
@team_view(needs="create")
def ask(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """Somebody whose token could pay for a song with it, to lend theirs."""
    lending_requests.ask(request, _find(request, pk), "music")
    return back(request, "files", at=f"file-{pk}")


@require_POST
@team_view(needs="create")
def delete(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    file = _find(request, pk)
    if uploads.delete(file, by=request.user):
        words = f"“{file}” is deleted here. The copy at Flow Music is not deleted."
        undoable(request, words, "delete-file", file=str(file.pk))
    return back(request, "files")


@require_POST
@team_view(needs="create")
def restore(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    try:
        file = references.restore(request.team, str(pk), by=request.user)
        messages.success(request, f"“{file}” is restored.")
    except InvalidInput as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(f"{reverse('files')}#file-{pk}")


def _nonce(request: TeamRequest, pk: UUID) -> UUID:
    """Of the page that asked, for this file: a second click asks for nothing more."""
    form = uuid_or_none(request.POST.get("nonce", ""))
    return uuid.uuid5(form, str(pk)) if form else uuid.uuid4()


def _find(request: TeamRequest, pk: UUID) -> ReferenceFile:
    files = ReferenceFile.objects.for_team(request.team).live().select_related("account")
    return get_object_or_404(files, pk=pk)
