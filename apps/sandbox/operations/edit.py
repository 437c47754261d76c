"""POST /music/edit (post-flowmusic-music-edit): six ways to make a new clip from one that is there."""

from __future__ import annotations

import time
import uuid

from apps.sandbox import accounts, charges, clips, jobs, results, scenarios, webhooks
from apps.sandbox.accounts import CREDITS_PER_SONG, Account
from apps.sandbox.clips import SandboxClip
from apps.sandbox.jobs import SandboxJob
from apps.sandbox.operations import music, stems
from apps.sandbox.operations.edit_form import EditFields, check_times, parse
from apps.sandbox.responses import Refusal, SandboxResponse, error, refuse
from apps.sandbox.scenarios import Scenario
from apps.sandbox.world import SandboxRequest, World

CREATE, TOOL_CALL = "recipes/create", "producer/tool-call"
UPLOADED = "source clip can't be edited: an uploaded clip has no conversation_id"


def edit_song(world: World, request: SandboxRequest) -> SandboxResponse:
    """As POST /music; only stems are always sync, and answer with a manifest instead of a job."""
    form = parse(request.form)
    if form.operation == "stems":
        return stems.split(world, request, *_source(world, request, form))
    return music.tell(world, _accept(world, request, form), form.reply_url)


def _accept(world: World, request: SandboxRequest, form: EditFields) -> SandboxJob:
    """Charge, job, clip and webhooks in one transaction, as for a song."""
    state = world.state
    with state.transaction():
        source, origin = _source(world, request, form)
        affordable(_account(world, request, form.email), request)
        job = _new_job(world, request, form, origin)
        jobs.insert(state, job)
        title = source.title
        if job.takes:
            result = results.of(job, source, origin, str(uuid.uuid4()))
            clips.insert(state, result)
        charges.charge(state, job, title)
        if form.reply_url:
            webhooks.order(state, job, form.reply_url, world.speed)
    return job


def _new_job(world: World, request: SandboxRequest, form: EditFields, origin: SandboxJob) -> SandboxJob:
    now = time.time()
    at_once = Scenario.MODERATED_NOW in request.called
    seconds = jobs.seconds(request.called, form.uuid + form.operation, form.operation, world.speed)
    return SandboxJob(
        jobid=f"job:{uuid.uuid4()}-user:{origin.number}-{origin.email}-bot:flowmusic",
        tenant=origin.tenant,
        number=origin.number,
        email=origin.email,
        mode=form.mode,
        base=request.base,
        request=request.form,
        reference=form.reference,
        called=request.called,
        charged=0 if at_once else CREDITS_PER_SONG,
        created=now,
        done_at=now if at_once else now + seconds,
        operation=form.operation,
        conversation=origin.talk,
    )


def _source(world: World, request: SandboxRequest, form: EditFields) -> tuple[SandboxClip, SandboxJob]:
    """The clip and where it came from, or the refusal that the page describes."""
    account = _account(world, request, form.email)
    _check_scenarios(request, account)
    if account.error:
        raise Refusal(scenarios.account_error(account.email, account.error))
    clip = clips.get(world.state, form.uuid)
    origin = jobs.get(world.state, clip.jobid) if clip else None
    theirs = request.caller.tenant, form.number, form.email
    if clip is None or origin is None or (origin.tenant, origin.number, origin.email) != theirs:
        raise refuse(404, "source clip not found on FlowMusic")
    if not origin.made(time.time()):
        raise refuse(404, "source clip not found on FlowMusic")
    if origin.operation == "upload":
        raise refuse(422, UPLOADED)
    check_times(request.form, clip.duration_s or 0)
    return clip, origin


def _account(world: World, request: SandboxRequest, email: str) -> Account:
    account = accounts.of_tenant(world.state, request.caller.tenant).get(email)
    if account is None:
        raise refuse(404, f"Account {email} not configured")
    return account


def _check_scenarios(request: SandboxRequest, account: Account) -> None:
    scenarios.check_with(
        request.called,
        {
            Scenario.ACCOUNT_ERROR: scenarios.account_error(account.email, accounts.REJECTED),
            Scenario.BUSY_ALL: scenarios.busy(TOOL_CALL),
            Scenario.BUSY: scenarios.busy(TOOL_CALL),
            Scenario.OUT_OF_CREDITS: scenarios.out_of_credits(CREATE),
            Scenario.UNPROCESSABLE: error(422, UPLOADED),
        },
    )


def affordable(account: Account, request: SandboxRequest) -> None:
    """Refuses an account that runs as much as it may, or can't pay."""
    if account.free < 1:
        raise Refusal(scenarios.busy(TOOL_CALL))
    if account.credits < CREDITS_PER_SONG and Scenario.MODERATED_NOW not in request.called:
        raise Refusal(scenarios.out_of_credits(CREATE))
