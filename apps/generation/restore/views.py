"""/jobs/restored/: after a restored backup, what may have been sent since, and the decision about it."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.restore import guard
from apps.generation.restore import page as restore_page

SEARCH_FIRST = (
    "Nothing was requeued. Search Flow Music first; what may be among its songs is compared one by one."
)


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="manage")
def restored(request: TeamRequest) -> HttpResponseBase:
    """POST with `do` (search, requeue, close: of each `job`; or resume) decides, GET shows what is known."""
    if request.method == "POST":
        _decide(request, request.POST.get("do", ""))
        return redirect("jobs-restored")
    return TemplateResponse(request, "generation/restored.html", {"page": restore_page.of_team(request.team)})


def _decide(request: TeamRequest, wanted: str) -> None:
    team, by = request.team, request.user
    jobs = restore_page.chosen(team, request.POST.getlist("job"))
    if wanted == "resume":
        if guard.resume(team, by=by):
            messages.success(request, "Sending is resumed.")
    elif not jobs:
        messages.error(request, "Choose at least one job.")
    elif wanted == "search":
        restore_page.search(jobs, by=by)
    elif wanted == "requeue":
        done = restore_page.requeue(jobs, by=by)
        messages.success(request, f"Requeued: {done}.") if done else messages.error(request, SEARCH_FIRST)
    elif wanted == "close":
        messages.success(request, f"Marked as lost: {restore_page.close(jobs, by=by)}.")
