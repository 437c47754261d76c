"""Tags: words of the team on takes. A tag that no take has any more is gone."""

import re
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Count

from apps.accounts.models import Team
from apps.library import songs
from apps.library.input_names import InvalidInput, fitting, fold
from apps.library.models import Clip, Tag
from apps.library.models.clips import ClipQuerySet
from apps.library.search import search_index

LONGEST, MOST_PER_TAKE, KEY = 40, 20, 80
_BETWEEN = re.compile(r"[,;，、；\n]")
_On = Clip.tags.through


def parse(text: str) -> list[str]:
    """The names in `late night, demo`, without doubles. InvalidInput when one is too long or there are too many."""
    names = [fitting(part, LONGEST, "A tag") for part in _BETWEEN.split(text)]
    found = {key_of(name): name for name in reversed(names) if name}
    if len(found) > MOST_PER_TAKE:
        raise InvalidInput(f"A take has at most {MOST_PER_TAKE} tags. These are {len(found)}.")
    return list(reversed(found.values()))


def key_of(name: str) -> str:
    return fold(name)[:KEY]


def add(team: Team, clips: ClipQuerySet, names: Iterable[str]) -> int:
    """Gives how many takes got a tag. All or none: InvalidInput when a take has too many."""
    rows = [Tag(team=team, name=name, key=key_of(name)) for name in names]
    with transaction.atomic():
        songs.lock_team(team)  # or a tag could be swept away between its making and its use
        Tag.objects.bulk_create(rows, ignore_conflicts=True)
        tags = (
            Tag.objects.for_team(team).filter(key__in=[row.key for row in rows]).values_list("pk", flat=True)
        )
        takes = list(clips.values_list("pk", flat=True))
        _On.objects.bulk_create(
            [_On(clip_id=take, tag_id=tag) for take in takes for tag in tags], ignore_conflicts=True
        )
        _check_room(clips)
        search_index.index_again(takes)
    return len(takes)


def remove(team: Team, clips: ClipQuerySet, names: Iterable[str]) -> dict[str, list[str]]:
    """Takes the tags off, and gives what was taken off: by the tag's name, the ids of the takes."""
    keys = [key_of(name) for name in names]
    with transaction.atomic():
        songs.lock_team(team)
        rows = _On.objects.filter(clip__in=clips.values("pk"), tag__team=team, tag__key__in=keys)
        taken: dict[str, list[str]] = {}
        for take, name in rows.values_list("clip_id", "tag__name"):
            taken.setdefault(name, []).append(str(take))
        rows.delete()
        purge_unused(team)
        search_index.index_again({take for takes in taken.values() for take in takes})
    return taken


def restore(team: Team, taken: dict[str, list[str]]) -> int:
    """What `remove` gave, on those of the takes that are still there. Gives how many takes that are."""
    clips = Clip.objects.for_team(team)
    with transaction.atomic():
        return max(add(team, clips.filter(pk__in=takes), [name]) for name, takes in taken.items())


def purge_unused(team: Team) -> None:
    """Tags without a take vanish."""
    Tag.objects.for_team(team).filter(clips=None).delete()


def _check_room(clips: ClipQuerySet) -> None:
    full = (
        clips.annotate(tagged=Count("tags")).filter(tagged__gt=MOST_PER_TAKE).select_related("song").first()
    )
    if full:
        raise InvalidInput(f"A take has at most {MOST_PER_TAKE} tags. “{full}” would have {full.tagged}.")
