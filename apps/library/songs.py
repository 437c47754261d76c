"""Saves what the remote side made as a song of the team."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.accounts.models import FlowAccount, Subscription, Team, User
from apps.library.models import Clip, ClipFile, Song
from apps.library.search import search_index
from apps.upstream.records import ClipRecord
from apps.wake import wake

Kind, State = ClipFile.Kind, ClipFile.State

WAV_WAITS = timedelta(seconds=60)  # what a player needs comes first
MOST_TAKES = 26  # letters


def save_song(
    *,
    team: Team,
    subscription: Subscription,
    account: FlowAccount | None,
    asked_by: User | None,
    operation: str,
    params: Mapping[str, Any],
    clips: Iterable[ClipRecord],
    asked_at: datetime,
    jobid: str = "",
    source: Clip | None = None,
    batch_index: int = 0,
    batch_size: int = 1,
) -> Song:
    """The song of what a call has made, with a take per clip and a row per file to fetch.

    `source`: the take that it is an edit of, whose tone it keeps. `jobid`: the record that links are renewed from.
    `batch_index`, `batch_size`: which of the songs of one request it is, from 0, and of how many.

    Runs inside the caller's transaction. Calling it again with the same clips gives the same song: gaps are
    filled, and nothing that is known is overwritten by a null. A clip that the team had already (imported
    from Flow Music) stays the same take and becomes part of this song. ValueError without clips.
    """
    made = list({clip.clip_id: clip for clip in clips}.values())[:MOST_TAKES]
    if not made:
        raise ValueError(f"job record {jobid} has no clips")
    asked = Song(
        team=team,
        asked_by=asked_by,
        operation=operation,
        source=source,
        prompt=_text(params.get("prompt") or params.get("instruction")),
        params=dict(params),
        tone=source.song.tone if source else "",
        created_at=asked_at,
        batch_index=batch_index,
        batch_size=batch_size,
    )
    place = {"subscription": subscription, "account": account, "jobid": jobid}
    lock_team(team)
    song = _song_of(made, asked, subscription)
    for letter, clip in enumerate(made):
        take = _save_take(song, letter, clip, place)
        if take.erased_at is None:
            _save_files(take, clip)
    search_index.index(song.takes.filter(erased_at=None).select_related("song"))
    tag_anew(*song.takes.values_list("pk", flat=True))
    return song


def lock_team(team: Team) -> None:
    """Two collectors of the same job: the second one waits here and then finds the song of the first one."""
    list(Team.objects.select_for_update(no_key=True).filter(pk=team.pk).values("pk"))


def _song_of(clips: list[ClipRecord], asked: Song, subscription: Subscription) -> Song:
    """The song that has one of the clips already, else the new one. Takes imported before move into it."""
    ids = [clip.clip_id for clip in clips]
    takes = Clip.objects.filter(team=asked.team, subscription=subscription, clip_id__in=ids)
    known = list(takes.select_related("song").order_by("take", "created_at"))
    made = next((take.song for take in known if take.song.operation != Song.IMPORT), None)
    if made is None:
        asked.save(force_insert=True)
        made = asked
    for take in known:
        if take.song.operation == Song.IMPORT:
            _move(take, made, ids.index(take.clip_id))
    return made


def _move(take: Clip, song: Song, letter: int) -> None:
    Clip.objects.filter(pk=take.pk).update(song=song, take=letter)
    Song.objects.filter(pk=take.song_id, takes=None).delete()


def _save_take(song: Song, letter: int, clip: ClipRecord, place: dict[str, Any]) -> Clip:
    told = {**place, **clip_fields(clip)}
    rows = Clip.objects.filter(team=song.team_id, subscription=place["subscription"], clip_id=clip.clip_id)
    take = rows.first()
    if take is None:
        return Clip.objects.create(team_id=song.team_id, song=song, take=letter, clip_id=clip.clip_id, **told)
    if take.erased_at is None:
        fill_gaps(take, told)
    return take


def fill_gaps(take: Clip, told: Mapping[str, Any]) -> bool:
    """What was not known; what is known stays, also what is learnt while this runs. False: there is nothing new."""
    filled = False
    for name, value in told.items():
        if value in (None, "") or getattr(take, name) not in (None, ""):
            continue
        nothing = {name: ""} if getattr(take, name) == "" else {f"{name}__isnull": True}
        filled |= Clip.objects.filter(pk=take.pk, **nothing).update(**{name: value}) == 1
        setattr(take, name, value)
    return filled


def clip_fields(clip: ClipRecord) -> dict[str, Any]:
    """What the record says about the take, made fit for both databases."""
    timing = clip.lyrics_timing
    lasts = clip.duration_s if clip.duration_s and math.isfinite(clip.duration_s) else None
    return {
        "title": _text(clip.title)[:300].strip(),
        "lyrics": _text(clip.lyrics),
        "duration_s": lasts,
        "api_duration_s": lasts,
        "stem_type": _text(clip.stem_type)[:20],
        "seed": clip.seed if clip.seed is not None and abs(clip.seed) < 2**63 else None,
        "lyrics_timing": [list(pair) for pair in timing] if timing else None,
        "made_at": clip.created_at,
    }


def _save_files(take: Clip, clip: ClipRecord) -> None:
    now = timezone.now()
    fresh = [ClipFile(clip=take, **file) for file in new_files(clip, now, has_record=bool(take.jobid))]
    ClipFile.objects.bulk_create(fresh, ignore_conflicts=True)
    take_links(take, links_of(clip))
    wake_files(take.files.due(now).filter(kind__in=ClipFile.FIRST).values_list("pk", flat=True))


def new_files(clip: ClipRecord, now: datetime, *, has_record: bool) -> list[dict[str, Any]]:
    """What is different in the rows of its files. Without a link, and without a job's record to look for one, there is
    only the mp3."""
    return [_new_file(kind, link, now, has_record) for kind, link in links_of(clip).items()]


def _new_file(kind: ClipFile.Kind, link: str, now: datetime, has_record: bool) -> dict[str, Any]:
    wanted = is_wanted(kind, link, has_record=has_record)
    state, due = (State.WANTED, due_at(kind, now)) if wanted else (State.NONE, None)
    return {"kind": kind, "state": state, "source_url": link, "next_try_at": due}


def is_wanted(kind: ClipFile.Kind, link: str, *, has_record: bool) -> bool:
    """Whether there is a way to the file. The mp3 is asked for with the token; of the others, but for the cover, a
    job's record may give a link later."""
    return bool(link) or kind == Kind.MP3 or (kind != Kind.COVER and has_record)


