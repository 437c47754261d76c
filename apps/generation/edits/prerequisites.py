"""Checks what an edit needs before it can be requested: an editable take, its account, and a token that pays.

An edit runs on the account of its take, so nobody chooses it: it is paid with a token of the subscription that the
account is under, the person's own or one that is lent to them for it (docs/design.md, section 4). What is missing is
said before anyone tries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse

from apps.accounts import cap_words, lending
from apps.accounts.cap_words import CapLeft, CapRefusal
from apps.accounts.models import ApiToken, FlowAccount, Membership
from apps.addresses import address
from apps.generation.jobs import counted_credits, pricing
from apps.generation.jobs.decisions import SETTLING
from apps.generation.jobs.pricing import Balance
from apps.generation.lending_requests import owners
from apps.generation.lending_requests.owners import Owner
from apps.generation.models import Job
from apps.generation.models.jobs import DOUBTED
from apps.library.lineage import editability
from apps.library.models import Clip, Song
from apps.prepared import prepared

Block = FlowAccount.Block


@dataclass(frozen=True)
class Obstacle:
    """Why nothing can be asked for now, and the page on which that is mended, "" without one."""

    words: str
    label: str = ""
    url: str = ""
    owners: tuple[Owner, ...] = ()  # who can be asked to lend a token


@dataclass(frozen=True)
class Prerequisites:
    """What an edit of a take stands on. `token` and `balance` are None where there is an obstacle; `warning` says what
    it will have to wait for."""

    account: FlowAccount | None
    token: ApiToken | None = None
    tokens: Sequence[ApiToken] = ()  # of which one can be chosen
    balance: Balance | None = None
    obstacle: Obstacle | None = None
    warning: str = ""
    membership: Membership | None = None  # of who would ask
    is_other_token: bool = (
        False  # than the one that was chosen, which is gone: nothing is paid with it unseen
    )

    def over(self, songs: int = 1) -> CapRefusal | None:
        """Why so many edits, one after the other, don't fit under a monthly cap; None when they do."""
        if self.token is None or self.balance is None or self.membership is None:
            return None
        who = counted_credits.spender(self.token.team_id, self.membership.user_id, self.token)
        price = self.balance.price.credits
        return cap_words.foreseen(who, price=price, songs=songs, reader=self.membership.user)

    @cached_property
    def cap_left(self) -> CapLeft | None:
        """What is left of a cap, if that is little."""
        left = cap_words.left_of(self.membership) if self.membership else None
        cost = self.balance.price.credits if self.balance else 0
        return left if left and left.is_near(cost) else None

    @cached_property
    def over_cap(self) -> CapRefusal | None:
        return self.over()


def prerequisites_for(
    clip: Clip,
    operation: str,
    membership: Membership,
    *,
    uneditable: str | None = None,
    chosen: str = "",
) -> Prerequisites:
    """Of a take loaded with its account and subscription; `uneditable` is what editability says, if it was asked, and
    `chosen` the id of the token that is to pay, as the page said it."""
    account = clip.account
    words = editability.why_not(clip) if uneditable is None else uneditable
    if words or account is None:
        return Prerequisites(account, obstacle=Obstacle(words))
    if operation == "stems" and (split := _split_already(clip)):
        return Prerequisites(account, obstacle=split)
    tokens = payers_of(clip, operation, membership)
    token = next((each for each in tokens if str(each.pk) == chosen), lending.first_working(tokens))
    if token is None:
        return Prerequisites(account, obstacle=_nobodys_token(clip, account, operation, membership))
    if token.refused_at:
        return Prerequisites(
            account, obstacle=Obstacle(TOKEN_REFUSED, "Enter the new token", reverse("tokens"))
        )
    if account.block == Block.GONE:  # known to whoever has a token that works
        return Prerequisites(account, obstacle=_connect_again(account))
    working = [each for each in tokens if not each.refused_at]
    balance, warning = pricing.balance_on(account), _waits_for(account, token)
    is_other = bool(chosen) and str(token.pk) != chosen
    return Prerequisites(
        account, token, working, balance, warning=warning, membership=membership, is_other_token=is_other
    )


def payers_of(clip: Clip, operation: str, membership: Membership) -> list[ApiToken]:
    """Tokens by which the person can have it paid on the account of the take; their own first."""
    found = lending.payers(membership.user, membership.team, operation)
    return [each for each in found if each.subscription_id == clip.subscription_id]


TOKEN_REFUSED = "useapi.net no longer accepts your token. Enter the new one, then come back."  # noqa: S105


def _connect_again(account: FlowAccount) -> Obstacle:
    words = f"This take is on {account.email}, which is not connected at useapi.net any more. Connect it again first."
    return Obstacle(words, "Accounts", reverse("flow-accounts"))


def _nobodys_token(clip: Clip, account: FlowAccount, operation: str, membership: Membership) -> Obstacle:
    """Whose account it is, and what to do."""
    mend = ("API tokens", reverse("tokens"))
    if clip.subscription.is_sandbox:
        words = "This take was made in the sandbox, so its edits are, too: add the sandbox’s token."
        return Obstacle(words, *mend)
    found = owners.of(clip, membership, operation)
    where = f"An edit uses the account of its take, {account.email}"
    return Obstacle(f"{where}, {owners.words(found, membership)}", *mend, tuple(found))


def _waits_for(account: FlowAccount, token: ApiToken) -> str:
    if reason := token.subscription.blocked_reason:
        return f"It will stay queued for now. {reason}"
    if account.block == Block.ERROR:
        return f"Flow Music wants {account.email} to sign in again. It will stay queued until then."
    return ""


def _split_already(clip: Clip) -> Obstacle | None:
    """Asked for once more, the same four stems would come back: nobody pays for them twice."""
    mixer = address("clip-stems", clip.pk)
    if clip.stem_type:
        return Obstacle("This is a stem itself, one of the four tracks of a take. It can’t be split further.")
    stems = _stems(clip.team_id, clip)
    if None in stems:
        return Obstacle("This take has already been split into stems.", "Open the stems", mixer)
    if stems:
        return Obstacle(
            "The stems of this take are in the trash. Restore them from there.", "Trash", reverse("trash")
        )
    if _asked(clip.team_id, clip):
        return Obstacle("The stems of this take have already been requested.", "Open the job", mixer)
    if any(job.settles_at for job in _doubted(clip.team_id, clip)):
        return Obstacle(SETTLING)
    return None


@prepared
def _stems(team_id: UUID, clip: Clip) -> QuerySet[Clip, datetime | None]:
    """When each was deleted."""
    found = Clip.objects.filter(team=team_id, erased_at=None, song__operation=Song.STEMS, song__source=clip)
    return found.order_by().values_list("deleted_at", flat=True)


@prepared
def _asked(team_id: UUID, clip: Clip) -> QuerySet[Job, UUID]:
    found = Job.objects.live().filter(team=team_id, operation=Song.STEMS, source=clip)
    return found.order_by().values_list("pk", flat=True)[:1]


@prepared
def _doubted(team_id: UUID, clip: Clip) -> QuerySet[Job]:
    return Job.objects.filter(team=team_id, operation=Song.STEMS, source=clip, state__in=DOUBTED)
