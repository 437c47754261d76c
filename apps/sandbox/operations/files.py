"""POST /files (post-flowmusic-files): the raw bytes of an image or an audio file. GET /assets/…: where they are."""

from __future__ import annotations

import re
import secrets
import time
import uuid
from pathlib import Path
from typing import Any

from apps.sandbox import accounts, assets, clips, jobs, provenance, scenarios, uploads
from apps.sandbox.accounts import Account
from apps.sandbox.assets import Asset
from apps.sandbox.clips import SandboxClip
from apps.sandbox.jobs import SandboxJob
from apps.sandbox.operations import media
from apps.sandbox.responses import FileSlice, Refusal, SandboxResponse, as_json, refuse
from apps.sandbox.scenarios import FAILING, Scenario
from apps.sandbox.songs import encoding
from apps.sandbox.world import SandboxRequest, World

QUERY = ("email", "stripMetadata")
STRIPPED = ("jpg", "png")
FILE = re.compile(r"(?P<uuid>[0-9a-f-]{36})\.(?P<suffix>[a-z0-9]{3,4})")
DECLARED = (
    "Image declares AI-generated provenance metadata and stripMetadata=false was set. Remove the flag (default strips"
    " it) or re-save the image without metadata"
)


def upload(world: World, request: SandboxRequest) -> SandboxResponse:
    """200 with the asset's id; 400, 413 and 422 for what the page says, 500 with the `upstream` block if refused."""
    path = request.upload
    if path is None or not path.stat().st_size:
        raise refuse(400, "Request body is empty")
    kind = uploads.kind_of(request.content_type)
    for name in request.query:
        if name not in QUERY:
            raise refuse(400, f"Parameter {name} not supported")
    strip = _strip(request)
    uploads.check_bytes(path, request.content_type, kind)
    account = accounts.usable(world.state, request.caller.tenant, request.query.get("email") or None)
    _check_scenarios(request, account)
    name = str(uuid.uuid4())
    asset = Asset(name, account.tenant, account.email, kind.suffix)
    kept = world.media_files.folder / f"{name}.{kind.suffix}"
    _keep(path, kept, kind.suffix, strip=strip)
    answer: dict[str, Any] = {
        "id": f"user:{request.caller.number}-{account.email}-{kind.kind}:{name}",
        "url": f"{request.base}/assets/{kept.name}",
        "kind": kind.kind,
        "assetType": kind.kind,
        "email": account.email,
    }
    with world.state.transaction():
        assets.insert(world.state, asset)
        if kind.kind == "audio":
            answer |= _clip(world, request, account, kept)
    if Scenario.SLOW in request.called:
        world.pause(jobs.seconds(request.called, kept.name, "upload", world.speed))
    if kind.kind == "image":
        answer["metadata_stripped"] = strip and kind.suffix in STRIPPED
    return as_json(answer)


def _strip(request: SandboxRequest) -> bool:
    strip = request.query.get("stripMetadata", "true")
    if strip not in ("true", "false"):
        raise refuse(400, f"Parameter stripMetadata ({strip}) not supported. Valid values: true, false")
    return strip == "true"


def _check_scenarios(request: SandboxRequest, account: Account) -> None:
    if request.called & FAILING:
        raise Refusal(_rejected())
    if Scenario.UNPROCESSABLE in request.called:
        raise refuse(422, DECLARED)
    scenarios.check(request.called, email=account.email)


def _rejected() -> SandboxResponse:
    """What Flow Music's edge says, passed on."""
    upstream = {
        "status": 500,
        "cause": "flowmusic_error",
        "cf_ray": f"{secrets.token_hex(8)}-SBX",
        "server": "cloudflare",
        "content_type": "application/json",
    }
    message = 'Upload failed (HTTP 500): FlowMusic: "Internal Server Error"'
    return as_json({"error": message, "code": 500, "upstream": upstream}, 500)


def _keep(path: Path, kept: Path, suffix: str, *, strip: bool) -> None:
    if suffix in STRIPPED and strip:
        provenance.strip(path, suffix, kept)
    elif suffix in STRIPPED and provenance.declared(path, suffix):
        raise refuse(422, DECLARED)
    else:
        path.rename(kept)


def _clip(world: World, request: SandboxRequest, account: Account, kept: Path) -> dict[str, Any]:
    """An uploaded recording is a clip as well, which no edit can begin with."""
    now = time.time()
    job = SandboxJob(
        jobid=f"upload:{uuid.uuid4()}",
        tenant=account.tenant,
        number=request.caller.number,
        email=account.email,
        mode=jobs.HIDDEN,
        base=request.base,
        request={"file": kept.name},
        reference="",
        called=request.called,
        charged=0,
        created=now,
        done_at=now,
        operation="upload",
    )
    length = None if Scenario.NO_LENGTH in request.called else encoding.seconds(kept)
    clip = SandboxClip(str(uuid.uuid4()), job.jobid, 0, "Uploaded audio", None, length, None)
    jobs.insert(world.state, job)
    clips.insert(world.state, clip)
    flagged = Scenario.FLAGGED in request.called
    return {
        "clip_id": clip.uuid,
        "operation_id": str(uuid.uuid4()),
        "is_flagged": flagged,
        "duration_s": length,
    }


def serve(world: World, request: SandboxRequest) -> SandboxResponse:
    """200 or 206 with the file, public."""
    found = FILE.fullmatch(request.arguments[0])
    asset = assets.get(world.state, found["uuid"], found["suffix"]) if found else None
    if asset is None:
        raise media.missing()
    if asset.prompt is None:
        path = world.media_files.folder / f"{asset.uuid}.{asset.suffix}"
    else:
        path = world.media_files.image(asset.prompt, asset.uuid)
    whole = FileSlice(path, 0, path.stat().st_size)
    return media.slice_of(request, whole, assets.TYPES[asset.suffix], f'"{asset.uuid}"')
