"""POST /music (post-flowmusic-music): the one operation here that costs."""

from __future__ import annotations

import time
import uuid

from apps.sandbox import accounts, charges, clips, jobs, scenarios, webhooks
from apps.sandbox.accounts import CREDITS_PER_SONG, Account
from apps.sandbox.jobs import SandboxJob
from apps.sandbox.operations.music_form import MusicForm, parse
from apps.sandbox.responses import Refusal, SandboxResponse, Silence, as_json, refuse
from apps.sandbox.scenarios import SILENT, Scenario
from apps.sandbox.world import LONGEST_SLEEP_S, SandboxRequest, World


def create_song(world: World, request: SandboxRequest) -> SandboxResponse:
    """201 with the pending record (async); 200 or 422 with the ended one after as long as the song takes (sync)."""
    form = parse(request.form, request.caller.number)
    return tell(world, _accept(world, request, form), form.reply_url)


def tell(world: World, job: SandboxJob, reply_url: str | None) -> SandboxResponse:
    """The answer for a job that was taken just now, after as long as its mode says."""
    world.ring()
    if Scenario.HOOK_EARLY in job.called and reply_url:
        webhooks.send_early(world.state, job, reply_url)
    if Scenario.MODERATED_NOW in job.called:
        return _answer(world, job, 422)
    if job.mode == "async":
        return _answer(world, job, 201)
    if not job.called & SILENT:
        job = wait(world, job)
    return _answer(world, job, 200 if job.status(time.time()) != "failed" else 422)


def _answer(world: World, job: SandboxJob, status: int) -> SandboxResponse:
    return as_json(clips.job_record(world.state, job), status)


def _accept(world: World, request: SandboxRequest, form: MusicForm) -> SandboxJob:
    """Account, charge, job, takes and webhooks in one transaction: exact, whatever is killed when."""
    state = world.state
    with state.transaction():
        account = _choose(accounts.of_tenant(state, request.caller.tenant), request, form.email)
        job = _new_job(world, request, form, account)
        jobs.insert(state, job)
        takes = [clips.take(job, number, str(uuid.uuid4())) for number in range(job.takes)]
        for take in takes:
            clips.insert(state, take)
        charges.charge(state, job, takes[0].title if takes else None)
        if form.reply_url:
            webhooks.order(state, job, form.reply_url, world.speed)
    return job


def _new_job(world: World, request: SandboxRequest, form: MusicForm, account: Account) -> SandboxJob:
    now = time.time()
    at_once = Scenario.MODERATED_NOW in request.called
    seconds = jobs.seconds(request.called, form.prompt, jobs.SONG, world.speed)
    return SandboxJob(
        jobid=f"job:{uuid.uuid4()}-user:{request.caller.number}-{account.email}-bot:flowmusic",
        tenant=request.caller.tenant,
        number=request.caller.number,
        email=account.email,
        mode=form.mode,
        base=request.base,
        request=request.form,
        reference=form.reference,
        called=request.called,
        charged=0 if at_once else CREDITS_PER_SONG,
        created=now,
        done_at=now if at_once else now + seconds,
    )


def _choose(configured: dict[str, Account], request: SandboxRequest, email: str | None) -> Account:
    """The account that makes the song, or the refusal that the page describes."""
    if not configured:
        raise refuse(400, "No FlowMusic accounts configured")
    if email is not None and email not in configured:
        raise refuse(404, f"Account {email} not configured")
    # With a single account there is nothing to balance: it meets its own limit, as if it had been chosen.
    chosen = configured[email] if email is not None else _balance(list(configured.values()))
    scenarios.check(request.called, email=chosen.email, accounts=len(configured))
    if chosen.error:
        raise Refusal(scenarios.account_error(chosen.email, chosen.error))
    if chosen.free < 1:
        targeted = email is not None or len(configured) == 1
        raise Refusal(scenarios.busy() if targeted else scenarios.busy_all(len(configured)))
    if chosen.credits < CREDITS_PER_SONG and Scenario.MODERATED_NOW not in request.called:
        raise Refusal(scenarios.out_of_credits())
    return chosen


def _balance(candidates: list[Account]) -> Account:
    """The healthy account with most capacity, the oldest of those; what it has left to pay with doesn't count."""
    return max(candidates, key=lambda account: (not account.error, account.free))


def wait(world: World, job: SandboxJob) -> SandboxJob:
    """Blocks until the job has ended, whoever ended it."""
    while True:
        heard, job = world.rings, jobs.get(world.state, job.jobid) or job
        if not job.running(time.time()):
            return job
        if world.closing.is_set():
            raise Silence(hold=False)
        world.wait(min(job.done_at - time.time(), LONGEST_SLEEP_S), heard)
