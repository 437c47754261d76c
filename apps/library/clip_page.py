"""Collects what the page of a take shows, for the take's own page and for its edit pages."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404

from apps.accounts.models import Membership, Team
from apps.accounts.permissions import allows
from apps.library.lineage import editability, lineage
from apps.library.lyrics_timing import singing
from apps.library.models import Clip, ClipFile, Collection, Rating, Song
from apps.library.stored_files import files_of
from apps.prepared import prepared, share_out


def page_of(membership: Membership, clip_id: UUID) -> dict[str, Any]:
    """What library/clip.html wants. Raises Http404."""
    team = membership.team
    song = _song_around(team, clip_id)
    shown = next(each for each in song.takes.all() if each.pk == clip_id)
    files = files_of(shown)
    return {
        "song": song,
        "clip": shown,
        "singing": singing(shown),
        "files": files,
        "downloads": [file for file in files if file.download_url and file.kind in ClipFile.AUDIO],
        "collections": _collections(shown),
        "lineage": lineage.near(lineage.of_take(team, shown)),
        "may_retry": allows(membership.rights, "create"),
        "uneditable": editability.why_not(shown),
    }


def _song_around(team: Team, clip_id: UUID) -> Song:
    """With its takes, this one also when it is in the trash, and with the job that asked for it, if one did."""
    song = next(iter(_songs(team, clip_id)), None)
    if song is None:
        raise Http404
    takes = _takes(song, clip_id)
    ids = [take.pk for take in takes]
    share_out([song], "takes", takes, by="song")
    share_out(takes, "files", _files(*ids), by="clip")
    share_out(takes, "ratings", _ratings(*ids), by="clip")
    share_out(takes, "tags", _tags(*ids), by="clip", of="tag")
    return song


@prepared
def _songs(team: Team, clip_id: UUID) -> QuerySet[Song]:
    songs: QuerySet[Song] = Song.objects.for_team(team)
    found = songs.filter(takes=clip_id, takes__team=team, takes__erased_at=None)
    return found.select_related("asked_by", "job__paid_by", "source__song")


@prepared
def _takes(song: Song, clip_id: UUID) -> QuerySet[Clip]:
    takes = Clip.objects.filter(Q(deleted_at=None) | Q(pk=clip_id), song=song, erased_at=None)
    return takes.select_related("account", "subscription")


@prepared
def _files(*clip_ids: UUID) -> QuerySet[ClipFile]:
    return ClipFile.objects.filter(clip__in=clip_ids)


@prepared
def _ratings(*clip_ids: UUID) -> QuerySet[Rating]:
    return Rating.objects.filter(clip__in=clip_ids)


@prepared
def _tags(*clip_ids: UUID) -> QuerySet[Any]:
    return Clip.tags.through.objects.filter(clip__in=clip_ids).select_related("tag").order_by("tag__key")


@prepared
def _collections(clip: Clip) -> QuerySet[Collection]:
    return Collection.objects.filter(clips=clip)
