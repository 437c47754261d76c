"""Says whose an account is for a person who can't pay there, and whom of the team they can ask to lend a token."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.text import get_text_list

from apps.accounts.models import ApiToken, Lending, Membership, Team, User
from apps.generation.models import LendingRequest
from apps.library.models import Clip, ReferenceFile

MOST_NAMED = 4

Subject: TypeAlias = Clip | ReferenceFile


@dataclass(frozen=True)
class Owner:
    """Somebody whose token could pay. `is_lent`: to others, or for something else; `asked_at`: since when it is asked
    of them, within a day."""

    member: int  # the key of their membership
    name: str
    is_lent: bool
    asked_at: datetime | None


def column_of(subject: Subject) -> dict[str, Subject]:
    """Of a LendingRequest about it."""
    return {"clip" if isinstance(subject, Clip) else "file": subject}


def of(subject: Subject, membership: Membership, operation: str) -> list[Owner]:
    """The others of the team whose token works and may pay on the account of a take or file. One query."""
    asked = LendingRequest.objects.filter(
        token=OuterRef("pk"),
        asked_by=membership.user_id,
        operation=operation,
        asked_at__gt=timezone.now() - LendingRequest.AGAIN_AFTER,
        **column_of(subject),
    )
    tokens = _tokens(membership.team, membership.user, {subject.subscription_id})
    return [_owner(each) for each in tokens.annotate(asked=Subquery(asked.values("asked_at")[:1]))]


def by_subscription(team: Team, user: User, subscription_ids: Collection[int]) -> dict[int, list[Owner]]:
    """The same people, whatever they were asked for. One query, none for no subscription."""
    found: dict[int, list[Owner]] = {}
    for token in _tokens(team, user, subscription_ids) if subscription_ids else ():
        found.setdefault(token.subscription_id, []).append(_owner(token))
    return found


def _tokens(team: Team, user: User, subscription_ids: Collection[int]) -> QuerySet[ApiToken]:
    """Of others, that may pay."""
    members = Membership.objects.filter(team=OuterRef("team"), user=OuterRef("owner"))
    tokens = ApiToken.objects.for_team(team).paying().filter(subscription__in=subscription_ids)
    return (
        tokens.exclude(owner=user)
        .annotate(
            member=Subquery(members.values("pk")[:1]),
            is_lent=Exists(Lending.objects.filter(token=OuterRef("pk"))),
        )
        .select_related("owner")
        .order_by("added_at")
    )


def _owner(token: Any) -> Owner:
    return Owner(token.member, token.owner.short_name, token.is_lent, getattr(token, "asked", None))


def listed(names: list[str], *, last: str = "and") -> str:
    """`Mara`, `Mara and Jonas`, `Mara, Jonas and 3 others`."""
    if len(names) > MOST_NAMED:
        names = [*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1} others"]
    return get_text_list(names, last)


def words(owners: list[Owner], membership: Membership) -> str:
    """Of the account that was just named: whose it is and what is possible, as the rest of a sentence and another."""
    if not owners:
        return f"and nobody in {membership.team} has a working token for it. Add its token first."
    whose = listed([each.name for each in owners])
    has = "has a token" if len(owners) == 1 else "have tokens"
    lent = [each.name for each in owners if each.is_lent]
    but = f" {listed(lent)} lend{'s' if len(lent) == 1 else ''} it, but not to you for this." if lent else ""
    if all(each.asked_at for each in owners):
        return f"for which only {whose} {has} here.{but} A token of your own for it would do, too."
    ask = f"Ask {'one of them' if len(owners) > 1 else whose} to lend it to you"
    return f"for which only {whose} {has} here.{but} {ask}, or add a token of your own for it."
