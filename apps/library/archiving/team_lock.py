"""One file of a team is read at a time on a host, so that nobody's files hold up everybody else's.

The kernel frees the lock when its process ends, however it ends.
"""

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from apps.library.archiving.errors import NotExamined

FOLDER = "reading"
WAITS = "Another file of this team is being read right now. This one follows."
# Most files are read within half a second; what takes longer gets no second thread.
PATIENCE_S, PAUSE_S = 2.0, 0.05


@contextmanager
def locked(team_id: uuid.UUID) -> Iterator[None]:
    """Raises NotExamined when somebody else keeps it."""
    folder = settings.DATA_DIR / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / f"{team_id}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _take(handle):
            raise NotExamined(WAITS)
        yield
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > until:
                return False
        time.sleep(PAUSE_S)
