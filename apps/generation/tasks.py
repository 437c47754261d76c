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
from apps.accounts import outbox, ticks, usage
from apps.generation import (
    blocks,
    collect,
    dispatch,
    follow,
    looking,
    payers,
    restore,
    schedule,
    transitions,
    watch,
)
from apps.generation.edits import chains
from apps.generation.sweeping import sweeps
from apps.wake import wake

logger = logging.getLogger(__name__)

SENDERS = BoundedSemaphore(settings.WORKER_THREADS // 2)  # the others watch what runs
MOST_BLOCKED = settings.SLOW_THREADS // 2  # the others copy files
BLOCKED = BoundedSemaphore(MOST_BLOCKED)


@shared_task(name="generation.tick")
def tick() -> None:
    """Every few seconds: finds in the rows what is due, however many beats there are."""
    if not schedule.take_lease("tick", timedelta(seconds=settings.TICK - 1)):
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
    dispatch.drop_cancelled()


def _send(now: datetime) -> None:
    for pk in dispatch.due(now):
        wake("generation.dispatch", pk)
    for pk in dispatch.due(now, blocking=True):
        wake("generation.block", pk)


def _watch(now: datetime) -> None:
    for pk in schedule.due(now).values_list("pk", flat=True):
        wake("generation.watch", pk)
    for job_id in looking.due(now):
        wake("generation.look", job_id)


def _sweep(_now: datetime) -> None:
    for sweep_id in sweeps.due():
        wake("generation.sweep", sweep_id)


def _look_after_accounts(now: datetime) -> None:
    blocks.mark_empty(now)
    for pk in blocks.due(now):
        wake("generation.recheck", pk)
    for token_id in blocks.unchecked_tokens():
        wake("accounts.refresh", token_id)
    for pk in usage.due():
        wake("accounts.usage", pk)


def _send_mail(_now: datetime) -> None:
    for mail_id in outbox.due():
        wake("accounts.mail", mail_id)


STEPS: tuple[Callable[[datetime], object], ...] = (
    lambda _now: restore.look(),  # before anything is done with rows that may be from a backup
    _clear,
    lambda _now: payers.find(),
    lambda _now: collect.finish(),
    lambda _now: chains.advance(),
    _watch,
    _send,
    _sweep,
    _look_after_accounts,
    _send_mail,
)


@shared_task(name="generation.dispatch")
def dispatch_subscription(subscription_id: int) -> None:
    # POSTs that hang must leave threads for the polls; whoever finds no place is woken again by the next tick.
    if SENDERS.acquire(blocking=False):
        try:
            dispatch.run(subscription_id)
        finally:
            SENDERS.release()


@shared_task(name="generation.block")
def dispatch_blocking(subscription_id: int) -> None:
    """Calls whose answer takes up to minutes; by the worker that may be kept so long."""
    if BLOCKED.acquire(blocking=False):
        try:
            dispatch.run(subscription_id, blocking=True)
        finally:
            BLOCKED.release()


@shared_task(name="generation.sweep")
def step_sweep(sweep_id: str) -> None:
    sweeps.step(sweep_id)


@shared_task(name="generation.watch")
def watch_subscription(subscription_id: int) -> None:
    watch.poll(subscription_id)


@shared_task(name="generation.read")
def read_hinted(subscription_id: int) -> None:
    follow.hinted(subscription_id)


@shared_task(name="generation.look")
def look_for_job(job_id: str) -> None:
    looking.look(job_id)


@shared_task(name="generation.recheck")
def recheck_account(account_id: int, team_id: str = "") -> None:
    blocks.recheck(account_id, UUID(team_id) if team_id else None)


@shared_task(name="generation.collect")
def finish_song(song_id: str) -> None:
    collect.finish(song_id)
    collect.show(song_id)


@shared_task(name="generation.changed")
def show_accounts(subscription_id: int) -> None:
    watch.show(subscription_id)
