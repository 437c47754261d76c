"""Which steps a run of the matrix tries: all of them in `--soak`, else a spread and everything around the POST.

What costs money is tried on each database. Of all else SQLite tries every second step, and Postgres the others. In
`make test-all` SQLite tries every step, and Postgres every second one of what costs nothing; in `make soak` both all.
"""

import os
from collections.abc import Collection

import pytest
from django.db import connection

from tests.faults.children import Ended

# Parts of one matrix, so that two processes share it; the second one is left to `make test-all`.
SHARDS = 2
PARTS = (0, pytest.param(1, marks=pytest.mark.long))
EVERY = 8
BEFORE, BEHIND = 4, 5


def numbers(
    whole: Ended, *, shard: int, soak: bool, near: Collection[str] = (), pays: bool = False
) -> list[int]:
    """Step numbers to die at, from what a run to the end has reached."""
    assert not whole.killed
    last = len(whole.steps)
    chosen = set(range(1, last + 1)) if soak else set(range(1, last + 1, EVERY))
    for number, name in enumerate(whole.steps, start=1):
        if name in near:
            chosen |= set(range(max(1, number - BEFORE), min(last, number + BEHIND) + 1))
    is_whole = soak and os.environ.get("CRASH_STEPS") != "half"
    first, every = (0, 1) if is_whole or pays else (int(connection.vendor != "sqlite"), 2)
    return sorted(chosen)[first::every][shard::SHARDS]
