"""/flow-accounts/: every Flow Music account under a token of the team."""

from collections import defaultdict
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import flow_accounts, tokens
from apps.accounts.access import TeamRequest, team_view
from apps.accounts.models import ApiToken, FlowAccount, User


@dataclass(frozen=True)
class Card:
    """An account as the page shows it. `owners` have a token for it in this team; `own`: the person is one of them."""

    account: FlowAccount
    owners: list[User]
    own: bool
    token_refused: bool

    @property
    def mending(self) -> str:
        return flow_accounts.mending(self.account)


@require_safe
@team_view(needs="see")
def account_list(request: TeamRequest) -> HttpResponseBase:
    left = FlowAccount.objects.for_team(request.team).credits_left()
    context = {"cards": _cards(request), "credits": left}
    return TemplateResponse(request, "accounts/flow_accounts.html", context)


@require_POST
@team_view(needs="create")
def check(request: TeamRequest, pk: int) -> HttpResponseBase:
    """Asks the API about one account, with the person's own token: never with a teammate's."""
    own = FlowAccount.objects.owned_by(request.user, request.team).select_related("subscription")
    account = get_object_or_404(own, pk=pk)
    token = (
        ApiToken.objects.for_team(request.team).owned_by(request.user).get(subscription=account.subscription)
    )
    error = flow_accounts.recheck(account, token=token)
    if error:
        messages.error(request, tokens.words_for(error))
    else:
        messages.success(request, f"Checked {account.email}.")
    return redirect("flow-accounts")


def _cards(request: TeamRequest) -> list[Card]:
    held: defaultdict[int, list[ApiToken]] = defaultdict(list)
    for token in ApiToken.objects.for_team(request.team).select_related("owner"):
        held[token.subscription_id].append(token)
    accounts = FlowAccount.objects.for_team(request.team).select_related("subscription")
    return [_card(account, held[account.subscription_id], request.user) for account in accounts]


def _card(account: FlowAccount, held: list[ApiToken], person: User) -> Card:
    return Card(
        account=account,
        owners=[token.owner for token in held],
        own=any(token.owner_id == person.pk for token in held),
        token_refused=all(token.refused_at for token in held),
    )
