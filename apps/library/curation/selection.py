"""Takes that a person chose in a list, to do one thing to all of them."""

from collections.abc import Sequence
from uuid import UUID

from apps.accounts.models import Team
from apps.library.input_names import InvalidInput
from apps.library.models import Clip
from apps.library.models.clips import ClipQuerySet

MOST = 500


def chosen(team: Team, ids: Sequence[str]) -> ClipQuerySet:
    """Those of the team; InvalidInput for none or too many."""
    known = list(filter(None, map(_parsed, ids)))
    if not known:
        raise InvalidInput("Choose at least one take first.")
    if len(known) > MOST:
        raise InvalidInput(f"At most {MOST} takes at once. You chose {len(known)}.")
    takes: ClipQuerySet = Clip.objects.for_team(team).filter(pk__in=known)
    return takes


def in_order(takes: ClipQuerySet, ids: Sequence[str]) -> list[Clip]:
    """In that of the list in which they were chosen, with their files, without what is heavy."""
    place = {pk: index for index, pk in enumerate(map(_parsed, ids))}
    rows = takes.select_related("song").prefetch_related("files").light()
    return sorted(rows, key=lambda take: place[take.pk])


def _parsed(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
