"""Connecting a Flow Music account, connecting it again, and its page, where the number of parallel jobs is changed.

The refresh token is read from the form, handed on once and never put back into a page.
"""

from typing import TypeGuard

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts import account_connection, account_lookup, account_sync
from apps.accounts.api_clients import NoToken
from apps.accounts.forms import ConnectForm, JobsForm
from apps.accounts.models import ApiToken
from apps.accounts.permissions import TeamRequest, allows, team_view
from apps.accounts.views.flow_accounts import AccountCard, card_of
from apps.plural import counted
from apps.upstream import errors

# Else the browser takes the session away from the API again (setup-flowmusic.md).
AFTERWARDS = (
    "Clear the cookies of Flow Music in the browser that you took the token from, and don’t sign out there."
)


@sensitive_post_parameters("refresh_token")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def add(request: TeamRequest) -> HttpResponseBase:
    """A new account under one of the person's own tokens."""
    own = (
        ApiToken.objects.for_team(request.team).owned_by(request.user).select_related("subscription", "team")
    )
    form = ConnectForm(_posted(request), tokens=own)
    if request.method == "POST" and form.is_valid():
        done = _connect(request, form, form.cleaned_data["token"])
        if done:
            return redirect(_page_of(done))
    return _form_page(request, "accounts/account_add.html", {"form": form, "has_token": own.exists()})


@sensitive_post_parameters("refresh_token")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def connect_again(request: TeamRequest, email: str) -> HttpResponseBase:
    """The same for an account that is here: in error, gone, or to be given another number of jobs."""
    card = card_of(request, email)
    token = account_lookup.own_token(card.account, team=request.team, user=request.user)
    form = ConnectForm(_posted(request), initial={"maxJobs": card.account.max_jobs})
    if request.method == "POST" and form.is_valid():
        done = _connect(request, form, token)
        if done:
            _say_if_another(request, card, done)
            return redirect(_page_of(done))
    return _form_page(request, "accounts/account_connect.html", {"form": form, "card": card})


@sensitive_post_parameters("refresh_token")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="see")
def account(request: TeamRequest, email: str) -> HttpResponseBase:
    """The page of one account. POST changes `maxJobs`, alone if useapi.net allows it."""
    card = card_of(request, email)
    if request.method != "POST":
        return _account_page(request, card, JobsForm(initial={"maxJobs": card.account.max_jobs}))
    if not allows(request.membership.rights, "create"):
        raise PermissionDenied("You can listen in this team, but not change its accounts.")
    token = account_lookup.own_token(card.account, team=request.team, user=request.user)
    form = JobsForm(request.POST)
    if form.is_valid() and _change(request, card, form, token):
        return redirect(card.address)
    return _account_page(request, card, form)


def _posted(request: TeamRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _connect(
    request: TeamRequest, form: ConnectForm | JobsForm, token: ApiToken
) -> account_connection.Connected | None:
    """None when it was refused, which the form then says."""
    try:
        done = account_connection.connect(
            form.cleaned_data["refresh_token"],
            max_jobs=form.cleaned_data["maxJobs"],
            token=token,
            by=request.user,
        )
    except (errors.UpstreamError, NoToken) as error:
        if _is_about_the_token(error):
            form.add_error("refresh_token", account_connection.refused(error))
        else:
            form.add_error(None, account_connection.message_for(error, doing="connected"))
        return None
    again = " again" if done.was_known else ""
    words = f"{done.account.email} is connected{again}. What waited for it continues. {AFTERWARDS}"
    messages.success(request, words, extra_tags="stays")
    return done


def _change(request: TeamRequest, card: AccountCard, form: JobsForm, token: ApiToken) -> bool:
    """With the refresh token only if useapi.net has asked for it."""
    wanted = form.cleaned_data["maxJobs"]
    if form.cleaned_data["refresh_token"]:
        done = _connect(request, form, token)
        if done:
            _say_if_another(request, card, done)
        return done is not None
    try:
        account_connection.change(card.account, max_jobs=wanted, token=token, by=request.user)
    except (errors.UpstreamError, NoToken) as error:
        if _is_about_the_token(error):
            form.ask_for_token()
        else:
            form.add_error(None, account_connection.message_for(error, doing="changed"))
        return False
    messages.success(request, f"{card.account.email} now runs up to {counted(wanted, 'parallel job')}.")
    return True


def _is_about_the_token(error: account_sync.Trouble) -> TypeGuard[errors.Rejected]:
    """400: there is no refresh token, or none that Flow Music takes (post-flowmusic-accounts.md)."""
    return isinstance(error, errors.Rejected) and error.status == 400


def _say_if_another(request: TeamRequest, card: AccountCard, done: account_connection.Connected) -> None:
    """Whose refresh token it is, only useapi.net knows."""
    if done.account.email != card.account.email:
        messages.error(
            request,
            f"That refresh token belongs to {done.account.email}. {card.account.email} still needs its own: "
            "sign in to Google with that address first.",
        )


def _page_of(done: account_connection.Connected) -> str:
    address = reverse("flow-account", args=[done.account.email])
    return f"{address}?on={done.account.subscription_id}"


def _account_page(request: TeamRequest, card: AccountCard, form: JobsForm) -> HttpResponseBase:
    if card.account.as_of is None:
        card.account.refresh_from_db()
    return _form_page(
        request, "accounts/flow_account.html", {"card": card, "account": card.account, "form": form}
    )


def _form_page(request: TeamRequest, template: str, context: dict[str, object]) -> HttpResponseBase:
    form = context["form"]
    wrong = isinstance(form, ConnectForm | JobsForm) and form.errors
    return TemplateResponse(request, template, context, status=422 if wrong else 200)
