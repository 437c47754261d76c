"""What the one clip of an edit will be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from apps.sandbox.clips import SandboxClip
from apps.sandbox.jobs import SandboxJob
from apps.sandbox.recordings import chance, score_of, section
from apps.sandbox.songs.brief import generator
from apps.sandbox.songs.score import Score
from apps.sandbox.songs.words import sung_lines

ENDINGS = {"extend": "Extended", "replace": "Replaced", "cover": "Cover", "remix": "Remix"}
Timing = list[list[float]] | None


def of(job: SandboxJob, source: SandboxClip, origin: SandboxJob, uuid: str) -> SandboxClip:
    """`origin` is the job that the source came from."""
    request = job.request
    score = score_of(source, origin)
    clip = SandboxClip(
        uuid=uuid,
        jobid=job.jobid,
        take=0,
        title=request.get("title") or f"{source.title or 'Untitled'} ({_ending(request)})",
        lyrics=source.lyrics,
        duration_s=source.duration_s,
        timing=source.timing,
        source=source.uuid,
        seed=_seed(request, uuid),
        score=score.stored(),
    )
    if job.operation in ("cover", "remix"):
        return _sung_anew(clip, job, score)
    duration = _duration(job, source.duration_s or 0)
    return replace(clip, duration_s=duration, timing=_timing(request, source.timing, duration))


def _ending(request: dict[str, Any]) -> str:
    return ENDINGS.get(request["operation"]) or str(request["effect"])


def _seed(request: dict[str, Any], uuid: str) -> int | None:
    """The given one; otherwise the model's own choice, which an effect has no use for."""
    if "seed" in request or request["operation"] == "effect":
        return request.get("seed")
    return int(generator("seed", uuid).integers(1_000_000))


def _sung_anew(clip: SandboxClip, job: SandboxJob, score: Score) -> SandboxClip:
    request, seconds = job.request, clip.duration_s or 0
    pin = chance(request, clip.uuid)
    if job.operation == "cover":
        score = score.cover(request.get("instruction", ""), request.get("strength", 1), pin, seconds)
        lyrics = clip.lyrics or ""
    else:
        lyrics = request["lyrics"]
        score = score.remix(request.get("prompt"), pin, seconds, sung=sung_lines(lyrics) > 0)
    song = score.song(lyrics=lyrics)
    return replace(clip, lyrics=lyrics, duration_s=song.seconds, timing=song.timing, score=score.stored())


def _duration(job: SandboxJob, before: float) -> float:
    request = job.request
    if job.operation == "extend":
        return round(section(job, before)[1], 2)
    if request.get("effect") == "Trim":
        return round(request["end_s"] - request["start_s"], 2)
    return before


def _timing(request: dict[str, Any], timing: Timing, duration: float) -> Timing:
    """Lines that are still there, where they are now."""
    start = request["start_s"] if request.get("effect") == "Trim" else 0
    end = min(duration, request.get("extend_from_s", duration))
    moved = [[round(first - start, 2), round(last - start, 2)] for first, last in timing or ()]
    return [[max(0.0, first), min(end, last)] for first, last in moved if last > 0 and first < end] or None
