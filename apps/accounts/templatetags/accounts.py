from collections.abc import Mapping

from django import template
from django.template import Context
from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts import account_sync
from apps.accounts.models import FlowAccount, Membership, User
from apps.one_line import clean

register = template.Library()

register.filter("next_step", account_sync.next_step)
register.filter("one_line", clean)


@register.filter
def of(by_id: Mapping[int, object], row: FlowAccount | User) -> object | None:
    """What a table by the account's or the person's id says of this one."""
    return by_id.get(row.pk)


@register.simple_tag(takes_context=True)
def forecast_of(context: Context, account: FlowAccount) -> object | None:
    """How long its credits last, as far as a floor above knows."""
    return context["studio"].forecast_of(account)


@register.simple_tag(takes_context=True)
def work_of(context: Context, member: Membership) -> object | None:
    """What somebody leaves behind in the team, as far as a floor above knows."""
    return context["studio"].work_of(member)


@register.simple_tag(takes_context=True)
def usage_page_of(context: Context, account: FlowAccount) -> str:
    """The address of the page that says what was spent on it."""
    return context["studio"].usage_page_of(account)


@register.simple_tag(takes_context=True)
def removal_page_of(context: Context, account: FlowAccount) -> str:
    """The address of the page that takes it out of the subscription."""
    return context["studio"].removal_page_of(account)


@register.filter
def own_page(address: str | None) -> str:
    """An address that came with the request, if it is one of this site; else the way to the songs."""
    return address if address and url_has_allowed_host_and_scheme(address, allowed_hosts=None) else "/"
