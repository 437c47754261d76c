"""Gives a job its lost song, which a person has found among the clips of the account.

There is one result, whoever is faster: a second person, or the search for the job's record. A clip of another job can't
be taken; should a record say later that it was another's after all, it goes to that one.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from apps.accounts.models import Subscription, User
from apps.accounts.templatetags.formatting import clock
from apps.generation.jobs import counted_credits, endings, transitions
from apps.generation.models import Job, LostSongSearch, SeenJob, State
from apps.generation.operations import EDITS
from apps.generation.recovery import candidates as recovery_candidates
from apps.library.models import Clip, Song
from apps.library.models.clips import INSTRUMENTAL
from apps.upstream.records import JobRecord

LOST = frozenset({State.UNKNOWN, State.ABANDONED, State.CANCELLED})
FOUND = "It was found in the meantime, so nothing was changed."
CLAIMED_BY_ANOTHER = "One of these belongs to another song now, so nothing was changed. Search again."
MADE_AFTER = "created after this was sent"
OFF_BY_S = 2.0
LONG_ENOUGH = 40  # letters of lyrics that two songs have in common only if they are the same


class NotAdopted(Exception):
    """Its text says why, for a person."""


@dataclass(frozen=True)
class Candidate:
    """A clip that may be the song: what speaks for it, and our own copy if it was imported."""

    clip_id: str
    title: str
    words: str
    duration_s: float | None
    reasons: list[str]
    is_likely: bool
    is_older: bool
    clip: Clip | None


def may_adopt(job: Job) -> bool:
    """It was sent, or may have been, and nobody knows what became of it. Synchronous jobs leave no clips to find."""
    return job.state in LOST and not job.is_synchronous and bool(job.sent_at or job.restored_at)


def most(job: Job) -> int:
    """How many takes it can have had."""
    return 1 if job.operation in EDITS else 2


def candidates(job: Job, search: LostSongSearch) -> list[Candidate]:
    """Of the last search, without what was taken since; the likely ones first, what is older than the job last."""
    ids = [kept["clip_id"] for kept in search.clips]
    here = Clip.objects.filter(subscription=job.subscription_id, clip_id__in=ids).select_related("song")
    taken = set(here.exclude(song__operation=Song.IMPORT).values_list("clip_id", flat=True))
    own = {clip.clip_id: clip for clip in here.filter(team=job.team_id).prefetch_related("files")}
    found = [
        _candidate(job, kept, own.get(kept["clip_id"]))
        for kept in search.clips
        if kept["clip_id"] not in taken
    ]
    return sorted(found, key=lambda each: (each.is_older, not each.is_likely))


def adopt(job: Job, clip_ids: Collection[str], *, by: User) -> Song:
    """Makes these clips, one or two, the takes of the job. Raises NotAdopted."""
    try:
        return _adopt(job, clip_ids, by=by)
    except IntegrityError:  # it was retried, and that lives
        raise NotAdopted("It was retried in the meantime, so nothing was changed.") from None


def _adopt(job: Job, clip_ids: Collection[str], *, by: User) -> Song:
    with transaction.atomic():
        # One after the other: two jobs, perhaps of two teams, must not take the same clip.
        list(Subscription.objects.select_for_update().filter(pk=job.subscription_id).values("pk"))
        search = LostSongSearch.objects.filter(job=job).first()
        chosen = [kept for kept in (search.clips if search else []) if kept["clip_id"] in clip_ids]
        if not chosen or len(chosen) != len(set(clip_ids)) or len(chosen) > most(job):
            raise NotAdopted(CLAIMED_BY_ANOTHER)
        others = Clip.objects.filter(subscription=job.subscription_id, clip_id__in=clip_ids)
        if others.exclude(song__operation=Song.IMPORT).exists():
            raise NotAdopted(CLAIMED_BY_ANOTHER)
        counted_credits.count_again(job)
        if job.is_synchronous or not endings.adopt(
            job, f"Found by {by.short_name} among the songs of the account.", by=by
        ):
            raise NotAdopted(FOUND)
        song = endings.song_of(job, map(recovery_candidates.record_of, chosen), jobid=job.jobid or "")
        Job.objects.filter(pk=job.pk).update(song=song)
        LostSongSearch.objects.filter(job=job).delete()
    return song


def confirm(job: Job, record: JobRecord) -> bool:
    """The record of a job that was adopted turns up after all: it is the same song, not a second one. False: no."""
    if not is_settled(job):
        return False
    if record.status == "pending":
        return True
    ids = {clip.clip_id for clip in record.clips}
    if not Clip.objects.filter(song=job.song_id, clip_id__in=ids).exists():
        return False
    with transaction.atomic():
        SeenJob.remember(job.subscription_id, record.jobid, reference=job.reference)
        text = "Flow Music’s record of it turned up: it is this song."
        return transitions.note(job, text, where=Q(jobid=None), jobid=record.jobid)


def is_settled(job: Job) -> bool:
    """A person has said which clips it is; a record that is still pending says nothing about that."""
    return job.jobid is None and job.song_id is not None and job.state in {State.COLLECTING, State.COMPLETED}


def hand_over(job: Job, song: Song, record: JobRecord) -> None:
    """A record says that these takes are this job's: who took them for theirs has them no more.

    A take that the record doesn't name was chosen beside them, and waits for a record of its own.
    """
    other = Job.objects.filter(song=song, jobid=None).exclude(pk=job.pk).first()
    if other is None:
        return
    for take in song.takes.exclude(clip_id__in=[clip.clip_id for clip in record.clips]):
        alone = Song.objects.create(team=song.team, operation=Song.IMPORT, created_at=song.created_at)
        Clip.objects.filter(pk=take.pk).update(song=alone, take=0)
    endings.unadopt(other, "The takes chosen for this turned out to belong to another song.")
    request = {
        "asked_by": job.asked_by,
        "operation": job.operation,
        "source": job.source,
        "params": job.params,
    }
    prompt = str(job.params.get("prompt") or job.params.get("instruction") or "")
    Song.objects.filter(pk=song.pk).update(prompt=prompt, created_at=job.created_at, **request)


def _candidate(job: Job, kept: dict[str, Any], clip: Clip | None) -> Candidate:
    strong, weak = _signs(job, kept)
    is_older = kept.get("since") is False
    if kept.get("since"):
        weak.append(MADE_AFTER)
    return Candidate(
        clip_id=kept["clip_id"],
        title=kept.get("title") or "Untitled",
        words=_first_lyrics(kept.get("lyrics") or ""),
        duration_s=kept.get("duration_s"),
        reasons=["older than this"] if is_older else strong + weak,
        is_likely=bool(strong) and not is_older,
        is_older=is_older,
        clip=clip,
    )


def _signs(job: Job, kept: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What nearly proves it, and what only fits."""
    asked, lyrics, strong, weak = job.params, kept.get("lyrics") or "", [], []
    ours, theirs = _letters(str(asked.get("lyrics", ""))), _letters(lyrics)
    if ours and theirs and (ours == theirs or (len(ours) >= LONG_ENOUGH and ours[:200] in theirs)):
        strong.append("the same lyrics")
    if asked.get("instrumental") is True and lyrics.strip() == INSTRUMENTAL:
        weak.append("instrumental, as requested")
    lasts, expected = kept.get("duration_s"), _expected_s(job)
    if lasts and expected and abs(lasts - expected) <= OFF_BY_S:
        strong.append(f"{clock(lasts)}, the expected length")
    if job.source and job.source.title and job.source.title in (kept.get("title") or ""):
        weak.append("named as its source")
    return strong, weak


def _expected_s(job: Job) -> float | None:
    """How long an edit lasts, where that follows from its source."""
    lasts = job.source.duration_s if job.source else None
    if lasts is None:
        return None
    if job.operation == "extend":
        return lasts + float(job.params.get("extend_s") or 150)
    return lasts if job.operation in {"replace", "effect"} and job.params.get("effect") != "Trim" else None


def _letters(text: str) -> str:
    """Without headings in brackets, signs and case."""
    return re.sub(r"\W+", " ", re.sub(r"\[[^\]]*\]", " ", text)).casefold().strip()


def _first_lyrics(lyrics: str, most: int = 90) -> str:
    if lyrics.strip() == INSTRUMENTAL:
        return "Instrumental"
    lines = (line.strip() for line in re.sub(r"\[[^\]]*\]", "\n", lyrics).splitlines())
    text = " / ".join(filter(None, lines))
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + "…"
