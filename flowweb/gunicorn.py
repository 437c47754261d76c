"""gunicorn's configuration, on one machine and hosted: threads, because requests wait for a database."""

import gc
import os
import signal
import sys

from django.db import DatabaseError, connection
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

from apps import shutdown
from apps.die_with_parent import die_with
from flowweb import notices
from flowweb.log_redaction import Line, redact_all
from flowweb.settings_check import settings

LOCAL: bool = settings.LOCAL
bind = f"127.0.0.1:{settings.PORT}" if LOCAL else f"0.0.0.0:{settings.PORT}"
worker_class = "gthread"
workers: int = settings.WEB_CONCURRENCY
threads: int = settings.WEB_THREADS
timeout = 60
graceful_timeout = 5 if LOCAL else 20  # then they are killed: the site ends within 25 s
keepalive = 15
_MEMORY = "/dev/shm"  # noqa: S108 - gunicorn makes a file of its own there, and removes its name at once
# Heartbeats on a disk can stall behind a busy one.
worker_tmp_dir = _MEMORY if os.path.isdir(_MEMORY) else None
# Nobody asks it, and it would leave a socket in the home directory.
control_socket_disable = True
loglevel = "warning"


class QuietLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Addresses may be secrets: neither the access log, where it is switched on, nor an error shows them."""

    def setup(self, cfg: object) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(Line(self.error_fmt, self.datefmt))

    def atoms(self, *details: object) -> dict[str, object]:
        atoms: dict[str, object] = redact_all(super().atoms(*details))
        return atoms


logger_class = QuietLogger


def post_worker_init(_worker: Worker) -> None:
    """With the wrong FIELD_KEYS the site would encrypt what no worker can read: better that it doesn't start."""
    from apps.accounts.key_rotation import KeysDontFit, check_keys

    # Looked at by whatever takes in a file piece by piece; the master kills what does not end.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, shutdown.before(signal.getsignal(number)))
    try:
        check_keys()
    except KeysDontFit as error:
        notices.refuse(error)
        # The code that makes gunicorn give up instead of starting the next worker.
        sys.exit(Arbiter.WORKER_BOOT_ERROR)
    except DatabaseError:
        # /readyz says so, and the keys were checked by the release step; a restart mends no database.
        return
    finally:
        connection.close()  # of the main thread, which serves nobody: it would be one more than WEB_THREADS
    # What the start made stays, and what a page makes goes by itself: looking through it all took a fifth of each page.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def post_fork(_server: Arbiter, worker: Worker) -> None:
    """A killed gunicorn must not leave workers that hold the port."""
    die_with(worker.ppid)
