"""/_sandbox/: addresses by which tests in other processes control and read the sandbox.

None of this exists at the real API, and none of it needs a token.
"""

from __future__ import annotations

import time
from typing import Any

from apps.sandbox import accounts, clips, jobs, recordings
from apps.sandbox.callers import Caller
from apps.sandbox.jobs import SandboxJob
from apps.sandbox.responses import EMPTY, SandboxResponse, as_json, refuse
from apps.sandbox.scenarios import BY_TAG
from apps.sandbox.state import SandboxState
from apps.sandbox.world import SandboxRequest, World

OPERATIONS = (
    "accounts", "account", "add_account", "remove_account", "usage", "music", "edit", "effect", "extend", "replace",
    "cover", "remix", "stems", "lyrics", "files", "image", "clips", "download", "jobs", "job", "cancel", "media",
    "assets", "*",
)  # fmt: skip


def charges(world: World, request: SandboxRequest) -> SandboxResponse:
    """{replyRef: songs and edits charged}; ?by=operation: {operation: charges}, stems, lyrics and images too."""
    by_operation = request.query.get("by") == "operation"
    return as_json(world.state.charged_operations() if by_operation else world.state.charges())


def requests(world: World, request: SandboxRequest) -> SandboxResponse:
    """{"METHOD /route": calls}; ?method=, ?path= and ?token= choose."""
    chosen = {name: request.query.get(name) for name in ("method", "path", "token")}
    return as_json(world.state.requests(**chosen))


def all_jobs(world: World, request: SandboxRequest) -> SandboxResponse:
    """[{jobid, email, mode, operation, status, replyRef, charged}] as they came, also those that nobody was told of.

    A mode "hidden" is what the API has no record of: stems, uploads, songs fired by lyrics. Seeded clips are left out.
    """
    rows = world.state.rows("SELECT * FROM jobs WHERE operation != 'seeded' ORDER BY rowid")
    return as_json([_overview(jobs.from_row(row)) for row in rows])


def _overview(job: SandboxJob) -> dict[str, object]:
    overview: dict[str, object] = {
        "jobid": job.jobid,
        "email": job.email,
        "mode": job.mode,
        "operation": job.operation,
    }
    return overview | {
        "status": job.status(time.time()),
        "replyRef": job.reference,
        "charged": job.charged,
    }


def hooks(world: World, request: SandboxRequest) -> SandboxResponse:
    """[{jobid, due_at, sent_at, result}]; `result` is a status, "refused" (not loopback), "failed" or null."""
    rows = world.state.rows("SELECT jobid, due_at, sent_at, result FROM hooks ORDER BY id")
    return as_json([dict(row) for row in rows])


def order_scenario(world: World, request: SandboxRequest) -> SandboxResponse:
    """{operation, scenario, times = 1, number = any}: the next `times` calls of that operation go this way."""
    form = request.form
    operation, scenario, times = form.get("operation"), form.get("scenario"), form.get("times", 1)
    if operation not in OPERATIONS:
        raise refuse(400, f"Parameter operation must be one of {', '.join(OPERATIONS)}")
    if scenario not in BY_TAG:
        raise refuse(400, f"Parameter scenario must be one of {', '.join(BY_TAG)}")
    if not _is_count(times) or times < 1:
        raise refuse(400, "Parameter times must be a whole number above 0")
    number = str(form["number"]) if "number" in form else None
    world.state.schedule(operation, BY_TAG[scenario], times=times, number=number)
    return EMPTY


def clear_scenarios(world: World, request: SandboxRequest) -> SandboxResponse:
    """Forgets what was ordered and not yet used up."""
    world.state.execute("DELETE FROM scheduled")
    return EMPTY


def reset(world: World, request: SandboxRequest) -> SandboxResponse:
    """As freshly started: no jobs, no songs, no requests; subscriptions begin again with their accounts."""
    world.reset()
    return EMPTY


def set_account(world: World, request: SandboxRequest) -> SandboxResponse:
    """{email, number = "1000", kind = "", credits, error, maxJobs, remove}: changes what is given.

    An account that isn't there is made; `kind` is the word behind "sandbox" in the token. With the number "*" it is
    changed under every subscription that has been used, and the answer is empty.
    """
    form, state = request.form, world.state
    email = form.get("email")
    if not isinstance(email, str) or "@" not in email:
        raise refuse(400, "Parameter email is required")
    changes = _changes(form)
    if form.get("number") == "*":
        tenants = [str(row["tenant"]) for row in state.rows("SELECT tenant FROM tenants")]
    else:
        caller = Caller(str(form.get("number", "1000")), str(form.get("kind", "")))
        if caller.kind not in accounts.BEGINNINGS:
            raise refuse(400, f"Parameter kind must be one of {', '.join(accounts.BEGINNINGS)}")
        accounts.begin(state, caller)
        tenants = [caller.tenant]
    with state.transaction():
        for tenant in tenants:
            _change(state, tenant, email, changes, remove=bool(form.get("remove")))
    if form.get("remove") or form.get("number") == "*":
        return EMPTY
    return as_json(accounts.of_tenant(state, tenants[0])[email].detail())


def _change(
    state: SandboxState,
    tenant: str,
    email: str,
    changes: list[tuple[str, int | str | None]],
    *,
    remove: bool,
) -> None:
    """In the caller's transaction."""
    if remove:
        state.execute("DELETE FROM accounts WHERE tenant = ? AND email = ?", tenant, email)
        return
    if email not in accounts.of_tenant(state, tenant):
        accounts.add(state, tenant, email)
    for statement, value in changes:
        state.execute(f"{statement} WHERE tenant = ? AND email = ?", value, tenant, email)


def _changes(form: dict[str, Any]) -> list[tuple[str, int | str | None]]:
    """Statements and the new values that they set."""
    changes: list[tuple[str, int | str | None]] = []
    for name, statement, least in (
        ("credits", "UPDATE accounts SET credits = ?", 0),
        ("maxJobs", "UPDATE accounts SET max_jobs = ?", 1),
    ):
        if name in form:
            value = form[name]
            if not _is_count(value) or value < least:
                raise refuse(400, f"Parameter {name} must be a whole number, at least {least}")
            changes.append((statement, value))
    if "error" in form:
        changes.append(("UPDATE accounts SET error = ?", str(form["error"]) if form["error"] else None))
    return changes


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31


def finish(world: World, request: SandboxRequest) -> SandboxResponse:
    """{jobid}: that job's time is over now. 409 if it had ended already."""
    job = jobs.get(world.state, str(request.form.get("jobid", "")))
    if job is None:
        raise refuse(404, "Job not found")
    if not jobs.finish(world.state, job):
        raise refuse(409, "Job has ended already")
    world.ring()
    return EMPTY


def render(world: World, request: SandboxRequest) -> SandboxResponse:
    """{jobid}: makes that job's m4a and covers now, which are otherwise made for whoever wants them first."""
    job = jobs.get(world.state, str(request.form.get("jobid", "")))
    if job is None:
        raise refuse(404, "Job not found")
    for clip in clips.of_job(world.state, job):
        world.media_files.audio(world.state, clip, "m4a")
        world.media_files.image(recordings.score_of(clip, job).brief.prompt, clip.uuid)
    return EMPTY


def set_speed(world: World, request: SandboxRequest) -> SandboxResponse:
    """{speed}: for what is asked from now on, for example 1 to let stems block as long as the real ones."""
    speed = request.form.get("speed")
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0 < speed < 1e6:
        raise refuse(400, "Parameter speed must be a number above 0")
    world.speed = speed
    return EMPTY
