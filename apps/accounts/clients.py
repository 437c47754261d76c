"""Clients of the remote API for the tokens that are kept here."""

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from apps.accounts.crypto import CannotDecrypt
from apps.accounts.models import ApiToken, Subscription
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.token import Token

UNREADABLE = "This token can't be read here any more. Enter it again to go on."


def of_token(token: ApiToken) -> FlowMusic:
    """Raises crypto.CannotDecrypt. Such a token is set aside, or it would be tried again and again."""
    try:
        return at_endpoint(token.subscription.endpoint, token.token())
    except CannotDecrypt:
        token.refuse(at=timezone.now(), reason=UNREADABLE)
        raise


def at_endpoint(endpoint: str, token: Token) -> FlowMusic:
    return FlowMusic(endpoint, token, allowed_origins=settings.OPERATOR_ORIGINS)


def of_subscription(subscription: Subscription) -> tuple[ApiToken, FlowMusic] | None:
    """By any token of the subscription that isn't refused, the last checked one first; None without one.

    For reading: what costs money is sent with the token of the job. Raises crypto.CannotDecrypt.
    """
    tokens = ApiToken.objects.usable().filter(subscription=subscription).select_related("subscription")
    token = tokens.order_by(F("checked_at").desc(nulls_last=True), "added_at").first()
    return (token, of_token(token)) if token else None
