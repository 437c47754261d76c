"""GET /music and GET /music/download (get-flowmusic-music, get-flowmusic-music-download)."""

from __future__ import annotations

import time

from apps.sandbox import accounts, clips, jobs, scenarios
from apps.sandbox.clips import CLIP_ID, SandboxClip
from apps.sandbox.jobs import JOB_ID, SandboxJob
from apps.sandbox.responses import FileSlice, Refusal, SandboxResponse, as_json, refuse
from apps.sandbox.world import SandboxRequest, World

PAGE, LARGEST_PAGE = 20, 100


def list_clips(world: World, request: SandboxRequest) -> SandboxResponse:
    """200 with one page of one account's clips, newest first; `next` is the following offset or null."""
    limit = _whole_number(request, "limit", PAGE, 1, LARGEST_PAGE)
    offset = _whole_number(request, "offset", 0, 0, 2**31)
    email = accounts.usable(world.state, request.caller.tenant, request.query.get("email") or None).email
    found = clips.made(world.state, request.caller.tenant, email, limit=limit + 1, offset=offset)
    shown = [clip.listed(owner, world.state.secret) for clip, owner in found[:limit]]
    following = offset + limit if len(found) > limit else None
    return as_json({"email": email, "clips": shown, "limit": limit, "offset": offset, "next": following})


def download(world: World, request: SandboxRequest) -> SandboxResponse:
    """200 with the mp3; 400 for what is no id, 409 while the job isn't completed, 596 for an account in error."""
    if request.query.get("format", "mp3") != "mp3":
        raise refuse(400, f"Parameter format ({request.query['format']}) not supported. Valid values: mp3")
    clip, job = _wanted(world, request)
    account = accounts.of_tenant(world.state, job.tenant).get(job.email)
    if account and account.error:
        raise Refusal(scenarios.account_error(account.email, account.error))
    path = world.media_files.audio(world.state, clip, "mp3")
    disposition = f'attachment; filename="{clip.clip_id(job)}.mp3"'
    return SandboxResponse(
        200,
        content_type="audio/mpeg",
        headers=(("Content-Disposition", disposition),),
        file=FileSlice(path, 0, path.stat().st_size),
    )


def _wanted(world: World, request: SandboxRequest) -> tuple[SandboxClip, SandboxJob]:
    """The clip behind `id`: a clip's own id, or a completed job's, which stands for its first clip."""
    wanted = request.query.get("id", "")
    if not wanted:
        raise refuse(400, "Parameter id is required")
    found = CLIP_ID.fullmatch(wanted)
    if not found and not JOB_ID.fullmatch(wanted):
        raise refuse(400, "Parameter id not a valid clip ID or jobid")
    clip = clips.get(world.state, found["uuid"]) if found else None
    job = jobs.get(world.state, clip.jobid if clip else wanted)
    if job is None or job.tenant != request.caller.tenant or (clip and clip.clip_id(job) != wanted):
        raise refuse(404, f"{'Clip' if found else 'Job'} {wanted} not found")
    ready = job.made(time.time()) if clip else job.status(time.time()) == "completed"
    if not ready:
        raise refuse(404 if clip else 409, f"{wanted} is not completed")
    return clip or clips.of_job(world.state, job)[0], job


def _whole_number(request: SandboxRequest, name: str, default: int, least: int, most: int) -> int:
    text = request.query.get(name, str(default))
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1
    if not least <= number <= most:
        raise refuse(400, f"Parameter {name} ({text}) not supported. Valid values: {least} to {most}")
    return number
