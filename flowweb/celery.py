"""The Celery application: wiring only. Tasks live in apps/*/tasks.py and are found by name."""

import os
import sys

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowweb.settings")

app = Celery("flowweb")
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
