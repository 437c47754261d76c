"""Turns one page of an account's clips into songs of the team, by a handful of queries, however many clips it has.

Unique by subscription and clip id. What is known stays, what is not known is filled in, what was deleted here stays
deleted. A clip without a date gets one below the clip that stands before it in the list.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from apps.library import songs
from apps.library.importing import bulk_insert
from apps.library.importing.row_builder import OF_FILE, OF_TAKE, OF_WORDS, Ready, stored
from apps.library.lineage.editability import UPLOADED
from apps.library.models import Clip, ClipFile, ClipSearchText, Import, ReferenceFile, Song
from apps.library.models.references import bare_id, either_id
from apps.library.search import search_index
from apps.upstream.records import ClipRecord

# Between two songs without a date, the least that both databases tell apart: what was made while the list was read is
# put in between, and ten thousand of them must fit into the time that a page takes.
STEP = timedelta(microseconds=1)
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)  # there was no Flow Music
STORED, COLUMNS = ClipFile.State.STORED, ("clip", "kind", "source_url")


@dataclass
class SavedPage:
    """How many of a page were new, and so on; `last_at` is the date of its last song."""

    last_at: datetime
    new: int = 0
    filled: int = 0
    known: int = 0
    left_out: int = 0


def known_of(walk: Import, clips: Sequence[Ready]) -> dict[str, Clip]:
    """Those of them that the team has already, deleted ones too. Mostly it has none, and that is asked quickly."""
    wanted = bulk_insert.among(Clip, [ready.clip.clip_id for ready in clips])
    here = Clip.objects.filter(team=walk.team_id, subscription=walk.subscription_id)
    ids = here.filter(clip_id__in=wanted).order_by().values_list("pk", flat=True)
    if not (pks := list(ids)):
        return {}
    found = Clip.objects.filter(pk__in=pks).select_related("song").light(with_lyrics=True).order_by()
    return {take.clip_id: take for take in found}


def save(walk: Import, clips: Sequence[Ready]) -> SavedPage:
    """Inside the caller's transaction, in which it is the team's turn (songs.lock_team)."""
    known, saved = known_of(walk, clips), SavedPage(walk.last_at or walk.started_at)
    uploads = uploads_of(walk, clips)
    _name_uploads(known.values(), uploads)
    fresh: list[tuple[Ready, datetime]] = []
    there: list[tuple[ClipRecord, Clip]] = []
    for ready in clips:
        take = known.get(ready.clip.clip_id)
        if take is None and ready.clip.clip_id in uploads:
            saved.known += 1  # it is no song: it stands among the references
            continue
        if take is None:
            at = _dated(ready.clip) or saved.last_at - STEP
            fresh.append((ready, at))
        else:
            at = take.song.created_at
            there.append((ready.clip, take))
        saved.last_at = min(saved.last_at, at)
    if fresh:
        _add(walk, fresh)
        saved.new = len(fresh)
    if there:
        _fill(walk, there, saved)
    return saved


def uploads_of(walk: Import, clips: Sequence[Ready]) -> dict[str, str]:
    """Those of them that are reference audio of the team, deleted ones too, each with the name of its file."""
    ids = [ready.clip.clip_id for ready in clips]
    wanted = bulk_insert.among(ReferenceFile, either_id(ids))
    files = ReferenceFile.objects.filter(team=walk.team_id, subscription=walk.subscription_id)
    names = dict(files.filter(clip_id__in=wanted).order_by("pk").values_list("clip_id", "name"))
    if not names:
        return {}
    found = {clip_id: names.get(clip_id, names.get(bare_id(clip_id))) for clip_id in ids}
    return {clip_id: name for clip_id, name in found.items() if name is not None}


def _name_uploads(takes: Iterable[Clip], uploads: Mapping[str, str]) -> None:
    """Those that were imported as songs before this was looked at."""
    named = [take for take in takes if take.clip_id in uploads and take.uneditable != UPLOADED]
    for take in named:
        take.title = uploads[take.clip_id] or take.title
        Clip.objects.filter(pk=take.pk, erased_at=None).update(title=take.title, uneditable=UPLOADED)
    search_index.index_again([take.pk for take in named])
    songs.tag_anew(*(take.pk for take in named))


def _dated(clip: ClipRecord) -> datetime | None:
    """A date that none can have would draw all that follow without one after it."""
    return clip.created_at if clip.created_at and clip.created_at >= EARLIEST else None


def _add(walk: Import, fresh: Sequence[tuple[Ready, datetime]]) -> None:
    """A song, its one take, a row for each file that can be fetched, and the words by which it is found."""
    now, clips = timezone.now(), [ready for ready, _ in fresh]
    shared = {"team_id": walk.team_id, "asked_by_id": walk.asked_by_id, "operation": Song.IMPORT}
    place = {"subscription_id": walk.subscription_id, "account_id": walk.account_id, "created_at": now}
    dates = [(ready.song_id, stored(at)) for ready, at in fresh]
    bulk_insert.insert(Song, shared, ("id", "created_at"), dates)
    bulk_insert.insert(Clip, place | {"team_id": walk.team_id}, OF_TAKE, [ready.take for ready in clips])
    files = [file for ready in clips for file in ready.files]
    bulk_insert.insert(ClipFile, {"background": True, "wanted_since": now}, OF_FILE, files)
    bulk_insert.insert(ClipSearchText, {}, OF_WORDS, [ready.words for ready in clips])


def _fill(walk: Import, there: Sequence[tuple[ClipRecord, Clip]], saved: SavedPage) -> None:
    live = [(clip, take) for clip, take in there if take.deleted_at is None and take.erased_at is None]
    lacking = _newly_linked(live)
    renamed = []
    for clip, take in live:
        linked = take.pk in lacking and songs.take_links(take, songs.links_of(clip))
        told = songs.clip_fields(clip) | {"account_id": walk.account_id}
        del told["lyrics_timing"]  # the list has none, and it was not read
        if songs.fill_gaps(take, told):
            renamed.append(take)
        elif not linked:
            # Else it came by this walk, and is counted as new.
            saved.known += take.created_at < walk.started_at
            continue
        saved.filled += 1
    saved.left_out = len(there) - len(live)
    search_index.index(renamed)
    songs.tag_anew(*(take.pk for take in renamed))


def _newly_linked(live: Sequence[tuple[ClipRecord, Clip]]) -> set[object]:
    """The takes for which the list has a link that a file, which isn't stored yet, doesn't know. Two queries."""
    links = {take.pk: songs.links_of(clip) for clip, take in live}
    rows = ClipFile.objects.filter(clip__in=list(links)).order_by()
    known = {(clip, kind): link for clip, kind, link in rows.exclude(state=STORED).values_list(*COLUMNS)}
    saved: set[tuple[object, str]] = set(rows.filter(state=STORED).values_list("clip", "kind"))
    return {
        pk
        for pk, those in links.items()
        for kind, link in those.items()
        if link and (pk, str(kind)) not in saved and known.get((pk, str(kind)), "") != link
    }
