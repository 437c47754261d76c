"""Adds a person's API token to a team once the API has accepted it, replaces it, removes it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts import account_sync, api_clients
from apps.accounts.api_clients import NoToken
from apps.accounts.crypto import CannotDecrypt
from apps.accounts.models import ApiToken, Sight, Subscription, Team, User
from apps.upstream import errors
from apps.upstream.token import Token
from apps.wake import wake

PATH = "/v1/flowmusic"
# Known to every sandbox (apps/sandbox), whatever the number; it is worth nothing anywhere else.
SANDBOX_TOKEN = "user:{number}-sandboxdemo"  # noqa: S105
FIRST_NUMBER = "1000"
NEW_FOR = timedelta(days=1)

Outcome = Literal["added", "replaced", "refreshed"]
WELCOME: dict[Outcome, str] = {
    "added": "Saved your {token}.",
    "replaced": "Your {token} replaces the older one. What waited for it continues.",
    "refreshed": "Your {token} was already here. It was checked with useapi.net again.",
}


@dataclass(frozen=True)
class SavedToken:
    """A token that is kept now: it is new, stands in the place of another one, or was here already."""

    token: ApiToken
    outcome: Outcome


def endpoint() -> str:
    return settings.USEAPI_BASE_URL + PATH


def sandbox_endpoint() -> str:
    """ "" when there is no sandbox."""
    return settings.SANDBOX_URL + PATH if settings.SANDBOX_URL else ""


def of_sandbox(team: Team) -> Token:
    """The team's own subscription of the sandbox: what is made and spent there is no other team's to see.

    The number that the team has there already, whose songs need it; 1000, which the sandbox's own page speaks of, for
    the site's first team; one made of the team's id for all others.
    """
    known = _known_at_sandbox()
    number = next((number for number, holder in known if holder == team.pk), None)
    if number is None:
        is_first = Team.objects.order_by("created_at", "pk").first() == team
        is_free = FIRST_NUMBER not in {number for number, _ in known}
        number = FIRST_NUMBER if is_first and is_free else str(10**15 + team.pk.int % 10**15)
    return Token.parse(SANDBOX_TOKEN.format(number=number))


def _known_at_sandbox() -> list[tuple[str, UUID]]:
    """Numbers there with the teams that have a token of it, or had one."""
    rows = (ApiToken.objects.all(), Sight.objects.all())
    here = [each.filter(subscription__endpoint=sandbox_endpoint()).order_by("pk") for each in rows]
    return [pair for each in here for pair in each.values_list("subscription__number", "team")]


def is_new_with_none(user: User) -> bool:
    """Here for less than a day, without any token."""
    return timezone.now() - user.date_joined < NEW_FOR and not user.tokens.exists()


def add(token: Token, *, team: Team, owner: User, endpoint: str) -> SavedToken:
    """Asks the API about the token, then keeps it with the Flow Music accounts under it.

    Nothing is kept if the API can't be asked or doesn't take it: raises UpstreamError. Ten seconds at most.
    """
    asked_at = timezone.now()
    known = account_sync.known(_subscriptions(token, endpoint).first())
    listed = account_sync.read(api_clients.at_endpoint(endpoint, token), known=known)
    with transaction.atomic():
        taken = save(token, team=team, owner=owner, endpoint=endpoint)
        account_sync.save(taken.token.subscription, listed, asked_at=asked_at)
        account_sync.note_working(taken.token)
    return taken


def _subscriptions(token: Token, endpoint: str) -> QuerySet[Subscription]:
    """The one that the token belongs to, if it is known here."""
    provider = Subscription.Provider.FLOWMUSIC
    return Subscription.objects.filter(provider=provider, endpoint=endpoint, number=token.number)


def save(token: Token, *, team: Team, owner: User, endpoint: str) -> SavedToken:
    """Keeps a token unasked. The person's older one of the same subscription is replaced in its row, so that what is
    queued with it goes on with the new one."""
    subscription, _ = Subscription.objects.get_or_create(
        provider=Subscription.Provider.FLOWMUSIC, endpoint=endpoint, number=token.number
    )
    new = ApiToken(team=team, owner=owner, subscription=subscription)
    new.set_token(token)
    with transaction.atomic():
        saved, created = ApiToken.objects.select_for_update().get_or_create(
            team=team,
            owner=owner,
            subscription=subscription,
            defaults={"pk": new.pk, "ciphertext": new.ciphertext, "last4": new.last4},
        )
        outcome: Outcome = "added" if created else _replace(saved, token)
        if outcome != "refreshed":
            _audit(saved, f"token {outcome}", by=owner)
    saved.subscription = subscription
    return SavedToken(saved, outcome)


def remove(token: ApiToken, *, by: User | None) -> None:
    """Erases the token; `by` nobody after its owner has left. Jobs keep their story; what is queued waits for another
    token of its subscription."""
    with transaction.atomic():
        _audit(token, "token removed", by=by)
        _take_from_jobs(token)
        token.delete()
        wake("generation.changed", token.subscription_id)


def _take_from_jobs(token: ApiToken) -> None:
    """Before the deletion, which takes the counts of its cap away first: all others lock jobs before these."""
    list(token.jobs.order_by("pk").select_for_update().values_list("pk"))
    token.jobs.update(token=None)


def message_for(error: account_sync.Trouble) -> str:
    """Why a token that is kept here could not be checked, and what to do."""
    if isinstance(error, NoToken):
        return error.words
    if isinstance(error, errors.TokenRefused):
        return "useapi.net no longer accepts this token. It may have been reset. Enter the new one below."
    return error.user_message


def message_for_new(error: errors.UpstreamError) -> str:
    """Why a token that was just entered is not saved, and what to do."""
    match error:
        case errors.TokenRefused():
            return (
                "useapi.net does not know this token. Copy all of it, including what follows the dash; "
                "one that was reset no longer works."
            )
        case errors.SubscriptionEnded():
            return "The subscription of this token has ended. Renew it at useapi.net, then enter the token again."
        case errors.AddressRefused():
            return "The address set for useapi.net is one that flowweb does not call. Ask whoever runs this site."
        case errors.NotSent():
            return "useapi.net could not be reached, so the token was not checked and not saved. Try again in a moment."
        case errors.Unavailable():
            return (
                "useapi.net sent no usable response, so the token was not checked and not saved. "
                "Try again in a few minutes."
            )
    return f"{error.user_message} The token was not saved."


def _replace(saved: ApiToken, token: Token) -> Outcome:
    if _is(saved, token):
        return "refreshed"
    saved.set_token(token)
    saved.refused_at, saved.refused_reason = None, ""
    saved.save(update_fields=["ciphertext", "last4", "refused_at", "refused_reason"])
    return "replaced"


def _is(saved: ApiToken, token: Token) -> bool:
    try:
        return saved.token() == token
    except CannotDecrypt:
        return False


def _audit(token: ApiToken, action: str, *, by: User | None) -> None:
    # Nothing of its text, not even its end: admins read the trail, and the token is its owner's alone.
    place = "the sandbox" if token.subscription.is_sandbox else token.subscription.get_provider_display()
    token.team.note(action, by=by, subject=f"token of {token.owner.email} for {place}")
