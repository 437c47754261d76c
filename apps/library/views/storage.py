"""/library/storage/: how much the team stores, and the limit that whoever manages it may set."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from apps.accounts.permissions import TeamRequest, allows, team_view
from apps.library.archiving import quota
from apps.library.forms import LimitForm, in_gigabytes
from apps.library.models import Clip


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="see")
def storage(request: TeamRequest) -> HttpResponseBase:
    usage = quota.usage(request.team)
    if request.method != "POST":
        return _page(request, usage, LimitForm(initial=in_gigabytes(usage.limit)))
    if not allows(request.membership.rights, "manage"):
        raise PermissionDenied("Only an owner or admin of this team can change its limit.")
    form = LimitForm(request.POST)
    if not form.is_valid():
        return _page(request, usage, form)
    quota.set_limit(request.team, form.bytes())
    messages.success(request, "The limit is changed." if form.bytes() else "There is no limit now.")
    return redirect("storage")


def _page(request: TeamRequest, usage: quota.Usage, form: LimitForm) -> HttpResponseBase:
    context = {
        "usage": usage,
        "form": form,
        "takes": Clip.objects.for_team(request.team).count(),
        "parts": quota.parts(request.team),
        "in_trash": quota.in_trash(request.team),
        "waiting": quota.waiting(request.team) if usage.is_full else 0,
        "may_manage": allows(request.membership.rights, "manage"),
    }
    return TemplateResponse(request, "library/storage.html", context, status=422 if form.errors else 200)
