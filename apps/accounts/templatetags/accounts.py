from django import template

from apps.accounts import flow_accounts

register = template.Library()

register.filter("mending", flow_accounts.mending)
