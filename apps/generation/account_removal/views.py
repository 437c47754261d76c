"""/flow-accounts/<email>/remove/: removing an account after its jobs are done."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.accounts import account_connection, account_lookup
from apps.accounts.api_clients import NoToken
from apps.accounts.permissions import TeamRequest, ask_again, team_view
from apps.generation.account_removal import removal
from apps.upstream.errors import UpstreamError


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def remove(request: TeamRequest, email: str) -> HttpResponseBase:
    """GET says what it means, and which jobs hold the account."""
    on = request.GET.get("on", "")
    account = account_lookup.find(email, team=request.team, user=request.user, on=on)
    token = account_lookup.own_token(account, team=request.team, user=request.user)
    address = reverse("flow-account", args=[account.email]) + (f"?on={on}" if on else "")
    problem = ""
    if request.method == "POST":
        ask_again(request)
        try:
            removal.remove(account, token=token, by=request.user)
        except removal.AccountBusy:
            problem = "A job is running on it, so it was not removed. Nothing was changed."
        except removal.RemovalUnknown:
            messages.error(
                request,
                f"useapi.net sent no usable response: {account.email} may be removed. It is not used until "
                "useapi.net says whether it still has it, which is being checked now.",
            )
            return redirect(address)
        except (UpstreamError, NoToken) as error:
            problem = account_connection.message_for(error, doing="removed")
        else:
            messages.success(request, f"{account.email} is removed. Its songs stay.")
            return redirect("flow-accounts")
    context = {
        "account": account,
        "address": address,
        "needs": removal.needs(account, request.team),
        "problem": problem,
        "query": f"?on={on}" if on else "",
    }
    return TemplateResponse(
        request, "generation/account_remove.html", context, status=422 if problem else 200
    )
