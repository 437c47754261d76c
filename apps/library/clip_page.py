"""Collects what the page of a take shows, for the take's own page and for its edit pages."""

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q
from django.shortcuts import get_object_or_404

from apps.accounts.models import Membership, Team
from apps.accounts.permissions import allows
from apps.library.lineage import editability, lineage
from apps.library.lyrics_timing import singing
from apps.library.models import Clip, ClipFile, Song
from apps.library.stored_files import files_of


def page_of(membership: Membership, clip_id: UUID) -> dict[str, Any]:
    """What library/clip.html wants. Raises Http404."""
    team = membership.team
    take = get_object_or_404(Clip.objects.for_team(team).only("pk", "song_id"), pk=clip_id)
    song = _song_around(team, take)
    shown = next(each for each in song.takes.all() if each.pk == take.pk)
    files = files_of(shown)
    return {
        "song": song,
        "clip": shown,
        "singing": singing(shown),
        "files": files,
        "downloads": [file for file in files if file.download_url and file.kind in ClipFile.AUDIO],
        "collections": list(shown.collections.all()),
        "lineage": lineage.near(lineage.of_take(team, shown)),
        "may_retry": allows(membership.rights, "create"),
        "uneditable": editability.why_not(shown),
    }


def _song_around(team: Team, take: Clip) -> Song:
    """With its takes, this one also when it is in the trash, and with the job that asked for it, if one did."""
    takes = Clip.objects.for_pages().filter(Q(deleted_at=None) | Q(pk=take.pk), erased_at=None)
    songs = Song.objects.for_team(team).select_related("asked_by", "job__token__owner", "source__song")
    return songs.prefetch_related(Prefetch("takes", takes)).get(pk=take.song_id)
