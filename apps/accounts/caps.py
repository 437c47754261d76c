"""Counts credits against the caps of a month (UTC): of the team, of a member, and of a lent token.

Everything is counted, capped or not, so that a cap that is set in the middle of the month begins with what was spent.
A job counts with its estimate, later with its real charge (apps/generation/jobs/counted_credits.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Q, Subquery

from apps.accounts.models import Lending, Membership, MonthlyCredits, Team

COLUMNS = ("member", "token", "credits")


class Scope(StrEnum):
    """What a cap is for."""

    TEAM = "team"
    MEMBER = "member"
    TOKEN = "token"  # noqa: S105


@dataclass(frozen=True, kw_only=True)
class Spender:
    """Whose counts a job moves. `token_id` is that of a lent token, None for whoever pays with their own."""

    team_id: UUID
    member_id: int | None  # the key of the person
    token_id: UUID | None = None

    def rows(self) -> dict[Scope, dict[str, Any]]:
        """By which each count is found. In the order in which they are locked."""
        rows: dict[Scope, dict[str, Any]] = {Scope.TEAM: {"member": None, "token": None}}
        if self.member_id:
            rows[Scope.MEMBER] = {"member": self.member_id, "token": None}
        if self.token_id:
            rows[Scope.TOKEN] = {"member": None, "token": self.token_id}
        return {scope: {"team": self.team_id, **row} for scope, row in rows.items()}


@dataclass(frozen=True)
class Cap:
    """A cap in one month: `counted` of `limit` credits."""

    scope: Scope
    limit: int
    counted: int

    @property
    def left(self) -> int:
        return max(0, self.limit - self.counted)


class CapReached(Exception):
    """So many credits don't fit: nothing may be committed. `cap` is the first one that they don't fit under."""

    def __init__(self, cap: Cap, asked: int, *, spender: Spender, month: date) -> None:
        super().__init__(f"{asked} credits, and {cap.left} of {cap.limit} are left ({cap.scope})")
        self.cap = cap
        self.asked = asked
        self.spender = spender
        self.month = month


def of(spender: Spender, month: date) -> list[Cap]:
    """The caps that are set for it."""
    return next(iter(of_tokens(spender, [spender.token_id], month).values()))


def of_tokens(
    spender: Spender, token_ids: Iterable[UUID | None], month: date
) -> dict[UUID | None, list[Cap]]:
    """The caps that are set for them when that token pays, None for one of their own. Three queries at most."""
    ids = list(token_ids)
    shared = _limits(replace(spender, token_id=None))
    lent = dict(Lending.objects.filter(token__in=filter(None, ids)).values_list("token", "monthly_cap"))
    counts = (
        _counts(spender, ids, month) if lent or any(limit is not None for limit in shared.values()) else {}
    )
    found = {}
    for pk in ids:
        limits = shared | ({Scope.TOKEN: lent.get(pk, 0)} if pk else {})
        found[pk] = [
            Cap(scope, limit, counts.get(_key(spender, scope, pk), 0))
            for scope, limit in limits.items()
            if limit is not None
        ]
    return found


def of_member(member: Membership, month: date) -> list[Cap]:
    """Those of the team and of the person, as the membership of a page has them. One query, if there are any."""
    limits = {Scope.TEAM: member.team.monthly_cap, Scope.MEMBER: member.monthly_cap}
    capped = {scope: limit for scope, limit in limits.items() if limit is not None}
    who = Spender(team_id=member.team_id, member_id=member.user_id)
    counts = _counts(who, [], month) if capped else {}
    return [Cap(scope, limit, counts.get(_key(who, scope, None), 0)) for scope, limit in capped.items()]


def nearest(caps: Iterable[Cap]) -> Cap | None:
    """The one under which the least is left."""
    return min(caps, key=lambda cap: cap.left, default=None)


def reserve(spender: Spender, credits: int, *, month: date) -> None:
    """In a transaction: after the rows of jobs, before the panel's, so that nobody waits for each other. Raises
    CapReached."""
    _reserve(spender, credits, month, asked=frozenset(Scope))


def settle(spender: Spender, credits: int, *, month: date) -> None:
    """Adds what a job cost more than was counted; below 0 it is taken off. Locks as `reserve` does."""
    for row in spender.rows().values():
        _add(row, month, credits, limit=None)


def move(before: Spender, after: Spender, credits: int, *, month: date) -> None:
    """Another token pays, for the same person of the same team: these two have it counted already, and their caps,
    which may be lower by now, are not asked again. Locks as `reserve` does. Raises CapReached."""
    settle(before, -credits, month=month)
    _reserve(after, credits, month, asked=frozenset({Scope.TOKEN}))


def _reserve(spender: Spender, credits: int, month: date, *, asked: frozenset[Scope]) -> None:
    """`asked`: the caps that it has to fit under."""
    limits = _limits(spender)
    for scope, row in spender.rows().items():
        if not _add(row, month, credits, limit=limits[scope] if scope in asked else None):
            cap = Cap(scope, limits[scope] or 0, _counted(row, month))
            raise CapReached(cap, credits, spender=spender, month=month)


def _add(row: dict[str, Any], month: date, credits: int, *, limit: int | None) -> bool:
    """One conditional UPDATE: it reads the row as it is once it is locked, whoever else was adding to it."""
    if _update(row, month, credits, limit=limit):
        return True
    MonthlyCredits.objects.bulk_create([_new(row, month)], ignore_conflicts=True)
    return _update(row, month, credits, limit=limit)


def _update(row: dict[str, Any], month: date, credits: int, *, limit: int | None) -> bool:
    # The limit as a number: Postgres doesn't run a subquery once more after it has waited for the row.
    same = MonthlyCredits.objects.filter(**row, month=month)
    fits = same if limit is None else same.filter(credits__lte=limit - credits)
    return fits.update(credits=F("credits") + credits) == 1


def _new(row: dict[str, Any], month: date) -> MonthlyCredits:
    return MonthlyCredits(
        team_id=row["team"], member_id=row["member"], token_id=row["token"], month=month, credits=0
    )


Key = tuple[int | None, UUID | None]  # a person, a token


def _key(spender: Spender, scope: Scope, token_id: UUID | None) -> Key:
    return spender.member_id if scope is Scope.MEMBER else None, token_id if scope is Scope.TOKEN else None


def _counts(spender: Spender, token_ids: list[UUID | None], month: date) -> dict[Key, int]:
    theirs = Q(member=spender.member_id) | Q(member=None)
    mine = Q(theirs, token=None) | Q(token__in=list(filter(None, token_ids)))
    counts = MonthlyCredits.objects.filter(mine, team=spender.team_id, month=month)
    return {(member, token): credits for member, token, credits in counts.values_list(*COLUMNS)}


def _counted(row: dict[str, Any], month: date) -> int:
    found = MonthlyCredits.objects.filter(**row, month=month).values_list("credits", flat=True)
    return next(iter(found), 0)


def _limits(spender: Spender) -> dict[Scope, int | None]:
    """As they are now; None is no cap. One query."""
    here = Membership.objects.filter(team=OuterRef("pk"), user=spender.member_id).values("monthly_cap")
    lent = Lending.objects.filter(token=spender.token_id).values("monthly_cap")
    found = Team.objects.filter(pk=spender.team_id)
    said = found.values_list("monthly_cap", Subquery(here), Subquery(lent))
    team, member, token = next(iter(said), (None, None, None))
    limits: dict[Scope, int | None] = {Scope.TEAM: team, Scope.MEMBER: member}
    # Not lent any more since it was chosen: nothing is left.
    return limits | ({Scope.TOKEN: token or 0} if spender.token_id else {})
