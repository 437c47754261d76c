"""Says what went wrong while an account's list was read: in the import's row, in plain words, with what to do."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from apps.accounts import account_sync, api_clients
from apps.accounts.api_clients import NoToken
from apps.accounts.models import ApiToken, FlowAccount
from apps.library.models import Import
from apps.upstream.errors import AccountBroken, Gone, TokenRefused, UpstreamError
from apps.upstream.flowmusic import FlowMusic
from apps.wake import wake

logger = logging.getLogger(__name__)

AGAIN_AFTER = (
    timedelta(seconds=10),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
)
NOBODY = "The API token that this import used is gone. Add a token for this account, then continue."
NOT_HERE = "This account is no longer connected at useapi.net. Connect it there again, then continue."
SURPRISE = "This could not be saved here. Continue later; if it happens again, tell whoever runs this site."
RECHECK_AFTER = timedelta(minutes=5)


class Stuck(Exception):
    """Only a person can mend it: `words`."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def client_of(walk: Import) -> tuple[ApiToken, FlowMusic]:
    """By the token of the person who asked for it, as long as that person may import songs. Raises Stuck."""
    tokens = ApiToken.objects.for_team(walk.team).filter(subscription=walk.subscription_id)
    token = tokens.filter(owner=walk.asked_by_id).select_related("subscription").first()
    if token is None:
        raise Stuck(NOBODY)
    try:
        return token, api_clients.of_token(token, needs="create")
    except NoToken as error:
        refused = token.refused_reason or TokenRefused(service="useapi.net").user_message
        raise Stuck(refused if token.refused_at else error.words) from None


@contextmanager
def refused(token: ApiToken) -> Iterator[None]:
    try:
        yield
    except TokenRefused as error:
        token.refuse(at=timezone.now(), reason=error.user_message)
        raise


@contextmanager
def noted(walk: Import, claim_id: uuid.UUID) -> Iterator[None]:
    """Whatever stops the walk is said in its row: what passes is tried again, longer and longer; the rest waits."""
    try:
        yield
    except (OperationalError, InterfaceError):
        raise  # the database is away: the claim runs out, and the tick finds the walk
    except Stuck as error:
        _stop(walk, claim_id, error.words)
    except UpstreamError as error:
        _note(walk, claim_id, error)
    except Exception:
        logger.exception("%s can't be written down", walk)
        _stop(walk, claim_id, SURPRISE)
    else:
        return
    wake("generation.changed", walk.subscription_id)


def _note(walk: Import, claim_id: uuid.UUID, error: UpstreamError) -> None:
    if error.retryable and walk.tries < len(AGAIN_AFTER):
        pause = max(AGAIN_AFTER[walk.tries], timedelta(seconds=error.retry_after or 0))
        again = {"tries": walk.tries + 1, "next_at": timezone.now() + pause}
        walk.write(claim_id, claim=None, claim_until=None, problem=error.user_message[:300], **again)
        return
    if isinstance(error, AccountBroken):
        _block(walk.account, FlowAccount.Block.ERROR, error.reason)
    is_gone = isinstance(error, Gone) and _is_gone(walk)
    _stop(walk, claim_id, NOT_HERE if is_gone else error.user_message)


def _is_gone(walk: Import) -> bool:
    """Whether the account isn't configured any more: only asking about it says so, and then it is written down."""
    try:
        token, _ = client_of(walk)
    except Stuck:
        return False
    account_sync.recheck(walk.account, token=token)
    walk.account.refresh_from_db()
    return walk.account.block == FlowAccount.Block.GONE


def _block(account: FlowAccount, block: str, reason: str) -> None:
    """The account's own page says it too, and it is looked at again from there."""
    until = timezone.now() + RECHECK_AFTER
    same = FlowAccount.objects.filter(pk=account.pk)
    same.update(block=block, block_reason=reason[:300], block_until=until)


def _stop(walk: Import, claim_id: uuid.UUID, words: str) -> None:
    stuck = {"state": Import.State.STUCK, "problem": words[:300], "next_at": None}
    walk.write(claim_id, claim=None, claim_until=None, **stuck)
