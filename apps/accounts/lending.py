"""Whose token may pay for what a member creates: their own, else one that somebody of the team lends to them."""

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from apps.accounts.models import ApiToken, Lending, Team, User


def tokens_for(user: User, team: Team, operation: str) -> QuerySet[ApiToken]:
    """Own ones first, also those that useapi.net refuses by now, for the form says so; then working ones that are lent
    to the person for this, the oldest lending first."""
    is_lent = Lending.objects.allowing(operation=operation, asker=user.pk).filter(token=OuterRef("pk"))
    lent = Q(pk__in=ApiToken.objects.paying().values("pk")) & Q(Exists(is_lent))
    own_first = Case(When(owner=user, then=Value(0)), default=Value(1))
    found = ApiToken.objects.for_team(team).filter(Q(owner=user) | lent)
    return found.select_related("subscription", "owner", "lending").order_by(
        own_first, "lending__lent_at", "added_at"
    )
