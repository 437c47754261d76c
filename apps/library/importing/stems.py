"""Recognises stems among imported clips: Flow Music calls them "<song> - drums" (get-flowmusic-music-download).

They go under the take that they were split from where that is sure: one take of the account, and only one, has that
name and that length. Else they stay clips like others.
"""

import re
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.library import songs
from apps.library.models import Clip, Import, Song
from apps.library.models.clips import ClipQuerySet

# In the order in which they are shown.
STEMS = ("vocals", "drums", "bass", "other")
NAMED = re.compile(r"(?P<title>.*\S)\s*-\s*(?P<stem>vocals|drums|bass|other)\s*", re.IGNORECASE | re.DOTALL)
# Stems last as long as their take; what was measured here and what was said there differ a little.
OFF_BY_S = 0.5
AT_ONCE = 100


def attach(walk: Import) -> int:
    """Puts the stems under their takes, some at a time. Gives how many."""
    named = Q()
    for stem in STEMS:
        named |= Q(title__iendswith=f"- {stem}")
    stray = _here(walk).filter(named, song__operation=Song.IMPORT, stem_type="", duration_s__gt=0)
    ids = list(stray.order_by("pk").values_list("pk", flat=True))
    return sum(_attach(walk, ids[first : first + AT_ONCE]) for first in range(0, len(ids), AT_ONCE))


def _here(walk: Import) -> ClipQuerySet:
    return Clip.objects.live().filter(team=walk.team_id, account=walk.account_id)


def _attach(walk: Import, ids: Iterable[UUID]) -> int:
    placed = 0
    with transaction.atomic():
        songs.lock_team(walk.team)
        there = (
            _here(walk).filter(pk__in=ids, song__operation=Song.IMPORT, stem_type="").select_related("song")
        )
        stems = list(there)
        sources = _sources(walk, {title for title, _ in map(_said, stems)})
        for stem in stems:
            title, kind = _said(stem)
            if source := _source_of(stem, sources.get(title, [])):
                placed += _put(stem, kind, source)
    return placed


def _said(stem: Clip) -> tuple[str, str]:
    found = NAMED.fullmatch(stem.title)
    return (found["title"], found["stem"].lower()) if found else ("", "")


def _sources(walk: Import, titles: Iterable[str]) -> dict[str, list[Clip]]:
    """The takes that have one of these titles. One query."""
    named: dict[str, list[Clip]] = {}
    whole = _here(walk).filter(title__in=[title for title in titles if title], stem_type="")
    for take in whole.select_related("song"):
        named.setdefault(take.title, []).append(take)
    return named


def _source_of(stem: Clip, takes: Iterable[Clip]) -> Clip | None:
    lasts = stem.duration_s or 0
    fitting = [take for take in takes if take.duration_s and abs(take.duration_s - lasts) <= OFF_BY_S]
    return fitting[0] if len(fitting) == 1 else None


def _put(stem: Clip, kind: str, source: Clip) -> bool:
    """Into the song of that take's stems. False: one of this kind is there already."""
    old = stem.song
    song = (
        Song.objects.filter(team=stem.team_id, source=source, operation="stems")
        .order_by("created_at")
        .first()
    )
    if song is None:
        song = Song.objects.create(
            team_id=stem.team_id,
            asked_by=old.asked_by,
            operation="stems",
            source=source,
            tone=source.song.tone,
            created_at=old.created_at,
        )
    elif song.takes.filter(stem_type=kind).exists():
        return False
    Clip.objects.filter(pk=stem.pk).update(song=song, stem_type=kind, take=STEMS.index(kind))
    Song.objects.filter(pk=old.pk, takes=None).delete()
    return True
