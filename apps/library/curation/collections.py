"""The collections of a team: making one, deleting it and undoing that, and what its page shows."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Prefetch

from apps.accounts.models import AuditEntry, Team, User
from apps.library.input_names import InvalidInput
from apps.library.models import Clip, Collection, CollectionItem


def takes_of(collection: Collection) -> list[Clip]:
    """What its page shows, in its order: a few queries, however many there are."""
    others = Clip.objects.live().select_related("song").prefetch_related("files").light()
    takes = Clip.objects.live().filter(collection_items__collection=collection).for_pages()
    takes = takes.select_related("song__asked_by", "account", "subscription").light(with_peaks=True)
    takes = takes.prefetch_related(Prefetch("song__takes", others))
    return list(takes.order_by("collection_items__place", "collection_items__pk"))


def create(team: Team, name: str, *, by: User) -> Collection:
    """InvalidInput for a name that is empty, too long or there already."""
    name = Collection.valid_name(name)
    made, is_new = Collection.objects.get_or_create(team=team, name=name, defaults={"made_by": by})
    if not is_new:
        raise InvalidInput(f"There is a collection “{name}” already.")
    return made


def named(team: Team, name: str, *, by: User) -> Collection:
    """The collection of that name, made if there is none."""
    return Collection.objects.get_or_create(
        team=team, name=Collection.valid_name(name), defaults={"made_by": by}
    )[0]


def delete(collection: Collection, *, by: User) -> dict[str, Any]:
    """Gives all that `recreate` needs."""
    with transaction.atomic():
        clips = [str(pk) for pk in collection.locked_items().values_list("clip_id", flat=True)]
        Collection.objects.filter(pk=collection.pk).delete()
        AuditEntry.objects.create(
            team_id=collection.team_id, by=by, action="collection deleted", subject=collection.name[:200]
        )
    return {"collection": str(collection.pk), "name": collection.name, "clips": clips}


def recreate(team: Team, deleted: dict[str, Any], *, by: User) -> Collection:
    """With its old address and the takes that are still there. InvalidInput when the name was given again meanwhile."""
    with transaction.atomic():
        made, is_new = _made_again(team, deleted, by)
        there = set(Clip.objects.for_team(team).filter(pk__in=deleted["clips"]).values_list("pk", flat=True))
        clips = [UUID(pk) for pk in deleted["clips"] if UUID(pk) in there]
        if is_new:
            CollectionItem.objects.bulk_create(
                CollectionItem(collection=made, clip_id=pk, place=place) for place, pk in enumerate(clips)
            )
    return made


def _made_again(team: Team, deleted: dict[str, Any], by: User) -> tuple[Collection, bool]:
    values = {"team": team, "name": deleted["name"], "made_by": by}
    try:
        return Collection.objects.get_or_create(pk=deleted["collection"], defaults=values)
    except IntegrityError:
        words = f"There is another collection “{deleted['name']}” now. Rename that one, then undo again."
        raise InvalidInput(words) from None