def due_at(kind: ClipFile.Kind, now: datetime) -> datetime:
    return now + WAV_WAITS if kind == Kind.WAV else now


def links_of(clip: ClipRecord) -> dict[ClipFile.Kind, str]:
    """Every format that is fetched, with its public link; mp3 has none, it is asked for with the token."""
    return {
        Kind.COVER: clip.image_url or "",  # first: small, and then there for the tags of the audio
        Kind.M4A: clip.audio_url or "",
        Kind.MP3: "",
        Kind.WAV: clip.wav_url or "",
    }


def take_links(take: Clip, links: Mapping[ClipFile.Kind, str]) -> bool:
    """Newer links for files that aren't stored yet; one that turned up after all is wanted now. False: none of them
    was without a link."""
    now, first = timezone.now(), 0
    there = {
        kind: (state, link) for kind, state, link in take.files.values_list("kind", "state", "source_url")
    }
    for kind, link in links.items():
        state, known = there.get(kind, ("", ""))
        if not link or state == State.STORED or link == known:
            continue
        first += not known
        rows = ClipFile.objects.filter(clip=take, kind=kind).exclude(state=State.STORED)
        rows.filter(state=State.NONE).update(state=State.WANTED, next_try_at=now, wanted_since=now)
        rows.update(source_url=link)
        if not state:
            new = ClipFile(
                clip=take, background=take.is_imported, **_new_file(kind, link, now, has_record=False)
            )
            ClipFile.objects.bulk_create([new], ignore_conflicts=True)
    return first > 0


def tag_anew(*clips: UUID) -> None:
    """Stored audio in whose tags another title stands than the takes have by now is due for new ones."""
    now = timezone.now()
    for clip in Clip.objects.filter(pk__in=clips, erased_at=None).select_related("song"):
        audio = ClipFile.objects.stored().filter(clip=clip, kind__in=ClipFile.AUDIO)
        audio = audio.exclude(title_in_tags=None).exclude(title_in_tags=clip.plain_title)
        # What is to be renewed anyway gets them then.
        due = audio.filter(next_try_at=None)
        ids = list(due.values_list("pk", flat=True))
        if due.update(next_try_at=now, tries=0):
            wake_files(ids)


def wake_files(ids: Iterable[int]) -> None:
    for file_id in ids:
        wake("library.archive", file_id)


def _text(value: object) -> str:
    """Text as Postgres takes it, too: without NUL."""
    return value.replace("\0", "") if isinstance(value, str) else ""
