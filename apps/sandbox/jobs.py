"""Jobs: rows whose state follows from the clock, and the record in which the API shows them.

No thread makes a song: a job is pending until its `done_at` has passed. So a restart or a kill changes nothing for it.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import time
import uuid
from dataclasses import dataclass, fields
from typing import Any

from apps.sandbox.scenarios import FAILING, Scenario, Scenarios
from apps.sandbox.state import SandboxState
from apps.sandbox.times import iso

JOB_ID = re.compile(r"job:[0-9a-f-]{36}-user:\d+-.+-bot:flowmusic")
SLOWER = 5
CANCEL = "UPDATE jobs SET cancelled_at = ? WHERE jobid = ? AND cancelled_at IS NULL AND done_at > ?"
FINISH = "UPDATE jobs SET done_at = ? WHERE jobid = ? AND cancelled_at IS NULL AND done_at > ?"
DECLINED = "the model declined to generate audio for this {what}"
CANCELLED = "the job was cancelled by the user"
SONG, HIDDEN = "song", "hidden"
# Seconds that an operation takes at the real API, from and to.
SECONDS = {
    SONG: (40, 150),
    "effect": (8, 28),
    "stems": (15, 60),
    "lyrics": (3, 12),
    "image": (10, 20),
    "upload": (2, 6),
}
EDIT_SECONDS = (40, 120)


@dataclass(frozen=True)
class SandboxJob:
    """Times are seconds since 1970. `base` is the address under which the client asked: media links point there.

    A job whose mode is "hidden" has no record at the API: it stands for stems, uploads and what else makes clips.
    `conversation` is the song in whose name an edit is charged.
    """

    jobid: str
    tenant: str
    number: str
    email: str
    mode: str
    base: str
    request: dict[str, Any]
    reference: str
    called: Scenarios
    charged: int
    created: float
    done_at: float
    cancelled_at: float | None = None
    operation: str = SONG
    conversation: str = ""

    def status(self, now: float) -> str:
        if self.cancelled_at is not None:
            return "failed"
        if now < self.done_at:
            return "pending"
        return "failed" if self.called & FAILING else "completed"

    def running(self, now: float) -> bool:
        return self.status(now) == "pending"

    def vanished(self, now: float) -> bool:
        return Scenario.VANISH in self.called and not self.running(now)

    def made(self, now: float) -> bool:
        """Whether its clips can be had; those of a cancelled job when the time that it would have taken is over."""
        return now >= self.done_at

    @property
    def takes(self) -> int:
        """How many clips it makes."""
        if self.called & FAILING:
            return 0
        return 1 if Scenario.ONE_TAKE in self.called or self.operation != SONG else 2

    @property
    def talk(self) -> str:
        """The id of its conversation: its own, or the one that an edit goes on with."""
        return self.conversation or str(uuid.uuid5(uuid.NAMESPACE_URL, self.jobid))

    def record(self, clips: list[dict[str, Any]], now: float) -> dict[str, Any]:
        """The job record of GET /jobs/{jobid}; `clips` are shown only when completed."""
        status = self.status(now)
        record: dict[str, Any] = {"jobid": self.jobid, "email": self.email, **self._operation}
        record["status"] = status
        record["created_at"] = iso(self.created)
        if status != "pending":
            ended = self.done_at if self.cancelled_at is None else self.cancelled_at
            record["completed_at"] = iso(ended)
        if status == "completed":
            record["duration_ms"] = round((self.done_at - self.created) * 1000)
            record["clips"] = clips
        if status == "failed":
            record["error"] = self._error
        return record | {"request": self.request}

    @property
    def _operation(self) -> dict[str, str]:
        return {} if self.operation == SONG else {"operation": self.operation}

    @property
    def _error(self) -> dict[str, str]:
        if self.cancelled_at is not None:
            return {"code": "user_cancelled", "message": CANCELLED}
        what = "prompt" if self.operation == SONG else "edit"
        return {"code": "moderation_reject", "message": DECLINED.format(what=what)}

    def listed(self, now: float) -> dict[str, Any]:
        """As in GET /jobs: without the request."""
        record = {"jobid": self.jobid, "status": self.status(now), **self._operation}
        return record | {"created_at": iso(self.created)}


def usual_seconds(words: str, operation: str = SONG) -> float:
    """How long an operation takes, always the same for the same words: 40 to 150 s for a song."""
    shortest, longest = SECONDS.get(operation, EDIT_SECONDS)
    share = int.from_bytes(hashlib.sha256(words.encode()).digest()[:4], "big") / 2**32
    return shortest + share * (longest - shortest)


def seconds(called: Scenarios, words: str, operation: str, speed: float) -> float:
    """The same, as it is here and now."""
    slower = SLOWER if Scenario.SLOW in called else 1
    return usual_seconds(words, operation) * slower / speed


def insert(state: SandboxState, job: SandboxJob) -> None:
    row: tuple[object, ...] = (
        job.jobid,
        job.tenant,
        job.number,
        job.email,
        job.mode,
        job.base,
        json.dumps(job.request),
        job.reference,
        json.dumps(sorted(job.called)),
        job.charged,
        job.created,
        job.done_at,
        job.cancelled_at,
        job.operation,
        job.conversation,
    )
    state.execute("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)


def from_row(row: sqlite3.Row) -> SandboxJob:
    values = {each.name: row[each.name] for each in fields(SandboxJob)}
    values["request"] = json.loads(values["request"])
    values["called"] = frozenset(Scenario(tag) for tag in json.loads(values["called"]))
    return SandboxJob(**values)


def get(state: SandboxState, jobid: str) -> SandboxJob | None:
    rows = state.rows("SELECT * FROM jobs WHERE jobid = ?", jobid)
    return from_row(rows[0]) if rows else None


def running_async(state: SandboxState, tenant: str) -> list[SandboxJob]:
    rows = state.rows(
        "SELECT * FROM jobs WHERE tenant = ? AND mode = 'async' AND cancelled_at IS NULL AND done_at > ?"
        " ORDER BY created",
        tenant,
        time.time(),
    )
    return [from_row(row) for row in rows]


def ended_but_listed(state: SandboxState, tenant: str) -> list[SandboxJob]:
    """Jobs that were to stay in the list of what runs."""
    rows = state.rows(
        "SELECT * FROM jobs WHERE tenant = ? AND mode = 'async' AND cancelled_at IS NULL AND done_at <= ?"
        " AND called LIKE ? ORDER BY created",
        tenant,
        time.time(),
        f'%"{Scenario.STAYS_LISTED}"%',
    )
    return [from_row(row) for row in rows]


def cancel(state: SandboxState, job: SandboxJob) -> bool:
    """Marks a running job as cancelled; its webhook is due now. False if it had ended already."""
    return _end(state, job, CANCEL)


def finish(state: SandboxState, job: SandboxJob) -> bool:
    """Ends a running job now, as if its time were over. False if it had ended already."""
    return _end(state, job, FINISH)


def _end(state: SandboxState, job: SandboxJob, statement: str) -> bool:
    now = time.time()
    with state.transaction():
        ended = state.execute(
            statement,
            now,
            job.jobid,
            now,
        )
        if ended:
            state.execute(
                "UPDATE hooks SET due_at = due_at - ? WHERE jobid = ? AND sent_at IS NULL",
                job.done_at - now,
                job.jobid,
            )
    return ended == 1
