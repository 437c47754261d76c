"""Clips: the takes of a song, as rows and as the API shows them."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import sqlite3
import time
from dataclasses import dataclass, fields
from typing import Any

from apps.sandbox import jobs
from apps.sandbox.jobs import SandboxJob
from apps.sandbox.scenarios import Scenario
from apps.sandbox.songs.song import PlayedSong
from apps.sandbox.songs.words import sections_of
from apps.sandbox.state import SandboxState
from apps.sandbox.times import iso

CLIP_ID = re.compile(r"user:(?P<number>\d+)-(?P<email>.+)-clip:(?P<uuid>[0-9a-f-]{36})")
PARTS = ("drums", "bass", "vocals", "other")
# Flow Music shows a clip's creation some time after the job's; the audio comes later still.
CREATED_AFTER = 0.15


@dataclass(frozen=True)
class SandboxClip:
    """`timing` are [start, end] pairs in seconds, None for instrumentals. `take` is 0 or 1, 0 to 3 for stems.

    `source` is the clip that it was made from, `part` which stem of it. `score` is what a new version of it begins
    with: see songs/score.py; None if that follows from the request.
    """

    uuid: str
    jobid: str
    take: int
    title: str | None
    lyrics: str | None
    duration_s: float | None
    timing: list[list[float]] | None
    source: str | None = None
    seed: int | None = None
    part: str | None = None
    score: dict[str, Any] | None = None

    def clip_id(self, job: SandboxJob) -> str:
        return f"user:{job.number}-{job.email}-clip:{self.uuid}"

    def image_url(self, job: SandboxJob) -> str | None:
        pictured = job.operation not in ("stems", "upload") and Scenario.NO_COVER not in job.called
        return f"{job.base}/media/{self.uuid}.jpg" if pictured else None

    def record(self, job: SandboxJob, secret: str) -> dict[str, Any]:
        """As in the `clips` of a job record."""
        stale = "-old" if Scenario.LINK_LISTED in job.called else ""
        return {
            "clip": self.clip_id(job),
            "title": self.title,
            "duration_s": self.duration_s,
            "lyrics": self.lyrics,
            "seed": self.seed,
            "lyrics_timing": self.timing,
            "created_at": iso(job.created + CREATED_AFTER * (job.done_at - job.created)),
            **self._links(job, signature(secret, self.uuid + stale)),
            "image_url": self.image_url(job),
        }

    def stem(self, job: SandboxJob, secret: str) -> dict[str, Any]:
        """As in the manifest of stems: neither lyrics nor seed nor created_at."""
        return {
            "stem_type": self.part,
            "clip": self.clip_id(job),
            "title": self.title,
            "duration_s": self.duration_s,
            **self._links(job, signature(secret, self.uuid)),
            "image_url": None,
        }

    def _links(self, job: SandboxJob, signed: str) -> dict[str, Any]:
        link = f"{job.base}/media/{self.uuid}"
        return {"audio_url": f"{link}.m4a?sig={signed}", "wav_url": f"{link}.wav?sig={signed}"}

    def listed(self, job: SandboxJob, secret: str) -> dict[str, Any]:
        """As in GET /music: no created_at, no seed, and links to the audio only where the scenario says so (one page
        of the API shows them there, another one doesn't)."""
        links = self._links(job, signature(secret, self.uuid)) if Scenario.LINK_LISTED in job.called else {}
        return {
            **links,
            "clip": self.clip_id(job),
            "title": self.title,
            "lyrics": self.lyrics,
            "duration_s": self.duration_s,
            "image_url": self.image_url(job),
        }


def signature(secret: str, uuid: str) -> str:
    """What makes a media link valid."""
    return hmac.new(secret.encode(), uuid.encode(), hashlib.sha256).hexdigest()[:32]


def insert(state: SandboxState, clip: SandboxClip) -> None:
    """A clip as it will be; it is played only when somebody wants to hear it."""
    values = vars(clip) | {
        "timing": json.dumps(clip.timing) if clip.timing else None,
        "score": json.dumps(clip.score) if clip.score else None,
    }
    row = (values[each.name] for each in fields(SandboxClip))
    state.execute("INSERT INTO clips VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)


def take(job: SandboxJob, number: int, uuid: str) -> SandboxClip:
    """What a take of a song will be."""
    song = PlayedSong.of_request(job.request, uuid, number)
    timing = song.timing
    if timing and Scenario.SECTION_TIMING in job.called:
        timing = sections_of(song.lyrics, timing)
    return SandboxClip(uuid, job.jobid, number, song.title, song.lyrics, song.seconds, timing)


def from_row(row: sqlite3.Row) -> SandboxClip:
    values = {each.name: row[each.name] for each in fields(SandboxClip)}
    for name in ("timing", "score"):
        values[name] = json.loads(values[name]) if values[name] else None
    return SandboxClip(**values)


def of_job(state: SandboxState, job: SandboxJob) -> list[SandboxClip]:
    rows = state.rows("SELECT * FROM clips WHERE jobid = ? ORDER BY take", job.jobid)
    return [from_row(row) for row in rows]


def get(state: SandboxState, uuid: str) -> SandboxClip | None:
    rows = state.rows("SELECT * FROM clips WHERE uuid = ?", uuid)
    return from_row(rows[0]) if rows else None


def parts_of(state: SandboxState, uuid: str) -> list[SandboxClip]:
    """The stems of a clip, if it was split already."""
    rows = state.rows("SELECT * FROM clips WHERE source = ? AND part IS NOT NULL ORDER BY take", uuid)
    return [from_row(row) for row in rows]


def made(
    state: SandboxState, tenant: str, email: str, *, limit: int, offset: int
) -> list[tuple[SandboxClip, SandboxJob]]:
    """An account's finished clips, most recent first; those of cancelled jobs too."""
    rows = state.rows(
        "SELECT clips.*, jobs.* FROM jobs CROSS JOIN clips USING (jobid)"
        " WHERE tenant = ? AND email = ? AND done_at <= ?"
        " ORDER BY done_at DESC, created DESC, jobs.rowid DESC, take LIMIT ? OFFSET ?",
        tenant,
        email,
        time.time(),
        limit,
        offset,
    )
    return [(from_row(row), jobs.from_row(row)) for row in rows]


def job_record(state: SandboxState, job: SandboxJob) -> dict[str, Any]:
    """The whole record of a job, as POST /music, GET /jobs/{jobid} and the webhook show it."""
    return job.record([clip.record(job, state.secret) for clip in of_job(state, job)], time.time())
