from collections.abc import Mapping

from django import template

from apps.accounts.models import FlowAccount, Team
from apps.generation.job_pages import panel

register = template.Library()


@register.simple_tag
def slots_of(team: Team) -> Mapping[int, panel.SlotRow]:
    """Every account's dots by its id, as the live panel shows them at this moment."""
    return panel.slot_rows(team)


@register.filter
def songs_left(account: FlowAccount) -> int:
    """About how many songs its credits are."""
    return (account.credits or 0) // account.price


@register.filter
def of(slots: Mapping[int, panel.SlotRow], account: FlowAccount) -> panel.SlotRow | None:
    return slots.get(account.pk)
