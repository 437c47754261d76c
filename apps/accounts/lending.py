"""Whose token may pay for what a member creates: their own, else one that somebody of the team lends to them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When

from apps.accounts.models import ApiToken, FlowAccount, Lending, Membership, MonthlyCredits, Team, User
from apps.accounts.models.monthly_credits import month_of
from apps.prepared import prepared


def tokens_for(user: User, team: Team, operation: str) -> QuerySet[ApiToken]:
    """Own ones first, also those that useapi.net refuses by now, for the form says so; then working ones that are lent
    to the person for this, the oldest lending first."""
    return _in_order(user, team, Lending.objects.allowing(operation=operation, asker=user.pk))


def _in_order(user: User, team: Team, lendings: QuerySet[Lending]) -> QuerySet[ApiToken]:
    """By their own tokens and those lendings; nothing is lent to whoever may not create."""
    creates = Membership.objects.creating().filter(team=team, user=user)
    is_lent = Exists(lendings.filter(token=OuterRef("pk"))) & Exists(creates)
    lent = Q(pk__in=ApiToken.objects.paying().values("pk")) & is_lent
    found = ApiToken.objects.for_team(team).filter(Q(owner=user) | lent)
    own_first = Case(When(owner=user, then=Value(0)), default=Value(1))
    since = Case(When(owner=user, then=F("added_at")), default=F("lending__lent_at"))
    return found.select_related("subscription", "owner", "lending").order_by(own_first, since, "added_at")


def payers(user: User, team: Team, operation: str) -> list[ApiToken]:
    """Those of tokens_for(), lent ones with what is `left` of their cap in this month. At most two queries."""
    return with_left(_tokens_for(user, team, operation), user)


def payers_on(user: User, team: Team, operation: str, subscription_id: int) -> list[ApiToken]:
    """Those of payers() that are of that subscription; none for whoever may not create."""
    if not Membership.objects.creating().filter(team=team, user=user).exists():
        return []
    return [each for each in payers(user, team, operation) if each.subscription_id == subscription_id]


def payer(
    user: User, team: Team, operation: str, subscription_id: int, *, wanted: UUID | None = None
) -> ApiToken | None:
    """Of one subscription: the one that was chosen, while it works; else the person's own, else a lent one. Their own
    that is refused only if nothing else is there."""
    here = payers_on(user, team, operation, subscription_id)
    chosen = (each for each in here if each.pk == wanted and not each.refused_at)
    return next(chosen, first_working(here))


def first_working(tokens: list[ApiToken]) -> ApiToken | None:
    """As tokens_for() orders them. One that is refused is chosen where nothing else is there: then its owner is told.
    The sandbox never stands in for what costs money, nor the other way round."""
    if not tokens:
        return None
    is_sandbox = tokens[0].subscription.is_sandbox
    same = [each for each in tokens if each.subscription.is_sandbox == is_sandbox]
    return next((each for each in same if not each.refused_at), tokens[0])


# What was to pay doesn't any more: nobody else's token takes its place unseen.
TOKEN_GONE = "This API token is gone. Nothing was sent; the page says now which one pays."  # noqa: S105


def can_pay(user: User, team: Team) -> bool:
    """Whether there is a token by which they can have a song paid: the way to the song form is open."""
    return bool(_tokens_for(user, team, "music"))


def lent_to(user: User, team: Team) -> list[ApiToken]:
    """Tokens of others that work, and are lent to the person for anything, with what is `left` of their cap."""
    return with_left([each for each in _usable(user, team) if each.owner_id != user.pk], user)


def with_left(tokens: list[ApiToken], user: User) -> list[ApiToken]:
    """Those of others get `left`: credits of their cap in this month. One query, if there are any."""
    lent = [each for each in tokens if each.owner_id != user.pk]
    spent = spent_this_month(each.pk for each in lent)
    for each in lent:
        each.left = max(0, each.lending.monthly_cap - spent.get(each.pk, 0))
    return tokens


def spent_this_month(token_ids: Iterable[UUID]) -> dict[UUID, int]:
    """By the token, credits that others than its owner have spent of it, queued jobs included."""
    ids = list(token_ids)
    return {pk: max(0, credits) for pk, credits in _spent(month_of(), *ids)} if ids else {}


@dataclass(frozen=True)
class LentCredits:
    """The first token that is lent to a person, those for songs before others: whose, and what is left of it."""

    lender: str
    left_words: str


def lent_credits(team: Team) -> dict[int, LentCredits]:
    """By the key of each person to whom a token is lent. Four queries, whatever the number of people and tokens."""
    first = first_lent(team, _creators(team))
    spent = spent_this_month({each.pk for each in first.values()})
    for token in first.values():
        token.left = max(0, token.lending.monthly_cap - spent.get(token.pk, 0))
    return {pk: LentCredits(token.owner.short_name, token.left_words) for pk, token in first.items()}


def first_lent(team: Team, people: Collection[int]) -> dict[int, ApiToken]:
    """By the person's key, of these people who may create: the first token that is lent to them, those for songs before
    others. Two queries."""
    terms = of_team(team)
    found: dict[int, ApiToken] = {}
    tokens = [each for each in _paying(team) if each.pk in terms]
    tokens.sort(key=lambda each: "music" not in terms[each.pk].operations)
    for token in reversed(tokens):
        chosen = terms[token.pk].people
        theirs = (pk for pk in people if chosen is None or pk in chosen)
        found |= {pk: token for pk in theirs if pk != token.owner_id}
    return found


@prepared
def _paying(team: Team) -> QuerySet[ApiToken]:
    lent = ApiToken.objects.for_team(team).paying().filter(lending__isnull=False)
    return lent.select_related("owner", "lending").order_by("lending__lent_at")


@prepared
def _creators(team: Team) -> QuerySet[Membership, int]:
    return Membership.objects.creating().filter(team=team).values_list("user_id", flat=True)


@dataclass(frozen=True)
class LentFor:
    """What a lent token may pay for, and for whom: keys of people, None for everyone in the team."""

    operations: frozenset[str]
    people: frozenset[int] | None


def of_team(team: Team) -> dict[UUID, LentFor]:
    """How the team's tokens are lent, by token. One query."""
    operations: dict[UUID, frozenset[str]] = {}
    people: defaultdict[UUID, set[int]] = defaultdict(set)
    for pk, names, is_for_everyone, person in _lendings(team):
        operations[pk] = frozenset(names.split())
        if not is_for_everyone:
            people[pk].add(person or 0)
    return {
        pk: LentFor(names, frozenset(people[pk]) if pk in people else None)
        for pk, names in operations.items()
    }


@prepared
def _lendings(team: Team) -> QuerySet[Lending, Any]:
    lent = Lending.objects.filter(token__team=team)
    return lent.values_list("token_id", "operations", "is_for_everyone", "members__user_id")


@prepared
def usable_accounts(team: Team, user: User, operation: str) -> QuerySet[FlowAccount]:
    """Connected ones on which the person can have it paid: under their own working tokens, and those lent to them."""
    working = tokens_for(user, team, operation).filter(refused_at=None).order_by()
    here = FlowAccount.objects.filter(subscription__in=working.values("subscription"))
    return here.connected().select_related("subscription")


_tokens_for = prepared(tokens_for)


@prepared
def _usable(user: User, team: Team) -> QuerySet[ApiToken]:
    return _in_order(user, team, Lending.objects.to(user.pk))


@prepared
def _spent(month: date, *token_ids: UUID) -> QuerySet[MonthlyCredits, tuple[UUID, int]]:
    counts = MonthlyCredits.objects.filter(month=month, token__in=token_ids)
    return counts.values_list("token_id", "credits")
