"""Decides what a team sees of Flow Music accounts: live values with a working token, else what it last saw.

Sight ends with the team's last working token of a subscription: refused, removed, or its owner has left. No moment
has to be caught for that: each time the API takes a token of the team, what the team sees is written down
(models/sight.py), and that is shown afterwards. What another team's token reads later is not in it.
"""

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import ApiToken, FlowAccount, Sight, Team
from apps.prepared import prepared

# What is kept of an account; what runs on it at a moment is not.
KEPT = (
    "tier",
    "max_jobs",
    "credits",
    "checked_at",
    "song_credits",
    "song_credits_fixed",
    "usage_read_at",
    "block",
    "block_reason",
)
_FIELDS = {field.name: field for field in FlowAccount._meta.concrete_fields}
ENDED = "No token of this team works for it any more, so this is what was read until then."


def remember(team_id: UUID, subscription_id: int) -> None:
    """The API has just taken a token of the team: what it sees by it."""
    accounts = FlowAccount.objects.filter(subscription=subscription_id)
    kept = {str(each["pk"]): {name: each[name] for name in KEPT} for each in accounts.values("pk", *KEPT)}
    seen = {"at": timezone.now(), "accounts": kept}
    Sight.objects.update_or_create(team_id=team_id, subscription_id=subscription_id, defaults=seen)


def ended(team: Team) -> list[FlowAccount]:
    """Accounts that the team sees no more, as it last saw them: `as_of` says when. Never to be saved."""
    sights = {each.subscription_id: each for each in _ended_sights(team)}
    seen = [int(pk) for sight in sights.values() for pk in sight.accounts]
    return [_as_of(account, sights[account.subscription_id]) for account in _accounts(*seen)]


@prepared
def live(team: Team) -> QuerySet[FlowAccount]:
    """Accounts that the team sees now, by a working token."""
    return FlowAccount.objects.for_team(team).select_related("subscription")


@prepared
def _ended_sights(team: Team) -> QuerySet[Sight]:
    working = ApiToken.objects.for_team(team).working().values("subscription")
    return Sight.objects.filter(team=team).exclude(subscription__in=working)


@prepared
def _accounts(*ids: int) -> QuerySet[FlowAccount]:
    return FlowAccount.objects.filter(pk__in=ids).select_related("subscription")


def _as_of(account: FlowAccount, sight: Sight) -> FlowAccount:
    kept = sight.accounts[str(account.pk)]
    for name in KEPT:
        setattr(account, name, _FIELDS[name].to_python(kept.get(name)))
    account.as_of = sight.at
    account.running = account.elsewhere = 0
    account.usage_wanted_at, account.usage_problem = None, ENDED
    return account
