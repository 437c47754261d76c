"""A whole start of the product for the figures: real gunicorn, Redis, sandbox, both workers and beat."""

import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.local.studio import Studio

# Far enough away that nothing is sent until the row is gone.
LONG_AGO = "2026-01-01 00:00:00"


class House:
    """`studio` runs; the database is read and set beside it."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.port = studio.port
        self.sandbox = f"http://127.0.0.1:{(studio.folder / 'data' / 'sandbox-port').read_text().strip()}"

    @property
    def link(self) -> str:
        found = re.search(r"with this link: (\S+)", self.studio.said)
        assert found, self.studio.said
        return found[1]

    def execute(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with closing(
            sqlite3.connect(self.studio.folder / "data" / "flowweb.sqlite3", timeout=20)
        ) as database:
            rows = database.execute(sql, values).fetchall()
            database.commit()
            return rows

    @contextmanager
    def nothing_is_sent(self) -> Iterator[None]:
        """As after a restored backup: the dispatchers stand still."""
        self.execute(
            "INSERT INTO generation_hold (team_id, since, calls, gone) SELECT id, created_at, 0, 0 FROM accounts_team"
        )
        yield
        self.execute("DELETE FROM generation_hold")

    def keep_jobs(self, count: int) -> None:
        """Only the oldest `count` jobs stay."""
        rows = "SELECT id FROM generation_job ORDER BY created_at LIMIT -1 OFFSET ?"
        self.execute(f"DELETE FROM generation_jobevent WHERE job_id IN ({rows})", count)
        self.execute(f"DELETE FROM generation_job WHERE id IN ({rows})", count)

    def takes_of(self, reference: str) -> list[str]:
        """Ids of the takes of that job's song, as they stand in addresses; none while it is being made."""
        rows = self.execute(
            "SELECT clip.id FROM library_clip clip JOIN generation_job job ON job.song_id = clip.song_id "
            "WHERE job.reference = ? ORDER BY clip.take",
            reference,
        )
        return [str(row[0]) for row in rows]

    def what_is_left(self) -> list[tuple[object, ...]]:
        """Jobs that aren't completed, and files that are still to come: the WAV follows last."""
        jobs = "SELECT 'job', state, count(*) FROM generation_job WHERE state != 'completed' GROUP BY state"
        files = "SELECT 'file', kind, count(*) FROM library_clipfile WHERE state = 'wanted' GROUP BY kind"
        return self.execute(jobs) + self.execute(files)

    def hurry_wavs(self) -> None:
        """They would wait for a minute, so that what a player needs comes first; here nobody waits with them."""
        self.execute(
            "UPDATE library_clipfile SET next_try_at = ? WHERE kind = 'wav' AND state = 'wanted'", LONG_AGO
        )

    def all_over(self) -> bool:
        return not self.what_is_left()


@contextmanager
def house() -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="flowweb-bench-") as folder:
        studio = Studio(Path(folder), DJANGO_SETTINGS_MODULE="tests.bench.settings")
        studio.start()
        try:
            yield House(studio)
        finally:
            studio.stop()


def until(done: object, *, within: float, every: float = 0.1) -> bool:
    """Waits for `done()`; False when time is over."""
    ends = time.monotonic() + within
    while time.monotonic() < ends:
        if done():  # type: ignore[operator]
            return True
        time.sleep(every)
    return False
