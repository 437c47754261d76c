"""/settings/tokens/: a person's own tokens in the team that they are in."""

from collections import defaultdict
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, prefetch_related_objects
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import account_sync, lending, tokens, two_step, visibility
from apps.accounts.forms import TokenForm
from apps.accounts.models import ApiToken, FlowAccount, Team, User
from apps.accounts.permissions import TeamRequest, ask_again, is_confirmed, team_view
from apps.prepared import prepared
from apps.upstream.errors import UpstreamError
from apps.upstream.token import Token

# What stands in the form for somebody who tries the sandbox: short, so that the first song is there soon.
EXAMPLE = "Slow disco with a brushed snare and upright bass, a tired female voice, 96 bpm [short]"


@sensitive_post_parameters("token")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="see")
def token_list(request: TeamRequest) -> HttpResponseBase:
    if request.method != "POST":
        return _page(request, TokenForm())
    if not request.membership.rights.may_create:
        raise PermissionDenied("You can listen in this team, but not add an API token.")
    if not _may_add(request):
        messages.warning(request, "Nothing was saved: confirm that it is you, then paste the token again.")
        return redirect(_confirm_address())
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    refused = _add(request, form.cleaned_data["token"], endpoint=tokens.endpoint())
    if refused:
        form.refuse(refused)
        return _page(request, form)
    return redirect("tokens")


@require_POST
@team_view(needs="create")
def try_sandbox(request: TeamRequest) -> HttpResponseBase:
    """Adds the sandbox's token: the same way as a real one, for which nobody pays."""
    endpoint = tokens.sandbox_endpoint()
    if not endpoint:
        raise Http404("This site has no sandbox.")
    is_first = not own_tokens(request).exists()
    refused = _add(request, tokens.of_sandbox(request.team), endpoint=endpoint)
    if refused:
        return _page(request, TokenForm(), sandbox_refused=refused)
    return redirect(f"{reverse('create')}?{urlencode({'prompt': EXAMPLE})}" if is_first else "tokens")


@require_POST
@team_view(needs="see")
def check(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    token = _own_token(request, pk)
    error = account_sync.refresh(token)
    if request.wants_partial:
        (token,) = _with_accounts(request, [*own_tokens(request).filter(pk=token.pk)])
        context = {"token": token, "check_error": tokens.message_for(error) if error else ""}
        return TemplateResponse(request, "accounts/_token.html", context)
    if error:
        messages.error(request, tokens.message_for(error))
    else:
        messages.success(request, f"Checked token …{token.last4}.")
    return redirect("tokens")


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="see")
def remove(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    token = _own_token(request, pk)
    if request.method != "POST":
        return TemplateResponse(request, "accounts/token_remove.html", {"token": token})
    ask_again(request)
    tokens.remove(token, by=request.user)
    messages.success(request, f"Token …{token.last4} is erased.")
    return redirect("tokens")


def _may_add(request: TeamRequest) -> bool:
    """Whoever is new has just chosen a password, and has nothing that another token could stand in for."""
    return tokens.is_new_with_none(request.user) or is_confirmed(request)


def _confirm_address() -> str:
    return f"{reverse('account_reauthenticate')}?{urlencode({'next': reverse('tokens')})}"


def own_tokens(request: TeamRequest) -> "QuerySet[ApiToken]":
    return _own_tokens(request.team, request.user)


def _own_tokens(team: Team, user: User) -> "QuerySet[ApiToken]":
    return ApiToken.objects.for_team(team).owned_by(user).select_related("subscription", "lending")


_tokens_of = prepared(_own_tokens)


def _own_token(request: TeamRequest, pk: UUID) -> ApiToken:
    return get_object_or_404(own_tokens(request), pk=pk)


def _add(request: TeamRequest, token: Token, *, endpoint: str) -> str:
    """Why the remote side didn't take it, in words; "" if it is kept now."""
    try:
        taken = tokens.add(token, team=request.team, owner=request.user, endpoint=endpoint)
    except UpstreamError as error:
        return tokens.message_for_new(error)
    messages.success(request, tokens.WELCOME[taken.outcome].format(token=taken.token))
    return ""


def _with_accounts(request: TeamRequest, found: list[ApiToken]) -> list[ApiToken]:
    """Each with the `accounts` under it, as the team sees them: what it doesn't any more is as of then. One that
    is lent has its people, and what they spent of it."""
    seen: defaultdict[int, list[FlowAccount]] = defaultdict(list)
    for account in [*visibility.live(request.team), *visibility.ended(request.team)]:
        seen[account.subscription_id].append(account)
    for token in found:
        token.accounts = seen[token.subscription_id]
    _with_lending([each for each in found if hasattr(each, "lending")])
    return found


def _with_lending(lent: list[ApiToken]) -> None:
    spent = lending.spent_this_month(each.pk for each in lent)
    for token in lent:
        token.spent = spent.get(token.pk, 0)
    chosen = [each.lending for each in lent if not each.lending.is_for_everyone]
    prefetch_related_objects(chosen, "members__user")


def _page(request: TeamRequest, form: TokenForm, *, sandbox_refused: str = "") -> TemplateResponse:
    """The list, or the first steps while there is nothing to list."""
    own = _with_accounts(request, _tokens_of(request.team, request.user))
    may_create = request.membership.rights.may_create
    context = {
        "tokens": own,
        "may_create": may_create,
        "lacks_password": not request.user.has_usable_password()
        and not two_step.has_passkey(request.user.pk),
        "confirm_address": "" if not may_create or _may_add(request) else _confirm_address(),
        "lent_to_me": lending.lent_to(request.user, request.team),
        "form": form,
        "sandbox": bool(tokens.sandbox_endpoint()) and not any(t.subscription.is_sandbox for t in own),
        "sandbox_refused": sandbox_refused,
    }
    template = "accounts/tokens.html" if own else "accounts/first_run.html"
    return TemplateResponse(request, template, context, status=422 if form.errors or sandbox_refused else 200)
