"""/settings/tokens/<uuid>/lend/: a person lends a token of theirs to the team, changes how, and stops."""

from uuid import UUID

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from apps.accounts.lend_forms import LendForm
from apps.accounts.models import ApiToken, Lending
from apps.accounts.permissions import TeamRequest, ask_again, team_view
from apps.accounts.views.tokens import own_tokens

NOT = {"", "0", "off", "false", "no"}


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def lend(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """POST with `lent` lends it or changes how it is lent; without it, it is not lent from then on."""
    token = _own_token(request, pk)
    if request.method != "POST":
        return _page(request, token, LendForm(token=token))
    if request.POST.get("lent", "").lower() in NOT:
        return _stopped(request, token)
    form = LendForm(request.POST, token=token)
    if not form.is_valid():
        return _page(request, token, form)
    ask_again(request)
    if Lending.lend(token, form.terms, by=request.user):
        _mail(request, token, lent=True)
    messages.success(request, f"Token …{token.last4} is lent to the team as you say.")
    return redirect("tokens")


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def stop(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """GET says what it means, POST stops it. It takes nothing from anybody but what they could spend, so no password
    is asked for: whoever wants it stopped wants that now."""
    token = _own_token(request, pk)
    if not hasattr(token, "lending"):
        return redirect("tokens")
    if request.method != "POST":
        return TemplateResponse(request, "accounts/token_lend_stop.html", {"token": token})
    return _stopped(request, token)


def _stopped(request: TeamRequest, token: ApiToken) -> HttpResponseBase:
    lending: Lending | None = getattr(token, "lending", None)
    if lending and lending.stop(by=request.user):
        _mail(request, token, lent=False)
        messages.success(request, f"Token …{token.last4} is not lent any more.")
    return redirect("tokens")


def _mail(request: TeamRequest, token: ApiToken, *, lent: bool) -> None:
    """Somebody else may have done it, in the name of whose money it is."""
    context = {"token": token, "lent": lent, "team": request.team}
    get_adapter().send_notification_mail("account/email/lending_changed", request.user, context)


def _own_token(request: TeamRequest, pk: UUID) -> ApiToken:
    own = own_tokens(request).select_related("subscription", "team", "owner", "lending")
    return get_object_or_404(own, pk=pk)


def _page(request: TeamRequest, token: ApiToken, form: LendForm) -> TemplateResponse:
    context = {"token": token, "form": form}
    return TemplateResponse(request, "accounts/token_lend.html", context, status=422 if form.errors else 200)
