"""Shows the references beside the song form, and sends one to the account of the others."""

import uuid

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.create import reference_picker
from apps.generation.create import views as create_views
from apps.generation.create.forms import SongForm
from apps.generation.create.prefill import Prefill
from apps.generation.references import fields, uploads
from apps.generation.references.forms import sender_to
from apps.library.input_names import InvalidInput
from apps.library.models import ReferenceFile
from apps.uuids import uuid_or_none

NOWHERE = "You have no API token with which it can be sent there, and none is lent to you for files."


@require_safe
@team_view(needs="create")
def choices(request: TeamRequest) -> HttpResponseBase:
    """The list alone, as it is now; what is chosen stands in the page that asks."""
    form = SongForm(team=request.team, user=request.user, initial={"email": request.GET.get("email", "")})
    context = {"picker": reference_picker.of_form(form)}
    return TemplateResponse(request, "generation/_references_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def send(request: TeamRequest) -> HttpResponseBase:
    """The file of the button that was pressed (`send`), to the account of the chosen ones; the form as it was typed."""
    if request.method != "POST":
        return redirect("create")
    files = ReferenceFile.objects.for_team(request.team).live()
    file = get_object_or_404(files, pk=uuid_or_none(request.POST.get("send", "")))
    chosen = fields.numbered(fields.listed(request.POST))
    typed = {name: value for name, value in request.POST.items() if name not in fields.NAMES}
    form = SongForm(team=request.team, user=request.user, initial=typed | chosen)
    target = reference_picker.of_form(form).target
    sender = sender_to(target, team=request.team, user=request.user, nonce=uuid.uuid4()) if target else None
    try:
        if sender is None:
            raise InvalidInput(NOWHERE)
        taken = uploads.send_on(file, sender)
        messages.success(request, f"{taken.words} Once it is there, it can be chosen.")
    except InvalidInput as error:
        messages.error(request, f"{file}: {error}")
    return create_views.page(request, form, Prefill())
