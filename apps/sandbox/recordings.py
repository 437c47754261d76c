"""How a clip sounds: played, or made from the clip that it comes from.

Nothing is kept here; `media_files` keeps what it asked for. An edit of an edit goes back to the song, and the same way
again for each of its four stems.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from apps.sandbox import clips, jobs
from apps.sandbox.clips import SandboxClip
from apps.sandbox.jobs import SandboxJob
from apps.sandbox.songs import effects, encoding
from apps.sandbox.songs.effects import Sound
from apps.sandbox.songs.instruments import RATE
from apps.sandbox.songs.performance import perform, perform_parts
from apps.sandbox.songs.score import Score
from apps.sandbox.songs.song import PlayedSong
from apps.sandbox.state import SandboxState

SEAM_S = 0.02
T = TypeVar("T")
Finished = Callable[[str], Path | None]


@dataclass(frozen=True)
class RecordingStudio:
    """`finished` finds the WAV of a clip that was made before; `folder` holds what was uploaded."""

    state: SandboxState
    folder: Path
    finished: Finished

    def record(self, clip: SandboxClip) -> Sound:
        """The whole clip. A stem is cut out of its song together with the others: see `parts`."""
        if path := self.finished(clip.uuid):
            return encoding.read_wav(path)
        job = self._job(clip)
        if job.operation == "upload":
            return encoding.decode(self.folder / job.request["file"])
        if clip.part:
            return self.parts(self._source(clip))[clip.part]
        if self._is_played(clip, job):
            return perform(score_of(clip, job).song())
        before = self.record(self._source(clip))
        return edited(job, before, _fresh(clip, job, before, perform))

    def parts(self, clip: SandboxClip) -> dict[str, Sound]:
        """The four stems of a clip, which add up to it; all but one of a stem's are silent."""
        job = self._job(clip)
        if clip.part:
            own = self.record(clip)
            return {part: own if part == clip.part else np.zeros_like(own) for part in clips.PARTS}
        if self._is_played(clip, job):
            return perform_parts(score_of(clip, job).song())
        before = self.parts(self._source(clip))
        fresh = _fresh(clip, job, before["bass"], perform_parts)
        return {part: edited(job, sound, fresh[part] if fresh else None) for part, sound in before.items()}

    def _job(self, clip: SandboxClip) -> SandboxJob:
        job = jobs.get(self.state, clip.jobid)
        if job is None:
            raise LookupError(clip.jobid)
        return job

    def _source(self, clip: SandboxClip) -> SandboxClip:
        source = clips.get(self.state, clip.source or "")
        if source is None:
            raise LookupError(clip.source)
        return source

    @staticmethod
    def _is_played(clip: SandboxClip, job: SandboxJob) -> bool:
        return clip.source is None or job.operation in ("cover", "remix")


def edited(job: SandboxJob, sound: Sound, fresh: Sound | None) -> Sound:
    """What an edit makes of a clip, or of one stem of it. `fresh` is the new music that it brings, if it does."""
    if fresh is None:
        return effects.apply(job.request, sound)
    start, end = _samples(job, sound)
    fresh = np.resize(fresh, (end - start, 2))
    if job.operation == "extend":
        return np.concatenate([sound[:start], fresh])
    result = sound.copy()
    result[start:end] = _seamed(sound[start:end], fresh)
    return result


def _samples(job: SandboxJob, sound: Sound) -> tuple[int, int]:
    first, last = section(job, len(sound) / RATE)
    return round(first * RATE), round(last * RATE)


def _fresh(clip: SandboxClip, job: SandboxJob, sound: Sound, play: Callable[[PlayedSong], T]) -> T | None:
    """The new music of an edit, a little longer than it has to be; None for an effect."""
    if job.operation == "effect":
        return None
    start, end = _samples(job, sound)
    pin = chance(job.request, clip.uuid)
    score = score_of(clip, job).more(job.request["instruction"], pin, (end - start) / RATE)
    return play(score.song())


def score_of(clip: SandboxClip, job: SandboxJob) -> Score:
    """What a new version of a clip begins with."""
    if clip.score:
        return Score.read(clip.score)
    return Score.of_request(job.request, clip.uuid, clip.take)


def chance(request: dict[str, Any], uuid: str) -> str:
    """A given seed pins the result; otherwise every result is another."""
    return str(request["seed"]) if "seed" in request else uuid


def section(job: SandboxJob, duration: float) -> tuple[float, float]:
    """From where to where new music goes, in seconds of the result."""
    request = job.request
    if job.operation == "replace":
        return request["mask_start_s"], min(request["mask_end_s"], duration)
    start = min(request.get("extend_from_s", duration), duration)
    return start, start + request.get("extend_s", 150)


def _seamed(old: Sound, new: Sound) -> Sound:
    """The new section, faded into the old one at both ends, so that nothing clicks."""
    seam = min(round(SEAM_S * RATE), len(new) // 2)
    share = np.ones(len(new))
    share[:seam] = np.linspace(0, 1, seam)
    share[len(new) - seam :] = np.linspace(1, 0, seam)
    return (new * share[:, None] + old * (1 - share[:, None])).round().astype(np.int16)
