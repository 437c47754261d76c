"""Clients of the remote API: the one place where they are made.

What is read or done for a team is read or done with a working token of that team whose owner may, now
(docs/design.md, section 1, truth 3); where there is none, `NoToken` says so. tests/test_clients.py names every caller.
"""

import logging
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from apps.accounts.crypto import CannotDecrypt
from apps.accounts.models import ApiToken
from apps.accounts.models.subscriptions import ApiTokenQuerySet
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.token import Token

logger = logging.getLogger(__name__)

UNREADABLE = "This token can't be read here any more. Enter it again to continue."
NOBODY = "No token of this team works for this account at the moment. Enter one to continue."
REFUSED = "useapi.net no longer accepts this token. Enter the new one to continue."
LEFT = "Whoever added this token may no longer do this in the team."

Need = Literal["see", "create"]


class NoToken(Exception):
    """Nothing may be asked: `words` say why, and what to do."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def of_team(team_id: UUID, subscription_id: int, *, own_jobs: bool = False) -> tuple[ApiToken, FlowMusic]:
    """For reading: by a working token of the team, the last checked one first. Raises NoToken.

    `own_jobs`: what became of the team's jobs, and their files. That is also read with the token of somebody who has
    just left, so that what they paid for is saved (apps/generation/queue/left_tokens.py).
    """
    allowed = ApiToken.objects.reading_jobs() if own_jobs else ApiToken.objects.working()
    tokens = allowed.filter(team=team_id, subscription=subscription_id)
    last_checked = tokens.select_related("subscription").order_by(
        F("owner_left_at").asc(nulls_first=True), F("checked_at").desc(nulls_last=True), "added_at"
    )
    for token in last_checked:
        try:
            return token, _open(token)
        except NoToken:
            continue  # it can't be read here any more; perhaps a teammate's can
    raise NoToken(NOBODY)


def of_token(token: ApiToken, *, needs: Need = "see") -> FlowMusic:
    """By this very token, if it works and its owner may do what is needed with it, now. Raises NoToken."""
    if not _allowed(needs).filter(pk=token.pk).exists():
        is_refused = ApiToken.objects.filter(pk=token.pk, refused_at__isnull=False).exists()
        raise NoToken(REFUSED if is_refused else LEFT)
    return _open(token)


def to_check(token: ApiToken) -> FlowMusic:
    """By a token that may be refused, for its owner, who asks whether it works again. Raises NoToken."""
    if not ApiToken.objects.of_people_here().filter(pk=token.pk).exists():
        raise NoToken(LEFT)
    return _open(token)


def at_endpoint(endpoint: str, token: Token) -> FlowMusic:
    """By a token that a person has just entered."""
    return FlowMusic(endpoint, token, allowed_origins=settings.OPERATOR_ORIGINS)


def _allowed(needs: Need) -> ApiTokenQuerySet:
    return ApiToken.objects.paying() if needs == "create" else ApiToken.objects.working()


def _open(token: ApiToken) -> FlowMusic:
    """A token that can't be decrypted is set aside, or it would be tried again and again."""
    try:
        return at_endpoint(token.subscription.endpoint, token.token())
    except CannotDecrypt as error:
        logger.exception("token %s can't be decrypted", token.pk)
        token.refuse(at=timezone.now(), reason=UNREADABLE)
        raise NoToken(UNREADABLE) from error
