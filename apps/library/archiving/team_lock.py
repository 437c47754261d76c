"""One file of a team is read at a time on a host, so that nobody's files hold up everybody else's.

The kernel frees the lock when its process ends, however it ends.
"""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from apps.library.archiving.faults import NotExamined

FOLDER = "reading"
WAITS = "Another file of this team is being read just now. This one follows."


@contextmanager
def held(team_id: uuid.UUID) -> Iterator[None]:
    """Raises NotExamined at once when it is somebody else's: no thread waits."""
    folder = settings.DATA_DIR / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / f"{team_id}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise NotExamined(WAITS) from error
    finally:
        os.close(handle)
