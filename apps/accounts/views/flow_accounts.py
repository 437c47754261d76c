"""/flow-accounts/: every Flow Music account under a token of the team, and the page of each."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import account_lookup, account_sync, tokens, usage_sync, visibility
from apps.accounts.models import ApiToken, FlowAccount, Team, User
from apps.accounts.models.subscriptions import credits_left
from apps.accounts.permissions import TeamRequest, team_view
from apps.prepared import prepared

Block = FlowAccount.Block
# What was asked for in the last minute is shown as it is.
FRESH = timedelta(minutes=1)
TokensBySubscription = defaultdict[int, list[ApiToken]]


@dataclass(frozen=True)
class AccountCard:
    """An account as the pages show it. `owners` have a token for it in this team; `own`: the person is one of them.

    `query` belongs behind its addresses where its e-mail alone doesn't name it.
    """

    account: FlowAccount
    owners: list[User]
    own: bool
    token_refused: bool
    query: str = ""

    @property
    def address(self) -> str:
        return reverse("flow-account", args=[self.account.email]) + self.query

    @property
    def is_gone(self) -> bool:
        return self.account.block == Block.GONE

    @property
    def is_broken(self) -> bool:
        return self.account.block == Block.ERROR


@require_safe
@team_view(needs="see")
def account_list(request: TeamRequest) -> HttpResponseBase:
    stale = request.membership.rights.may_create and _is_stale(request)
    return TemplateResponse(request, "accounts/flow_accounts.html", _list(request) | {"stale": stale})


@require_POST
@team_view(needs="create")
def check_all(request: TeamRequest) -> HttpResponseBase:
    """What useapi.net says now of everything under the person's own tokens. The page asks by itself when it opens."""
    errors = [error for token in _own_tokens(request) if (error := account_sync.refresh(token))]
    _read_usage(request)
    if request.wants_partial:
        words = tokens.message_for(errors[0]) if errors else ""
        return TemplateResponse(request, "accounts/_accounts.html", _list(request) | {"check_error": words})
    for error in errors:
        messages.error(request, tokens.message_for(error))
    if not errors:
        messages.success(request, "Checked: this is what useapi.net says now.")
    return redirect("flow-accounts")


@require_POST
@team_view(needs="create")
def check(request: TeamRequest, email: str) -> HttpResponseBase:
    """Asks the API about one account, with the person's own token: never with a teammate's."""
    card = card_of(request, email)
    own = account_lookup.own_token(card.account, team=request.team, user=request.user, may_be_refused=True)
    error = account_sync.recheck(card.account, token=own)
    if error:
        messages.error(request, tokens.message_for(error))
    else:
        messages.success(request, f"Checked {card.account.email}.")
    return redirect(card.address if "page" in request.POST else "flow-accounts")


def card_of(request: TeamRequest, email: str) -> AccountCard:
    """Of the account that the address means. Raises Http404."""
    on = request.GET.get("on", "")
    account = account_lookup.find(email, team=request.team, user=request.user, on=on)
    card = _card(account, _tokens_for(request.team, account.subscription_id), request.user)
    return replace(card, query=f"?on={on}" if on else "")


@prepared
def _tokens_for(team: Team, subscription_id: int) -> "QuerySet[ApiToken]":
    return ApiToken.objects.for_team(team).filter(subscription=subscription_id).select_related("owner")


def _own_tokens(request: TeamRequest) -> "QuerySet[ApiToken]":
    """The person's own that work."""
    own = ApiToken.objects.for_team(request.team).owned_by(request.user).working()
    return own.select_related("subscription")


def _read_usage(request: TeamRequest) -> None:
    """What was charged stands below the accounts: read by the worker where it is old, with the person's own tokens."""
    now = timezone.now()
    mine = FlowAccount.objects.filter(subscription__in=_own_tokens(request).values("subscription"))
    old = [account for account in mine if usage_sync.is_stale(account, now, ended_at=None)]
    usage_sync.want(old, team=request.team, by=request.user)


def _is_stale(request: TeamRequest) -> bool:
    """Under one of them something was last asked for a while ago."""
    before = timezone.now() - FRESH
    return bool(_unchecked(request.team, request.user, before))


@prepared
def _unchecked(team: Team, user: User, before: datetime) -> "QuerySet[ApiToken, UUID]":
    own = ApiToken.objects.for_team(team).owned_by(user).working()
    return own.filter(Q(checked_at=None) | Q(checked_at__lt=before)).values_list("pk", flat=True)[:1]


def _list(request: TeamRequest) -> dict[str, object]:
    by_subscription, accounts = _tokens_by_subscription(request), visibility.live(request.team)
    cards = _cards(accounts, by_subscription, request.user)
    return {
        "cards": [card for card in cards if not card.is_gone],
        "gone": [card for card in cards if card.is_gone],
        "ended": _ended(request, by_subscription),
        "credits": credits_left(accounts),
        "check_error": "",
    }


def _ended(request: TeamRequest, by_subscription: TokensBySubscription) -> list[AccountCard]:
    """Accounts for which no token of the team works any more, as they were then."""
    accounts = visibility.ended(request.team)
    return [
        _card(each, by_subscription[each.subscription_id], request.user, query=f"?on={each.subscription_id}")
        for each in accounts
    ]


def _tokens_by_subscription(request: TeamRequest) -> TokensBySubscription:
    """The team's tokens by subscription."""
    by_subscription: TokensBySubscription = defaultdict(list)
    for token in _tokens_of(request.team):
        by_subscription[token.subscription_id].append(token)
    return by_subscription


@prepared
def _tokens_of(team: Team) -> "QuerySet[ApiToken]":
    return ApiToken.objects.for_team(team).select_related("owner")


def _cards(
    accounts: list[FlowAccount], by_subscription: TokensBySubscription, person: User
) -> list[AccountCard]:
    named = Counter(account.email for account in accounts)
    return [
        _card(
            account,
            by_subscription[account.subscription_id],
            person,
            query=f"?on={account.subscription_id}" if named[account.email] > 1 else "",
        )
        for account in accounts
    ]


def _card(account: FlowAccount, tokens_here: list[ApiToken], person: User, *, query: str = "") -> AccountCard:
    return AccountCard(
        account=account,
        owners=[token.owner for token in tokens_here],
        own=any(token.owner_id == person.pk for token in tokens_here),
        token_refused=bool(tokens_here) and all(token.refused_at for token in tokens_here),
        query=query,
    )
