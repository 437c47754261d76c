"""Tells the host whether the process is alive and can serve. It answers before anything else looks at the request."""

import logging
import time
from collections.abc import Callable
from functools import cache as remembered
from threading import Lock
from typing import cast

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.accounts import ticks
from apps.cache import Cache

logger = logging.getLogger(__name__)

# The store is asked no more often than this: it may be far away, and some bill each question.
STORE_S = 30.0
# One that did not answer is asked again after this.
LEFT_ALONE_S = 5.0
_asking_store = Lock()
_store_known = (False, float("-inf"))  # whether it answered, and when (monotonic)


@require_safe
@never_cache
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nothing of the database: a database that is down isn't mended by a restart."""
    return _said("ok")


@require_safe
@never_cache
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when all that a page needs is there, else 503 that names what isn't.

    How old the last tick is stands beside it: without beat the web still serves, and must not be taken out of service.
    """
    missing = [name for name, is_there in CHECKS if not is_there()]
    if missing:
        return _said(f"no {', '.join(missing)}", status=503)
    return _said(f"ready; {ticks.words()}")


def _said(text: str, *, status: int = 200) -> HttpResponse:
    """In one line. On one machine also whose this process is: two studios may live beside one another."""
    response = HttpResponse(text, status=status, content_type="text/plain")
    if settings.LOCAL_START:
        response["X-Flowweb-Start"] = settings.LOCAL_START
    return response


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        logger.warning("database does not answer: %s", type(error).__name__)
        return False
    return True


def _migrations() -> bool:
    """Whether the database has every table and column of this version. One that is away is named for itself."""
    try:
        applied = MigrationRecorder(connection).applied_migrations().keys()
    except DatabaseError:
        return True
    pending = sorted(_latest_migrations() - applied)
    if pending:
        logger.warning("not migrated: %s", ", ".join(".".join(each) for each in pending))
    return not pending


@remembered
def _latest_migrations() -> frozenset[tuple[str, str]]:
    """The last of each app, as this version's files say: they don't change while it runs."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _cache() -> bool:
    return cast(Cache, caches["default"]).responds()


def _store() -> bool:
    """Whether the store of audio answers at all; what is in it doesn't matter.

    One thread asks at a time. Who comes meanwhile hears what was known before: one that hangs would hold them all.
    """
    global _store_known
    answered, at = _store_known
    if time.monotonic() - at < (STORE_S if answered else LEFT_ALONE_S) or not _asking_store.acquire(False):
        return answered
    try:
        answered = _store_responds()
        _store_known = answered, time.monotonic()
    finally:
        _asking_store.release()
    return answered


def _store_responds() -> bool:
    try:
        default_storage.exists("ready")
    except Exception as error:  # each kind of store has its own
        logger.warning("store does not answer: %s", type(error).__name__)
        return False
    return True


# What has to be there, in the order in which it is asked.
CHECKS: tuple[tuple[str, Callable[[], bool]], ...] = (
    ("database", _database),
    ("migrations", _migrations),
    ("cache", _cache),
    ("store", _store),
)
