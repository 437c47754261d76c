"""An SQLite database that has gone through all migrations, for every process of one run: these take six seconds, of
which only the first one needs to know.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

VARIABLE = "MIGRATED_DATABASE"  # where it is, or will be; set by `python -m tests`


@contextmanager
def kept() -> Iterator[bool]:
    """True: the test database is there, a copy of the first one. What is made inside becomes the first one, if there is
    none yet; who comes meanwhile waits for it.
    """
    path = os.environ.get(VARIABLE, "")
    if not path or connection.vendor != "sqlite":
        yield False
        return
    with Path(f"{path}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_there = Path(path).exists()
        if is_there:
            shutil.copy(path, connection.settings_dict["TEST"]["NAME"])
        yield is_there
        if not is_there:
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [path])
