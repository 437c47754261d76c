"""Tasks carry ids; what they do is in account_sync.py and learned_prices.py."""

from uuid import UUID

from celery import shared_task
from django.conf import settings

from apps.accounts import account_sync, learned_prices, outbox, own_sessions, ticks
from apps.accounts.models import AuditEntry


@shared_task(name="accounts.refresh")
def refresh_token(token_id: str) -> None:
    account_sync.refresh_unchecked(token_id)


@shared_task(name="accounts.learn")
def learn_prices(subscription_id: int, team_id: str) -> None:
    learned_prices.learn(subscription_id, UUID(team_id))


@shared_task(name="accounts.usage")
def read_usage(account_id: int) -> None:
    learned_prices.learn_wanted(account_id)


@shared_task(name="accounts.mail")
def send_mail(mail_id: str) -> None:
    outbox.deliver(mail_id)


@shared_task(name="accounts.purge")
def purge_expired() -> None:
    if ticks.is_due("accounts.purge", 60 * settings.TICK):
        AuditEntry.objects.purge_expired()
        own_sessions.purge_expired()
