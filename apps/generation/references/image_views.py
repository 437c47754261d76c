"""Creating an image, which becomes a reference file."""

from django.db.models import QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.accounts import lending
from apps.accounts.models import Team
from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.job_pages import person_panel
from apps.generation.jobs.requests import FormAlreadyUsed
from apps.generation.models import Job
from apps.generation.references import image_requests, uploads
from apps.generation.references import page as references_page
from apps.generation.references.forms import ImageForm
from apps.library.models import ReferenceFile
from apps.prepared import prepared
from apps.uuids import uuid_or_none

SHOWN = 12


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def image(request: TeamRequest) -> HttpResponseBase:
    """GET /create/image/ shows the form (`?from=` a job of an image, `?prompt=`), POST queues it.

    The form stays as it was: the page after sending is filled from what was sent (`&sent=1`).
    """
    initial = {} if request.method == "POST" else _begin(request)
    form = ImageForm(request.POST or None, team=request.team, user=request.user, initial=initial)
    if not form.tokens and request.method != "POST":
        return redirect("tokens")
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            file = image_requests.begin(
                team=request.team,
                by=request.user,
                token=data["token"],
                account=data["account"],
                prompt=data["prompt"].strip(),
                nonce=data["nonce"],
            )
            job = Job.objects.get(file=file, operation=image_requests.IMAGE, nonce=data["nonce"])
            return HttpResponseRedirect(f"{reverse('image')}?from={job.pk}&sent=1#file-{file.pk}")
        except FormAlreadyUsed as reason:
            form.start_anew(f"{reason} Nothing more was sent. Send it once more to create this as well.")
    return _page(request, form)


def _begin(request: TeamRequest) -> dict[str, object]:
    if "from" not in request.GET:
        return {"prompt": request.GET.get("prompt", "")[: image_requests.PROMPT_LIMIT]}
    pk = uuid_or_none(request.GET["from"])
    jobs = Job.objects.for_team(request.team).filter(operation=image_requests.IMAGE).select_related("account")
    return image_requests.filled_as(get_object_or_404(jobs, pk=pk))


def _page(request: TeamRequest, form: ImageForm) -> HttpResponseBase:
    context = {
        "form": form,
        "lines": references_page.lines_of(_newest(request.team), request.membership),
        "accounts": lending.usable_accounts(request.team, request.user, uploads.UPLOAD),
        "panel": person_panel.of(request.membership),
        "nonce": form["nonce"].value(),
        "is_sent": "sent" in request.GET and not form.errors,
    }
    return TemplateResponse(request, "generation/image.html", context, status=422 if form.errors else 200)


@prepared
def _newest(team: Team) -> QuerySet[ReferenceFile]:
    made = ReferenceFile.objects.for_team(team).live().filter(origin=ReferenceFile.Origin.MADE)
    return made.select_related("account", "added_by")[:SHOWN]
