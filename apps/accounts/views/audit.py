"""/team/audit/: who did what in the team, when and from where. For its owners and admins."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps import transfers
from apps.accounts import audit_page
from apps.accounts.audit_page import AuditFilters, AuditPage
from apps.accounts.models import AuditEntry
from apps.accounts.permissions import TeamRequest, team_view


@require_safe
@team_view(needs="manage")
def audit(request: TeamRequest) -> HttpResponseBase:
    """`q`, `who`, `what`, `since`; `before` for an older page; `format=csv` for all of it as a file."""
    filters = AuditFilters.parse(request.GET)
    if request.GET.get("format") == "csv":
        return _file(request, filters)
    context = {
        "page": AuditPage(request.team, filters, request.GET.get("before", "")),
        "days": AuditEntry.STORED_FOR.days,
    }
    return TemplateResponse(request, "accounts/audit.html", context)


def _file(request: TeamRequest, filters: AuditFilters) -> HttpResponseBase:
    body = b"".join(audit_page.csv_lines(request.team, filters))
    try:
        response = transfers.whole(request, body, content_type="text/csv; charset=utf-8")
    except transfers.TooManyTransfers as busy:
        messages.error(request, transfers.message_for(busy, "download"))
        return redirect("audit")
    response["Content-Disposition"] = (
        f'attachment; filename="audit-trail-{timezone.now().date():%Y-%m-%d}.csv"'
    )
    response["Cache-Control"] = "private, no-store"
    return response
