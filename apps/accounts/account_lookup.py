"""Which Flow Music account an address means. Addresses name accounts by e-mail, which a team may hold more than once:
under two subscriptions. Then the person's own goes first, and `?on=` names the subscription."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from django.core.exceptions import PermissionDenied
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.http import Http404
from django.urls import register_converter

from apps.accounts import visibility
from apps.accounts.models import ApiToken, FlowAccount, Team, User
from apps.accounts.models.subscriptions import REAL
from apps.prepared import prepared
from apps.upstream.parsing import ADDRESS

ODD, ODD_PREFIX = "odd.invalid", "name-"  # a host that nobody has (RFC 2606)


class EmailConverter:
    """`<flow-email:email>`: a slash may stand before the @, whatever Google allows; there is one @.

    A row that is named by something else (kept before addresses were checked) has a page all the same: its name is
    written so that it fits.
    """

    regex = ADDRESS  # read once, from left to right, however long the address of a page is

    def to_python(self, value: str) -> str:
        name, _, host = value.partition("@")
        if host != ODD:
            return value
        try:
            return urlsafe_b64decode(name.removeprefix(ODD_PREFIX)).decode()
        except ValueError:
            return value

    def to_url(self, value: str) -> str:
        if re.fullmatch(self.regex, value):
            return value
        return f"{ODD_PREFIX}{urlsafe_b64encode(value.encode()).decode()}@{ODD}"


register_converter(EmailConverter, "flow-email")


def find(email: str, *, team: Team, user: User, on: str = "") -> FlowAccount:
    """One of the team's; one that it sees no more, as it was then (`as_of`).

    Raises Http404: a stranger doesn't learn that there is such an account.
    """
    before = [each for each in visibility.ended(team) if each.email == email]
    if on:
        before = [each for each in before if str(each.subscription_id) == on]
    found = _found(team, user, email)
    account = next((each for each in found if on in ("", str(each.subscription_id))), None)
    if account is None and before:
        return before[0]
    if account is None:
        raise Http404("No such account.")
    return account


@prepared
def _found(team: Team, user: User, email: str) -> "QuerySet[FlowAccount]":
    return own_first(FlowAccount.objects.for_team(team).filter(email=email), team=team, user=user)


def own_first(accounts: "QuerySet[FlowAccount]", *, team: Team, user: User) -> "QuerySet[FlowAccount]":
    """The person's own before those of others, real ones before the sandbox's."""
    own = ApiToken.objects.for_team(team).owned_by(user).working()
    own = own.filter(subscription=OuterRef("subscription"))
    order = Case(
        When(Exists(own) & Q(subscription__endpoint__startswith=REAL), then=Value(0)),
        When(Exists(own), then=Value(1)),
        When(subscription__endpoint__startswith=REAL, then=Value(2)),
        default=Value(3),
    )
    return accounts.select_related("subscription").order_by(order, "email", "pk")


def own_token(account: FlowAccount, *, team: Team, user: User, may_be_refused: bool = False) -> ApiToken:
    """The person's own token of the account's subscription: with it, and no other, they may change the account.

    Raises PermissionDenied for a teammate, and while the token is refused.
    """
    tokens = _tokens_for(team, account.subscription_id)
    own = next((token for token in tokens if token.owner_id == user.pk), None)
    if own is None:
        names = ", ".join(token.owner.short_name for token in tokens)
        whose = f"This account belongs to {names}. " if names else ""
        raise PermissionDenied(f"{whose}Only somebody with their own token for it can change its settings.")
    if own.refused_at and not may_be_refused:
        raise PermissionDenied(
            "Your token for this account is refused. Enter the new one first, under API tokens."
        )
    return own


@prepared
def _tokens_for(team: Team, subscription_id: int) -> "QuerySet[ApiToken]":
    held = ApiToken.objects.for_team(team).filter(subscription=subscription_id)
    return held.select_related("owner", "subscription", "team")
