"""/jobs/<uuid>/adopt/: searching for a lost song among the newest ones of its account, and taking it."""

from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.job_pages.views import find_to_decide, job_page
from apps.generation.models import Job, LostSongSearch
from apps.generation.recovery import adoption, candidates


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def adopt(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """POST with `look` has the list read; with `clip`, once or twice, these become the takes of the job."""
    found = find_to_decide(request, pk)
    if request.method != "POST":
        return _page(request, found)
    if not adoption.may_adopt(found):
        return _page(request, found, adoption.FOUND)
    if "look" in request.POST:
        candidates.start_search(found, by=request.user)
        return redirect("job-adopt", pk=found.pk)
    chosen = request.POST.getlist("clip")
    if not chosen:
        return _page(request, found, "Choose which one it is.")
    if len(chosen) > adoption.most(found):
        few = "one take" if adoption.most(found) == 1 else "two takes"
        return _page(request, found, f"It can have {few} at most. Choose no more.")
    try:
        adoption.adopt(found, chosen, by=request.user)
    except adoption.NotAdopted as error:
        found.refresh_from_db()
        return _page(request, found, str(error))
    return redirect("job", pk=found.pk)


def _page(request: TeamRequest, found: Job, problem: str = "") -> HttpResponseBase:
    search = LostSongSearch.objects.filter(job=found).first()
    context = {
        "search": search,
        "candidates": adoption.candidates(found, search) if search else [],
        "may_adopt": adoption.may_adopt(found),
        "most": adoption.most(found),
        "chosen": request.POST.getlist("clip"),
        "problem": problem,
    }
    return job_page(request, found, "generation/job_adopt.html", status=422 if problem else 200, **context)
