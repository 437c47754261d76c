"""operation=stems of POST /music/edit: four clips, always sync, the same four whenever it is asked again."""

from __future__ import annotations

import time
import uuid

from apps.sandbox import accounts, charges, clips, jobs, scenarios
from apps.sandbox.accounts import CREDITS_PER_SONG
from apps.sandbox.clips import PARTS, SandboxClip
from apps.sandbox.jobs import SandboxJob
from apps.sandbox.operations import music
from apps.sandbox.recordings import score_of
from apps.sandbox.responses import Refusal, SandboxResponse, as_json, refuse
from apps.sandbox.scenarios import FAILING, SILENT
from apps.sandbox.world import SandboxRequest, World


def split(world: World, request: SandboxRequest, source: SandboxClip, origin: SandboxJob) -> SandboxResponse:
    """200 with the manifest, after 15 to 60 s the first time; whoever asks meanwhile waits for the rest of it."""
    if request.called & FAILING:
        raise refuse(422, "the model declined to generate audio for this edit")
    job = _job(world, request, source, origin)
    world.ring()
    if not request.called & SILENT:
        music.wait(world, job)
    stems = clips.parts_of(world.state, source.uuid)
    return as_json(
        {
            "email": origin.email,
            "operation": "stems",
            "source_clip": source.clip_id(origin),
            "status": "completed",
            "clips": [stem.stem(job, world.state.secret) for stem in stems],
        }
    )


def _job(world: World, request: SandboxRequest, source: SandboxClip, origin: SandboxJob) -> SandboxJob:
    """The hidden job that splits the clip: the one that did or does, or a new one, charged with it."""
    state = world.state
    with state.transaction():
        stems = clips.parts_of(state, source.uuid)
        if stems and (known := jobs.get(state, stems[0].jobid)):
            return known
        account = accounts.of_tenant(state, origin.tenant)[origin.email]
        if account.free < 1:
            raise Refusal(scenarios.busy("producer/tool-call"))
        if account.credits < CREDITS_PER_SONG:
            raise Refusal(scenarios.out_of_credits("recipes/create"))
        job = _new_job(world, request, source, origin)
        jobs.insert(state, job)
        for number, part in enumerate(PARTS):
            clips.insert(state, _stem(job, source, origin, number, part))
        charges.charge(state, job, source.title)
    return job


def _new_job(world: World, request: SandboxRequest, source: SandboxClip, origin: SandboxJob) -> SandboxJob:
    now = time.time()
    return SandboxJob(
        jobid=f"stems:{uuid.uuid4()}",
        tenant=origin.tenant,
        number=origin.number,
        email=origin.email,
        mode=jobs.HIDDEN,
        base=request.base,
        request=request.form,
        reference="",
        called=request.called,
        charged=CREDITS_PER_SONG,
        created=now,
        done_at=now + jobs.seconds(request.called, source.uuid, "stems", world.speed),
        operation="stems",
        conversation=origin.talk,
    )


def _stem(job: SandboxJob, source: SandboxClip, origin: SandboxJob, number: int, part: str) -> SandboxClip:
    return SandboxClip(
        uuid=str(uuid.uuid4()),
        jobid=job.jobid,
        take=number,
        title=f"{source.title or 'Untitled'} - {part}",
        lyrics=None,
        duration_s=source.duration_s,
        timing=None,
        source=source.uuid,
        part=part,
        score=score_of(source, origin).stored(),
    )
