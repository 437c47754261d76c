"""The Celery application: wiring only. Tasks live in apps/*/tasks.py and are found by name."""

import os
import signal
import sys
from typing import Any

from celery import Celery, Task
from celery.app.utils import Settings
from celery.signals import celeryd_init, worker_init, worker_ready
from django.conf import settings
from django.db import DatabaseError, connection

from apps import shutdown
from flowweb import notices

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowweb.settings")


class Hint(Task):  # type: ignore[type-arg]
    """A message is a hint: one that comes when this process is to end is dropped, and the next one's tick finds
    what is due. The pool of threads would work through all that it has taken."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return None if shutdown.has_begun() else super().__call__(*args, **kwargs)


app = Celery("flowweb", task_cls=Hint)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
def _set_threads(conf: Settings, options: dict[str, Any], **_kwargs: object) -> None:
    # Not by an option of the command: a wrong number would be told by Celery in its own five lines.
    slow = "slow" in (options.get("queues") or ())
    conf.worker_concurrency = settings.SLOW_THREADS if slow else settings.WORKER_THREADS


@worker_init.connect
def _check_keys(**_kwargs: object) -> None:
    # A worker with the wrong FIELD_KEYS would refuse every token; better that it doesn't start.
    # Celery logs what a signal's receiver raises and goes on; only SystemExit ends it.
    from apps.accounts.key_rotation import KeysDontFit, check_keys

    try:
        check_keys()
    except KeysDontFit as error:
        sys.exit(notices.refuse(error))
    except DatabaseError as error:
        # The release step checked the keys; a worker that waits for its database is found by /readyz, not ended.
        notices.say([f"the database can't be used: {notices.first_line(error)}"])
    finally:
        connection.close()  # of the main thread, which works for nobody: it would be one more than the threads


@worker_ready.connect
def _stop_in_time(**_kwargs: object) -> None:
    """Of each signal that ends a worker the flag hears first. By itself Celery waits for its threads without end."""
    from apps.accounts import ticks

    if shutdown.is_watched():
        return
    shutdown.watch()
    ticks.watch()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, shutdown.before(signal.getsignal(number)))
