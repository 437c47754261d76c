"""The Celery application: wiring only. Tasks live in apps/*/tasks.py and are found by name."""

import os
import signal
import sys
from typing import Any

from celery import Celery, Task
from celery.signals import worker_init, worker_ready

from apps import shutdown

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowweb.settings")


class Hint(Task):  # type: ignore[type-arg]
    """A message is a hint: one that comes when this process is to end is dropped, and the next one's sweep finds
    what is due. The pool of threads would work through all that it has taken."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return None if shutdown.has_begun() else super().__call__(*args, **kwargs)


app = Celery("flowweb", task_cls=Hint)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def _check_keys(**_kwargs: object) -> None:
    # A worker with the wrong FIELD_KEYS would refuse every token; better that it doesn't start.
    # Celery logs what a signal's receiver raises and goes on; only SystemExit ends it.
    from apps.accounts.keys import KeysDontFit, check_keys

    try:
        check_keys()
    except KeysDontFit as error:
        print(f"flowweb: {error}", file=sys.stderr, flush=True)
        sys.exit(2)


@worker_ready.connect
def _stop_in_time(**_kwargs: object) -> None:
    """Of each signal that ends a worker the flag hears first. By itself Celery waits for its threads without end."""
    if shutdown.is_watched():
        return
    shutdown.watch()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, shutdown.before(signal.getsignal(number)))
