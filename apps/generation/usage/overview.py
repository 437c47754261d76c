"""What all of a team's accounts spent lately, for the page of accounts."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts import visibility
from apps.accounts.models import ApiToken, Team, User
from apps.accounts.models.subscriptions import pool
from apps.generation.usage import chart, forecast, spending, top_spenders
from apps.generation.usage.spending import Spending
from apps.prepared import prepared

DAYS = 30
MOST_SONGS = 3


@dataclass(frozen=True)
class Overview:
    """Of the last 30 days, on all of a team's accounts."""

    spending: Spending
    chart: chart.Chart
    forecast: forecast.Forecast
    songs: list[top_spenders.SongCost]


def of_team(team: Team, user: User) -> Overview | None:
    """None until it is known that something was spent."""
    accounts = pool(visibility.live(team))
    if not any(account.usage_read_at for account in accounts):
        return None
    today = timezone.now().date()
    spent = spending.of(accounts, team, days=DAYS, today=today)
    if not spent.charged:
        return None
    own = top_spenders.own_accounts(accounts, team, subscriptions=set(own_subscriptions(team, user)))
    songs, _ = top_spenders.by_song(accounts, team, since=spent.since, most=MOST_SONGS, own=own)
    return Overview(spent, chart.draw(spent.spans, today), forecast.of(accounts, today), songs)


@prepared
def own_subscriptions(team: Team, user: User) -> QuerySet[ApiToken, int]:
    """Subscriptions of the person's own working tokens."""
    return ApiToken.objects.for_team(team).owned_by(user).working().values_list("subscription", flat=True)
