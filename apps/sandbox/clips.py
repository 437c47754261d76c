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
from apps.sandbox.jobs import Job
from apps.sandbox.scenarios import Scenario
from apps.sandbox.songs.song import Song
from apps.sandbox.songs.words import sections_of
from apps.sandbox.state import State
from apps.sandbox.times import iso

CLIP_ID = re.compile(r"user:(?P<number>\d+)-(?P<email>.+)-clip:(?P<uuid>[0-9a-f-]{36})")
PARTS = ("drums", "bass", "vocals", "other")
# Flow Music shows a clip's creation some time after the job's; the audio comes later still.
CREATED_AFTER = 0.15


@dataclass(frozen=True)
class Clip:
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

    def clip_id(self, job: Job) -> str:
        return f"user:{job.number}-{job.email}-clip:{self.uuid}"

    def image_url(self, job: Job) -> str | None:
        pictured = job.operation not in ("stems", "upload") and Scenario.NO_COVER not in job.called
        return f"{job.base}/media/{self.uuid}.jpg" if pictured else None

    def record(self, job: Job, secret: str) -> dict[str, Any]:
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

    def stem(self, job: Job, secret: str) -> dict[str, Any]:
        """As in the manifest of stems: neither lyrics nor seed nor created_at."""
        return {
            "stem_type": self.part,
            "clip": self.clip_id(job),
            "title": self.title,
            "duration_s": self.duration_s,
            **self._links(job, signature(secret, self.uuid)),
            "image_url": None,
        }

    def _links(self, job: Job, signed: str) -> dict[str, Any]:
        link = f"{job.base}/media/{self.uuid}"
        return {"audio_url": f"{link}.m4a?sig={signed}", "wav_url": f"{link}.wav?sig={signed}"}

    def listed(self, job: Job, secret: str) -> dict[str, Any]:
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


def insert(state: State, clip: Clip) -> None:
    """A clip as it will be; it is played only when somebody wants to hear it."""
    values = vars(clip) | {
        "timing": json.dumps(clip.timing) if clip.timing else None,
        "score": json.dumps(clip.score) if clip.score else None,
    }
    row = (values[each.name] for each in fields(Clip))
    state.execute("INSERT INTO clips VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)


def take(job: Job, number: int, uuid: str) -> Clip:
    """What a take of a song will be."""
    song = Song.asked_for(job.request, uuid, number)
    timing = song.timing
    if timing and Scenario.SECTION_TIMING in job.called:
        timing = sections_of(song.lyrics, timing)
    return Clip(uuid, job.jobid, number, song.title, song.lyrics, song.seconds, timing)


def from_row(row: sqlite3.Row) -> Clip:
    values = {each.name: row[each.name] for each in fields(Clip)}
    for name in ("timing", "score"):
        values[name] = json.loads(values[name]) if values[name] else None
    return Clip(**values)


def of_job(state: State, job: Job) -> list[Clip]:
    rows = state.rows("SELECT * FROM clips WHERE jobid = ? ORDER BY take", job.jobid)
    return [from_row(row) for row in rows]


def get(state: State, uuid: str) -> Clip | None:
    rows = state.rows("SELECT * FROM clips WHERE uuid = ?", uuid)
    return from_row(rows[0]) if rows else None


def parts_of(state: State, uuid: str) -> list[Clip]:
    """The stems of a clip, if it was split already."""
    rows = state.rows("SELECT * FROM clips WHERE source = ? AND part IS NOT NULL ORDER BY take", uuid)
    return [from_row(row) for row in rows]


def made(state: State, tenant: str, email: str, *, limit: int, offset: int) -> list[tuple[Clip, Job]]:
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


def job_record(state: State, job: Job) -> dict[str, Any]:
    """The whole record of a job, as POST /music, GET /jobs/{jobid} and the webhook show it."""
    return job.record([clip.record(job, state.secret) for clip in of_job(state, job)], time.time())
