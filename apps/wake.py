"""Wakes a Celery task by name once the running transaction is committed.

Messages are hints: a sweep finds what is due, so a broker that is down must not fail a request (DESIGN, truth 2).
"""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def wake(task: str, *ids: str | int) -> None:
    """Ask for the named task, with ids only, after commit. Never raises because of the broker."""
    # robust: what the rows say is committed by then; no trouble with the broker may look like one with them.
    transaction.on_commit(lambda: _send(task, ids), robust=True)


def _send(task: str, ids: tuple[str | int, ...]) -> None:
    try:
        current_app.send_task(task, args=ids, expires=60)
    except (OperationalError, OSError) as error:
        logger.warning("could not wake %s: %s", task, type(error).__name__)
