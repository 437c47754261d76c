"""What the pages of accounts, a floor below, show of songs and jobs: as the templates ask for it."""

from collections.abc import Mapping
from datetime import date

from django import template
from django.utils import timezone

from apps.accounts.models import FlowAccount, Team
from apps.generation import chart, leaving, pace
from apps.generation.spending import Span

register = template.Library()
register.filter("figure", chart.figure)


@register.filter
def day_and_month(day: date) -> str:
    """13 November; with the year when it is another one."""
    return chart.name(Span(day, day), timezone.now().date())


@register.simple_tag
def uses_of(team: Team) -> Mapping[int, leaving.Use]:
    """By the account's id: how many of the team's songs are on it, and how many wishes wait for it alone."""
    return leaving.uses(team)


@register.filter
def use_of(uses: Mapping[int, leaving.Use], account: FlowAccount) -> leaving.Use:
    return uses.get(account.pk, leaving.Use())


@register.simple_tag
def pace_of(account: FlowAccount) -> pace.Pace:
    return pace.of([account], timezone.now().date())
