"""Webhooks: the job record, POSTed to `replyUrl` once when the job completes or fails. No signature, no second try.

Only to plain http on this machine: a toy must not be able to knock on other people's doors.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import threading
import time
from urllib.parse import urlsplit

from apps.sandbox import clips, jobs
from apps.sandbox.jobs import SandboxJob
from apps.sandbox.scenarios import Scenario
from apps.sandbox.state import Closed, SandboxState
from apps.sandbox.world import LONGEST_SLEEP_S, World

TIMEOUT_S = 5
LATE_S = 20


def order(state: SandboxState, job: SandboxJob, url: str, speed: float) -> None:
    """Notes what is to be sent when the job ends; called in the transaction that accepts it."""
    if job.called & {Scenario.HOOK_NEVER, Scenario.HOOK_EARLY}:
        return
    due = job.done_at + (LATE_S / speed if Scenario.HOOK_LATE in job.called else 0)
    for _ in range(_copies(job)):
        state.execute("INSERT INTO hooks (jobid, url, due_at) VALUES (?, ?, ?)", job.jobid, url, due)


def send_early(state: SandboxState, job: SandboxJob, url: str) -> None:
    """Delivers before the answer of POST /music; the receiver then knows a jobid that the caller doesn't."""
    for _ in range(_copies(job)):
        hook = state.insert(
            "INSERT INTO hooks (jobid, url, due_at, sent_at) VALUES (?, ?, ?, ?)",
            job.jobid,
            url,
            job.created,
            time.time(),
        )
        _deliver(state, hook, job.jobid, url)


def _copies(job: SandboxJob) -> int:
    return 2 if Scenario.HOOK_TWICE in job.called else 1


def _deliver(state: SandboxState, hook: int, jobid: str, url: str) -> None:
    try:
        job = jobs.get(state, jobid)
        result = _post(url, clips.job_record(state, job)) if job else "failed"
        state.execute("UPDATE hooks SET result = ? WHERE id = ?", result, hook)
    except Closed:
        return  # The sandbox was stopped meanwhile; nobody asks for the result any more.


def _post(url: str, record: dict[str, object]) -> str:
    """The status of the answer, "refused" if the address isn't ours to call, or "failed"."""
    try:
        target = urlsplit(url)
        port = target.port or 80
    except ValueError:
        return "refused"
    if target.scheme != "http" or not _is_loopback(target.hostname or ""):
        return "refused"
    path = f"{target.path or '/'}{'?' + target.query if target.query else ''}"
    connection = http.client.HTTPConnection(target.hostname or "", port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", path, json.dumps(record).encode(), {"Content-Type": "application/json"})
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException, ValueError):
        return "failed"
    finally:
        connection.close()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Courier(threading.Thread):
    """Sends what is due, each from a thread of its own, so that a deaf receiver delays nobody else's."""

    def __init__(self, world: World) -> None:
        super().__init__(name="sandbox-webhooks", daemon=True)
        self.world = world

    def run(self) -> None:
        with contextlib.suppress(Closed):
            while not self.world.closing.is_set():
                heard = self.world.rings
                self.world.wait(min(self._send_due(), LONGEST_SLEEP_S), heard)

    def _send_due(self) -> float:
        """Seconds until the next one. Marked before it is sent: a webhook may get lost, but is never repeated."""
        state, now = self.world.state, time.time()
        for row in state.rows(
            "SELECT id, jobid, url, due_at FROM hooks WHERE sent_at IS NULL ORDER BY due_at"
        ):
            if row["due_at"] > now:
                return float(row["due_at"]) - now
            state.execute("UPDATE hooks SET sent_at = ? WHERE id = ?", now, row["id"])
            arguments = (state, row["id"], row["jobid"], row["url"])
            threading.Thread(target=_deliver, args=arguments, daemon=True).start()
        return LONGEST_SLEEP_S
