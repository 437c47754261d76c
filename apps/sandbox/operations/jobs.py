"""GET /jobs, GET and DELETE /jobs/{jobid}.

Pages: get-flowmusic-jobs, get-flowmusic-jobs-jobid, delete-flowmusic-jobs-jobid.
"""

from __future__ import annotations

import time
from itertools import groupby

from apps.sandbox import accounts, clips, jobs
from apps.sandbox.jobs import SandboxJob
from apps.sandbox.responses import EMPTY, SandboxResponse, as_json, refuse
from apps.sandbox.world import SandboxRequest, World


def list_jobs(world: World, request: SandboxRequest) -> SandboxResponse:
    """200 with the running async jobs by account e-mail; {} if nothing runs."""
    tenant, now = request.caller.tenant, time.time()
    limits = {email: account.max_jobs for email, account in accounts.of_tenant(world.state, tenant).items()}
    found = jobs.running_async(world.state, tenant) + jobs.ended_but_listed(world.state, tenant)
    by_account = groupby(sorted(found, key=lambda job: (job.email, job.created)), key=lambda job: job.email)
    listed = {email: [job.listed(now) for job in group] for email, group in by_account}
    running = {email: sum(job["status"] == "pending" for job in group) for email, group in listed.items()}
    return as_json(
        {
            email: {"running": running[email], "maxJobs": limits.get(email, len(group)), "jobs": group}
            for email, group in listed.items()
        }
    )


def show_job(world: World, request: SandboxRequest) -> SandboxResponse:
    """200 with the record, also of a failed job; 404 unknown, 403 another subscription's."""
    return as_json(clips.job_record(world.state, _find(world, request)))


def cancel_job(world: World, request: SandboxRequest) -> SandboxResponse:
    """204 without a body, for jobs that have ended too.

    What was charged stays charged, and the song is made all the same.
    """
    jobs.cancel(world.state, _find(world, request))
    world.ring()
    return EMPTY


def _find(world: World, request: SandboxRequest) -> SandboxJob:
    (jobid,) = request.arguments
    job = jobs.get(world.state, jobid)
    if job is None or job.mode == jobs.HIDDEN or job.vanished(time.time()):
        raise refuse(404, f"Job {jobid} not found")
    if job.tenant != request.caller.tenant:
        raise refuse(403, "The jobid does not belong to your account")
    return job
