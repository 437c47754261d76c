"""Shows that a worker is alive and at work on a row: a lease is short, and renewed while the work continues.

A process that dies renews nothing, so that its rows are free 30 s later; one that is asked to stop frees them itself.
No lease is renewed for longer than the work may take: a thread that hangs does not keep its row for ever.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db import connections

from apps import shutdown

logger = logging.getLogger(__name__)

LASTS = timedelta(seconds=30)
RENEWED_EVERY_S = 8.0  # so that two renewals may fail


@dataclass(eq=False)
class _Lease:
    renew: Callable[[], bool]
    until: float  # monotonic


_lock = threading.Lock()
_leases: set[_Lease] = set()
_renewer: threading.Thread | None = None


@contextmanager
def lease(*, renew: Callable[[], bool], free: Callable[[], object], most: timedelta) -> Iterator[None]:
    """For the time of the work, which lasts `most` at most. `renew` says False when the lease is lost."""
    renewed = _Lease(renew, time.monotonic() + most.total_seconds())
    with shutdown.under_way(free):
        _add(renewed)
        try:
            yield
        finally:
            with _lock:
                _leases.discard(renewed)


def _add(lease: _Lease) -> None:
    global _renewer
    with _lock:
        _leases.add(lease)
        # A forked child has the set, but not the thread.
        if _renewer is None or not _renewer.is_alive():
            _renewer = threading.Thread(target=_renew_all, name="leases", daemon=True)
            _renewer.start()


def _renew_all() -> None:
    """Until there is no lease left. Between two rounds it holds no connection."""
    global _renewer
    while True:
        time.sleep(RENEWED_EVERY_S)
        with _lock:
            due = list(_leases)
            if not due:
                _renewer = None
                return
        for lease in due:
            _renew(lease)
        connections.close_all()


def _renew(lease: _Lease) -> None:
    try:
        if time.monotonic() < lease.until and lease.renew():
            return
    except Exception:  # the database is away for a moment: the next round may be in time
        logger.warning("a lease could not be renewed", exc_info=True)
        return
    with _lock:
        _leases.discard(lease)
