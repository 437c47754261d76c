"""Celery tasks: ids in, one domain call each. Losing a message, or getting it twice, changes only the delay."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from apps import shutdown
from apps.accounts import outbox, ticks, usage_sync
from apps.generation.dispatch import dispatcher
from apps.generation.edits import chains
from apps.generation.jobs import poll_times, transitions
from apps.generation.lending_requests import notices
from apps.generation.polling import completion, poller, record_reader
from apps.generation.queue import blocked_accounts, left_tokens, payers
from apps.generation.recovery import candidates
from apps.generation.restore import guard
from apps.generation.sweeps import runner
from apps.generation.usage import charges
from apps.wake import wake

logger = logging.getLogger(__name__)

SENDERS = BoundedSemaphore(settings.WORKER_THREADS // 2)  # the others watch what runs
MOST_SYNCHRONOUS = settings.SLOW_THREADS // 2  # the others copy files
SYNCHRONOUS_SENDERS = BoundedSemaphore(MOST_SYNCHRONOUS)


@shared_task(name="generation.tick")
def tick() -> None:
    """Every few seconds: finds in the rows what is due, however many beats there are."""
    if not poll_times.take_lease("tick", timedelta(seconds=settings.TICK - 1)):
        return
    ticks.note()  # not before: a tick that never gets its turn is none
    now = timezone.now()
    for step in STEPS:
        if shutdown.has_begun():
            return
        try:
            step(now)
        except (OperationalError, InterfaceError):
            raise  # the database is away: for the others, too
        except Exception:
            # One row that nobody foresaw must not stop what all others wait for.
            logger.exception("a step of the tick could not be done")


def _clear(now: datetime) -> None:
    transitions.release_expired_claims(now)
    dispatcher.remove_cancelled()


def _send(now: datetime) -> None:
    for pk in dispatcher.due(now):
        wake("generation.dispatch", pk)
    for pk in dispatcher.due(now, synchronous=True):
        wake("generation.block", pk)


def _watch(now: datetime) -> None:
    for pk in poll_times.due(now).values_list("pk", flat=True):
        wake("generation.watch", pk)
    for job_id in candidates.due(now):
        wake("generation.look", job_id)


def _step_sweeps(_now: datetime) -> None:
    for sweep_id in runner.due():
        wake("generation.sweep", sweep_id)


def _check_accounts(now: datetime) -> None:
    blocked_accounts.mark_empty(now)
    for pk in blocked_accounts.due(now):
        wake("generation.recheck", pk)
    for token_id in blocked_accounts.unchecked_tokens():
        wake("accounts.refresh", token_id)
    for pk in usage_sync.due():
        wake("accounts.usage", pk)
    for pk in charges.due():
        wake("generation.charges", pk)


def _send_mail(_now: datetime) -> None:
    for mail_id in outbox.due():
        wake("accounts.mail", mail_id)


STEPS: tuple[Callable[[datetime], object], ...] = (
    lambda _now: guard.may_send(),  # before anything is done with rows that may be from a backup
    _clear,
    lambda _now: payers.find(),
    left_tokens.erase,
    lambda _now: completion.finish(),
    lambda _now: chains.advance(),
    _watch,
    _send,
    _step_sweeps,
    _check_accounts,
    _send_mail,
    lambda _now: notices.settle(),
)


@shared_task(name="generation.dispatch")
def dispatch_subscription(subscription_id: int) -> None:
    # POSTs that hang must leave threads for the polls; whoever finds no place is woken again by the next tick.
    if SENDERS.acquire(blocking=False):
        try:
            dispatcher.run(subscription_id)
        finally:
            SENDERS.release()


@shared_task(name="generation.block")
def dispatch_synchronous(subscription_id: int) -> None:
    """Calls whose answer takes up to minutes; by the worker that may be kept so long."""
    if SYNCHRONOUS_SENDERS.acquire(blocking=False):
        try:
            dispatcher.run(subscription_id, synchronous=True)
        finally:
            SYNCHRONOUS_SENDERS.release()


@shared_task(name="generation.sweep")
def step_sweep(sweep_id: str) -> None:
    runner.step(sweep_id)


@shared_task(name="generation.watch")
def watch_subscription(subscription_id: int) -> None:
    poller.poll(subscription_id)


@shared_task(name="generation.read")
def read_hinted(subscription_id: int) -> None:
    record_reader.hinted(subscription_id)


@shared_task(name="generation.look")
def search_for_song(job_id: str) -> None:
    candidates.search(job_id)


@shared_task(name="generation.recheck")
def recheck_account(account_id: int, team_id: str = "") -> None:
    blocked_accounts.recheck(account_id, UUID(team_id) if team_id else None)


@shared_task(name="generation.charges")
def count_charges(account_id: int) -> None:
    charges.count(account_id)


@shared_task(name="generation.collect")
def finish_song(song_id: str) -> None:
    completion.finish(song_id)
    completion.show(song_id)


@shared_task(name="generation.changed")
def show_accounts(subscription_id: int) -> None:
    poller.show(subscription_id)
