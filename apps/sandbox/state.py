"""Everything that the sandbox remembers, in one SQLite file, so that a restart forgets nothing.

One connection behind one lock: the sandbox is small, and limits and credits have to be exact when many
clients call at once. What is charged and the job it was charged for are written in one transaction before the
client hears of it, so that a killed sandbox has either both or neither.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.sandbox import schema
from apps.sandbox.scenarios import NONE, Scenario, Scenarios

LOG_KEPT = 7 * 86400


def fingerprint(authorization: str) -> str:
    """Tells one token from another, and says neither."""
    return hashlib.sha256(authorization.encode()).hexdigest()[:16]


class Closed(Exception):
    """The sandbox has been stopped; a thread that comes late has nothing left to do."""


class SandboxState:
    """The database of one sandbox. Used by many threads; a transaction is never held across a socket."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._closed = False
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=20)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        schema.prepare(self._db)
        self.secret = self._make_secret()
        self.execute("DELETE FROM requests WHERE at < ?", time.time() - LOG_KEPT)

    def _make_secret(self) -> str:
        """Signs the media links; kept, so that links outlive a restart."""
        with self.transaction():
            rows = self.rows("SELECT value FROM secret")
            if not rows:
                self.execute("INSERT INTO secret VALUES (?)", secrets.token_hex(16))
        return str(self.rows("SELECT value FROM secret")[0]["value"])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, alone; may not be nested."""
        with self._lock:
            self._run("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._run("ROLLBACK")
                raise
            self._run("COMMIT")

    def _run(self, sql: str, *values: object) -> sqlite3.Cursor:
        if self._closed:
            raise Closed
        return self._db.execute(sql, values)

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._run(sql, *values).fetchall()

    def execute(self, sql: str, *values: object) -> int:
        """Runs one statement; the number of rows that it changed."""
        with self._lock:
            return self._run(sql, *values).rowcount

    def insert(self, sql: str, *values: object) -> int:
        """Runs one INSERT; the id of its row."""
        with self._lock:
            return int(self._run(sql, *values).lastrowid or 0)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._db.close()

    def reset(self) -> None:
        """Forgets everything but the secret."""
        with self.transaction():
            for statement in schema.FORGETTING:
                self.execute(statement)

    # What tests ask.

    def charges(self) -> dict[str, int]:
        """Songs and edits charged per `replyRef` ("" for those without one)."""
        rows = self.rows(
            "SELECT reference, count(*) AS songs FROM jobs WHERE charged > 0 AND mode != 'hidden' GROUP BY reference"
        )
        return {row["reference"]: row["songs"] for row in rows}

    def charged(self, reference: str) -> int:
        """Songs and edits charged for one `replyRef`."""
        return self.charges().get(reference, 0)

    def charged_operations(self) -> dict[str, int]:
        """How often each operation was charged: also stems, lyrics and images, which have no reference."""
        rows = self.rows(
            "SELECT operation, count(*) AS charges FROM events WHERE operation != '' GROUP BY operation"
        )
        return {row["operation"]: row["charges"] for row in rows}

    def requests(
        self, method: str | None = None, path: str | None = None, *, token: str | None = None
    ) -> dict[str, int]:
        """Calls received per "METHOD /route", for example {"GET /jobs/{jobid}": 3}.

        `method` ("GET"), `path` ("/jobs/{jobid}", as the pages name it) and the `token` that came along leave only
        those.
        """
        caller = token and fingerprint(f"Bearer {token}")
        rows = self.rows(
            "SELECT route, count(*) AS calls FROM requests WHERE ? IS NULL OR caller = ? GROUP BY route ORDER BY route",
            caller,
            caller,
        )
        counts = {row["route"]: row["calls"] for row in rows}
        return {
            route: calls
            for route, calls in counts.items()
            if (method is None or route.split(" ")[0] == method)
            and (path is None or route.split(" ")[1] == path)
        }

    # The log of requests.

    def log(self, number: str | None, route: str, *, authorization: str | None = None) -> int:
        """Notes a request as it arrives, so that one which is never answered is counted too; its row's id.

        Of the token only a fingerprint is kept.
        """
        caller = fingerprint(authorization) if authorization else None
        return self.insert(
            "INSERT INTO requests (at, number, caller, route) VALUES (?, ?, ?, ?)",
            time.time(),
            number,
            caller,
            route,
        )

    def log_status(self, row: int, status: int) -> None:
        self.execute("UPDATE requests SET status = ? WHERE id = ?", status, row)

    # Scenarios ordered for the next calls.

    def schedule(self, operation: str, scenario: Scenario, *, times: int, number: str | None) -> None:
        self.execute(
            "INSERT INTO scheduled (operation, scenario, number, remaining) VALUES (?, ?, ?, ?)",
            operation,
            scenario.value,
            number,
            times,
        )

    def due_scenarios(self, operation: str, number: str | None, any_operation: str = "*") -> Scenarios:
        """The oldest scenario ordered for this operation or any, counted down by this one call."""
        if not self.rows("SELECT 1 FROM scheduled LIMIT 1"):
            return NONE
        with self.transaction():
            rows = self.rows(
                "SELECT id, scenario FROM scheduled WHERE operation IN (?, ?) AND (number IS NULL OR number = ?)"
                " ORDER BY id LIMIT 1",
                operation,
                any_operation,
                number,
            )
            for row in rows:
                self.execute("UPDATE scheduled SET remaining = remaining - 1 WHERE id = ?", row["id"])
                self.execute("DELETE FROM scheduled WHERE id = ? AND remaining <= 0", row["id"])
        return frozenset(Scenario(row["scenario"]) for row in rows)
