"""How a clip sounds: played, or made from the clip that it comes from.

Nothing is kept here; the shelf keeps what it asked for. An edit of an edit goes back to the song, and the same way
again for each of its four stems.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from apps.sandbox import clips, jobs
from apps.sandbox.clips import Clip
from apps.sandbox.jobs import Job
from apps.sandbox.songs import effects, encoding
from apps.sandbox.songs.effects import Sound
from apps.sandbox.songs.instruments import RATE
from apps.sandbox.songs.performance import perform, perform_part
from apps.sandbox.songs.score import Score
from apps.sandbox.songs.song import Song
from apps.sandbox.state import State

SEAM_S = 0.02
Finished = Callable[[str], Path | None]


@dataclass(frozen=True)
class Studio:
    """`finished` finds the WAV of a clip that was made before; `folder` holds what was uploaded."""

    state: State
    folder: Path
    finished: Finished

    def record(self, clip: Clip, part: str | None = None) -> Sound:
        """The clip, or one stem of it."""
        if part is None and (path := self.finished(clip.uuid)):
            return encoding.read_wav(path)
        job = jobs.get(self.state, clip.jobid)
        if job is None:
            raise LookupError(clip.jobid)
        if job.operation == "upload":
            return encoding.decode(self.folder / job.request["file"])
        if clip.source is None or job.operation in ("cover", "remix"):
            return _played(score_of(clip, job), part)
        source = clips.get(self.state, clip.source)
        if source is None:
            raise LookupError(clip.source)
        if clip.part:
            return self._stem(source, clip.part, part)
        return self._edited(clip, job, self.record(source, part), part)

    def _stem(self, source: Clip, own: str, part: str | None) -> Sound:
        """A stem, or a stem of a stem: all of it, or nothing."""
        sound = self.record(source, own)
        return sound if part in (None, own) else np.zeros_like(sound)

    def _edited(self, clip: Clip, job: Job, sound: Sound, part: str | None) -> Sound:
        request = job.request
        if job.operation == "effect":
            return effects.apply(request, sound)
        first, last = section(job, len(sound) / RATE)
        start, end = round(first * RATE), round(last * RATE)
        fresh = _played(new_section(clip, job, last - first), part, end - start)
        if job.operation == "extend":
            return np.concatenate([sound[:start], fresh])
        result = sound.copy()
        result[start:end] = _seamed(sound[start:end], fresh)
        return result


def score_of(clip: Clip, job: Job) -> Score:
    """What a new version of a clip begins with."""
    if clip.score:
        return Score.read(clip.score)
    return Score.asked_for(job.request, clip.uuid, clip.take)


def chance(request: dict[str, Any], uuid: str) -> str:
    """A given seed pins the result; otherwise every result is another."""
    return str(request["seed"]) if "seed" in request else uuid


def section(job: Job, duration: float) -> tuple[float, float]:
    """From where to where new music goes, in seconds of the result."""
    request = job.request
    if job.operation == "replace":
        return request["mask_start_s"], min(request["mask_end_s"], duration)
    start = min(request.get("extend_from_s", duration), duration)
    return start, start + request.get("extend_s", 150)


def new_section(clip: Clip, job: Job, seconds: float) -> Song:
    score = score_of(clip, job).more(job.request["instruction"], chance(job.request, clip.uuid), seconds)
    return score.song()


def _played(what: Score | Song, part: str | None, length: int | None = None) -> Sound:
    song = what.song() if isinstance(what, Score) else what
    sound = perform(song) if part is None else perform_part(song, part)
    return sound if length is None else np.resize(sound, (length, 2))


def _seamed(old: Sound, new: Sound) -> Sound:
    """The new section, faded into the old one at both ends, so that nothing clicks."""
    seam = min(round(SEAM_S * RATE), len(new) // 2)
    share = np.ones(len(new))
    share[:seam] = np.linspace(0, 1, seam)
    share[len(new) - seam :] = np.linspace(1, 0, seam)
    return (new * share[:, None] + old * (1 - share[:, None])).round().astype(np.int16)
