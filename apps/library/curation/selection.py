"""Finds the takes that a person chose in a list, to do one thing to all of them."""

from collections.abc import Sequence

from apps.accounts.models import Team
from apps.library.input_names import InvalidInput
from apps.library.models import Clip
from apps.library.models.clips import ClipQuerySet
from apps.uuids import uuid_or_none

MOST = 500


def chosen(team: Team, ids: Sequence[str]) -> ClipQuerySet:
    """Those of the team; InvalidInput for none or too many."""
    known = list(filter(None, map(uuid_or_none, ids)))
    if not known:
        raise InvalidInput("Choose at least one take first.")
    if len(known) > MOST:
        raise InvalidInput(f"At most {MOST} takes can be selected together. You chose {len(known)}.")
    takes: ClipQuerySet = Clip.objects.for_team(team).filter(pk__in=known)
    return takes


def in_order(takes: ClipQuerySet, ids: Sequence[str]) -> list[Clip]:
    """In that of the list in which they were chosen, with their files, without what is heavy."""
    place = {pk: index for index, pk in enumerate(map(uuid_or_none, ids))}
    rows = takes.select_related("song").prefetch_related("files").light()
    return sorted(rows, key=lambda take: place[take.pk])
