"""A song's own name, given by a person: it goes before the titles that came with the takes."""

from django.db import transaction

from apps.library import songs
from apps.library.input_names import fitting
from apps.library.models import ClipFile, Song
from apps.library.search import search_index

LONGEST = 120


def rename(song: Song, text: str) -> str:
    """Without a name the song has its title again. Gives the old name; InvalidInput when it is too long.

    Its title, sent back as it stands in the field, is no name: it may still change with its takes.
    """
    old, name = song.name, fitting(text, LONGEST, "A name")
    if not old and name == song.title:
        return old
    with transaction.atomic():
        songs.lock_team(song.team)  # so that what it is found by is that of the last of several changes
        Song.objects.filter(pk=song.pk).update(name=name)
        search_index.index(song.takes.filter(erased_at=None).select_related("song"))
        _reach_files(song)
    song.name = name
    return old


def _reach_files(song: Song) -> None:
    """The tags of what is stored; what was stored before they were written down has another title for all we know."""
    files = ClipFile.objects.stored().filter(clip__song=song, kind__in=ClipFile.AUDIO)
    files.filter(title_in_tags=None).update(title_in_tags="")
    songs.tag_anew(*song.takes.values_list("pk", flat=True))
