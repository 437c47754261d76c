"""Celery: messages are hints. No results, no retries, no countdowns: the database is the timer.

A part of the settings, with nothing from the environment in it. What isn't set here is Celery's default and meant to
be: JSON alone, taken from the queue before the work begins, times in UTC.
"""

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_max": 0.2,
}
CELERY_TASK_ROUTES = {
    "accounts.learn": {"queue": "slow"},
    "accounts.mail": {"queue": "slow"},
    "accounts.purge": {"queue": "slow"},
    "generation.block": {"queue": "slow"},
    "generation.charges": {"queue": "slow"},
    "generation.look": {"queue": "slow"},
    "accounts.usage": {"queue": "slow"},
    "library.archive": {"queue": "slow"},
    "library.reference": {"queue": "slow"},
    "library.background": {"queue": "slow"},
    "library.import": {"queue": "slow"},
    "library.reindex": {"queue": "slow"},
    "library.sweep": {"queue": "slow"},
    "library.bin": {"queue": "slow"},
}
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
TICK = 5  # seconds between two looks at the rows that are due
# Without `expires`: a worker would hold beat's clock against its own, and throw every tick away in silence when the two
# differ. Of ticks that have piled up all but the first find that it was somebody's turn just now.
CELERY_BEAT_SCHEDULE = {
    "generation": {
        "task": "generation.tick",
        "schedule": TICK,
    },
    "library": {
        "task": "library.sweep",
        "schedule": 3 * TICK,
    },
    "bin": {
        "task": "library.bin",
        "schedule": 120 * TICK,
    },
    "audit trail": {
        "task": "accounts.purge",
        "schedule": 120 * TICK,
    },
}
