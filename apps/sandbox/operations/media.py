"""The media links of a clip: public, with Range, as a storage service serves them."""

from __future__ import annotations

import hmac
import re
import time

from apps.sandbox import clips, jobs, recordings
from apps.sandbox.clips import SandboxClip
from apps.sandbox.jobs import SandboxJob
from apps.sandbox.responses import FileSlice, Refusal, SandboxResponse
from apps.sandbox.scenarios import Scenario
from apps.sandbox.world import SandboxRequest, World

FILE = re.compile(r"(?P<uuid>[0-9a-f-]{36})\.(?P<suffix>m4a|wav|jpg)")
RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
TYPES = {"m4a": "audio/mp4", "wav": "audio/wav", "jpg": "image/jpeg"}


def fetch(world: World, request: SandboxRequest) -> SandboxResponse:
    """200 or 206 with the file; errors are XML, as storage services send them."""
    found = FILE.fullmatch(request.arguments[0])
    clip = clips.get(world.state, found["uuid"]) if found else None
    job = jobs.get(world.state, clip.jobid) if clip else None
    if found is None or clip is None or job is None or not job.made(time.time()):
        raise missing()
    _check_link(world, request, job, clip, found["suffix"])
    if found["suffix"] == "jpg":
        path = world.media_files.image(recordings.score_of(clip, job).brief.prompt, clip.uuid)
    else:
        path = world.media_files.audio(world.state, clip, found["suffix"])
    etag = f'"{clip.uuid}-{found["suffix"]}"'
    return slice_of(request, FileSlice(path, 0, path.stat().st_size), TYPES[found["suffix"]], etag)


def _check_link(
    world: World, request: SandboxRequest, job: SandboxJob, clip: SandboxClip, suffix: str
) -> None:
    if Scenario.LINK_EXPIRED in job.called | request.called:
        raise _refuse(403, "ExpiredToken", "The provided token has expired.")
    if suffix == "jpg":
        if clip.image_url(job) is None:
            raise missing()
    elif not hmac.compare_digest(
        request.query.get("sig", "").encode(), clips.signature(world.state.secret, clip.uuid).encode()
    ):
        raise _refuse(403, "SignatureDoesNotMatch", "The request signature does not match.")


def missing() -> Refusal:
    return _refuse(404, "NoSuchKey", "The specified key does not exist.")


def _refuse(status: int, code: str, message: str) -> Refusal:
    text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Refusal(SandboxResponse(status, text.encode(), content_type="application/xml; charset=UTF-8"))


def slice_of(request: SandboxRequest, whole: FileSlice, content_type: str, etag: str) -> SandboxResponse:
    """The part that a Range header asks for; several ranges, or a range of another version, give the whole file."""
    headers: tuple[tuple[str, str], ...] = (("Accept-Ranges", "bytes"), ("ETag", etag))
    found = RANGE.fullmatch(request.range or "")
    if not found or found[0] == "bytes=-" or request.if_range not in (None, etag):
        return SandboxResponse(200, content_type=content_type, headers=headers, file=whole)
    first, last = _bounds(found[1], found[2], whole.length)
    if first > last:
        return SandboxResponse(
            416, content_type=None, headers=(*headers, ("Content-Range", f"bytes */{whole.length}"))
        )
    headers += (("Content-Range", f"bytes {first}-{last}/{whole.length}"),)
    part = FileSlice(whole.path, first, last - first + 1)
    return SandboxResponse(206, content_type=content_type, headers=headers, file=part)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """First and last byte; the first is behind the last if the range can't be satisfied."""
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
