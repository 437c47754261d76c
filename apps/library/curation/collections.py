"""Collections: takes in an order, under a name. One in the trash keeps its place, and is not shown."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Prefetch

from apps.accounts.models import AuditEntry, Team, User
from apps.library.input_names import InvalidInput, fitting
from apps.library.models import Clip, Collection, CollectionItem
from apps.library.models.clips import ClipQuerySet

LONGEST, MOST_TAKES = 80, 500


def takes_of(collection: Collection) -> list[Clip]:
    """What its page shows, in its order: a few queries, however many there are."""
    others = Clip.objects.live().select_related("song").prefetch_related("files").light()
    takes = Clip.objects.live().filter(collection_items__collection=collection).for_pages()
    takes = takes.select_related("song__asked_by", "account", "subscription").defer("lyrics", "lyrics_timing")
    takes = takes.prefetch_related(Prefetch("song__takes", others))
    return list(takes.order_by("collection_items__place", "collection_items__pk"))


def create(team: Team, name: str, *, by: User) -> Collection:
    """InvalidInput for a name that is empty, too long or there already."""
    name = _name(name)
    made, is_new = Collection.objects.get_or_create(team=team, name=name, defaults={"made_by": by})
    if not is_new:
        raise InvalidInput(f"There is a collection “{name}” already.")
    return made


def named(team: Team, name: str, *, by: User) -> Collection:
    """The collection of that name, made if there is none."""
    return Collection.objects.get_or_create(team=team, name=_name(name), defaults={"made_by": by})[0]


def rename(collection: Collection, name: str) -> None:
    name = _name(name)
    try:
        with transaction.atomic():
            Collection.objects.filter(pk=collection.pk).update(name=name)
    except IntegrityError:
        raise InvalidInput(f"There is a collection “{name}” already.") from None
    collection.name = name


def add(collection: Collection, clips: ClipQuerySet) -> list[CollectionItem]:
    """At the end, in the order of the library; what is in it already stays where it is. Gives those that came."""
    with transaction.atomic():
        places = dict(_locked(collection).values_list("clip_id", "place"))
        newest_first = clips.order_by("-song__created_at", "-song_id", "take").values_list("pk", flat=True)
        new = [pk for pk in newest_first if pk not in places]
        if len(places) + len(new) > MOST_TAKES:
            raise InvalidInput(
                f"A collection holds at most {MOST_TAKES} takes. “{collection}” has {len(places)}."
            )
        start = max(places.values(), default=-1) + 1
        return CollectionItem.objects.bulk_create(
            CollectionItem(collection=collection, clip_id=pk, place=place)
            for place, pk in enumerate(new, start)
        )


def remove(collection: Collection, clip_id: UUID) -> int | None:
    """Gives the place where it was, among those shown; None when it wasn't in it."""
    with transaction.atomic():
        place = _place(_shown(collection), clip_id)
        _locked(collection).filter(clip=clip_id).delete()
    return place


def move(collection: Collection, clip_id: UUID, to: int) -> int | None:
    """To a place among those shown, from 0. Gives the place where it was; None when it isn't in it."""
    with transaction.atomic():
        items = list(_locked(collection))
        shown = _shown(collection)
        before = _place(shown, clip_id)
        if before is None:
            return None
        moved = next(item for item in items if item.clip_id == clip_id)
        rest = [pk for pk in shown if pk != clip_id]
        items.remove(moved)
        items.insert(_index(items, rest, max(0, to)), moved)
        _number(items)
    return before


def put_back(collection: Collection, clip_id: UUID, place: int) -> bool:
    """What `remove` took out, where it was. False: the take is gone, or it is in the collection again."""
    found = Clip.objects.filter(team=collection.team_id, erased_at=None, pk=clip_id)
    if not add(collection, found):
        return False
    move(collection, clip_id, place)
    return True


def delete(collection: Collection, *, by: User) -> dict[str, Any]:
    """Gives all that `recreate` needs."""
    with transaction.atomic():
        clips = [str(pk) for pk in _locked(collection).values_list("clip_id", flat=True)]
        Collection.objects.filter(pk=collection.pk).delete()
        AuditEntry.objects.create(
            team_id=collection.team_id, by=by, action="collection deleted", subject=collection.name[:200]
        )
    return {"collection": str(collection.pk), "name": collection.name, "clips": clips}


def recreate(team: Team, gone: dict[str, Any], *, by: User) -> Collection:
    """With its old address and the takes that are still there. InvalidInput when the name was given again meanwhile."""
    with transaction.atomic():
        made, is_new = _made_again(team, gone, by)
        there = set(Clip.objects.for_team(team).filter(pk__in=gone["clips"]).values_list("pk", flat=True))
        clips = [UUID(pk) for pk in gone["clips"] if UUID(pk) in there]
        if is_new:
            CollectionItem.objects.bulk_create(
                CollectionItem(collection=made, clip_id=pk, place=place) for place, pk in enumerate(clips)
            )
    return made


def _made_again(team: Team, gone: dict[str, Any], by: User) -> tuple[Collection, bool]:
    values = {"team": team, "name": gone["name"], "made_by": by}
    try:
        return Collection.objects.get_or_create(pk=gone["collection"], defaults=values)
    except IntegrityError:
        words = f"There is another collection “{gone['name']}” now. Rename that one, then undo again."
        raise InvalidInput(words) from None


def _name(text: str) -> str:
    name = fitting(text, LONGEST, "The name of a collection")
    if not name:
        raise InvalidInput("A collection needs a name.")
    return name


def _locked(collection: Collection) -> Any:
    """Its items, in order; two people who put it in order do so one after the other."""
    list(Collection.objects.select_for_update().filter(pk=collection.pk).values("pk"))
    return CollectionItem.objects.filter(collection=collection).order_by("place", "pk")


def _shown(collection: Collection) -> list[UUID]:
    items = CollectionItem.objects.filter(collection=collection, clip__deleted_at=None)
    return list(items.order_by("place", "pk").values_list("clip_id", flat=True))


def _place(shown: Sequence[UUID], clip_id: UUID) -> int | None:
    return shown.index(clip_id) if clip_id in shown else None


def _index(items: Sequence[CollectionItem], shown: Sequence[UUID], to: int) -> int:
    """Where in all items the place `to` among the shown ones is."""
    if to >= len(shown):
        return len(items)
    return next(index for index, item in enumerate(items) if item.clip_id == shown[to])


def _number(items: Iterable[CollectionItem]) -> None:
    changed = [(place, item) for place, item in enumerate(items) if item.place != place]
    for place, item in changed:
        item.place = place
    CollectionItem.objects.bulk_update([item for _, item in changed], ["place"])
