"""What the pages of accounts, a floor below, show of songs and jobs: as the templates ask for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django import template
from django.utils import timezone

from apps.accounts.models import ApiToken, FlowAccount, Team, User
from apps.generation.account_removal import removal
from apps.generation.usage import chart, forecast, spending, top_spenders
from apps.generation.usage.spending import Period, Spending

MOST_SONGS = 3

register = template.Library()
register.filter("figure", chart.figure)


@register.filter
def day_and_month(day: date) -> str:
    """13 November; with the year when it is another one."""
    return chart.name(Period(day, day), timezone.now().date())


@register.simple_tag
def uses_of(team: Team) -> Mapping[int, removal.Use]:
    """By the account's id: how many of the team's songs are on it, and how many jobs wait for it alone."""
    return removal.uses(team)


@register.filter
def use_of(uses: Mapping[int, removal.Use], account: FlowAccount) -> removal.Use:
    return uses.get(account.pk, removal.Use())


@dataclass(frozen=True)
class Spent:
    """Of the last 30 days, on all of a team's accounts."""

    spending: Spending
    chart: chart.Chart
    pace: forecast.Forecast
    songs: list[top_spenders.SongCost]


@register.simple_tag
def spent_by(team: Team, user: User) -> Spent | None:
    """None until it is known that something was spent."""
    accounts = spending.pool(list(FlowAccount.objects.for_team(team).select_related("subscription")))
    if not any(account.usage_read_at for account in accounts):
        return None
    today = timezone.now().date()
    found = spending.of(accounts, team, days=30, today=today)
    if not found.charged:
        return None
    tokens = ApiToken.objects.for_team(team).owned_by(user).working()
    own = set(tokens.values_list("subscription", flat=True))
    songs, _ = top_spenders.by_song(accounts, team, since=found.since, most=MOST_SONGS, own=own)
    return Spent(found, chart.draw(found.spans, today), forecast.of(accounts, today), songs)


@register.simple_tag
def pace_of(account: FlowAccount) -> forecast.Forecast:
    return forecast.of([account] if account.as_of is None else [], timezone.now().date())
