"""Collections: takes in an order, under a name. One in the trash keeps its place, and is not shown."""

import uuid
from collections.abc import Iterable, Sequence
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Count, OuterRef, Q, Subquery, Sum

from apps.accounts.models import Team
from apps.addresses import address
from apps.library.input_names import InvalidInput, fitting
from apps.library.models.clips import Clip, ClipQuerySet
from apps.library.models.files import ClipFile

LONGEST, MOST_TAKES = 80, 500


class CollectionQuerySet(models.QuerySet["Collection"]):
    def for_team(self, team: Team) -> "CollectionQuerySet":
        return self.filter(team=team)

    def for_list(self) -> "CollectionQuerySet":
        """With how many takes there are, how long they last, and the first one that has a cover. One query."""
        shown = Q(clips__deleted_at=None)
        items = CollectionItem.objects.filter(collection=OuterRef("pk"), clip__deleted_at=None)
        covered = items.filter(
            clip__files__kind=ClipFile.Kind.THUMB, clip__files__state=ClipFile.State.STORED
        )
        return self.annotate(
            count=Count("clips", filter=shown),
            seconds=Sum("clips__duration_s", filter=shown, default=0.0),
            covered_by=Subquery(
                covered.order_by("place", "pk").values("clip")[:1], output_field=models.UUIDField()
            ),
        )


class Collection(models.Model):
    """Takes in an order, under a name: an EP, the songs of an advert."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="collections")
    name = models.CharField(max_length=80)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    clips = models.ManyToManyField(Clip, through="CollectionItem", related_name="collections")

    objects: ClassVar = CollectionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["team", "name"], name="one_collection")]
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return address("collection", self.pk)

    @staticmethod
    def valid_name(text: str) -> str:
        """InvalidInput for a name that is empty or too long."""
        name = fitting(text, LONGEST, "The name of a collection")
        if not name:
            raise InvalidInput("A collection needs a name.")
        return name

    def rename(self, name: str) -> None:
        """InvalidInput for a name that is empty, too long or there already."""
        name = self.valid_name(name)
        try:
            with transaction.atomic():
                Collection.objects.filter(pk=self.pk).update(name=name)
        except IntegrityError:
            raise InvalidInput(f"There is a collection “{name}” already.") from None
        self.name = name

    def add(self, clips: ClipQuerySet) -> "list[CollectionItem]":
        """At the end, in the order of the library; what is in it already stays where it is. Gives those that came."""
        with transaction.atomic():
            places = dict(self.locked_items().values_list("clip_id", "place"))
            order = ("-song__created_at", "-song_id", "take")
            new = [pk for pk in clips.order_by(*order).values_list("pk", flat=True) if pk not in places]
            if len(places) + len(new) > MOST_TAKES:
                raise InvalidInput(
                    f"A collection holds at most {MOST_TAKES} takes. “{self}” has {len(places)}."
                )
            start = max(places.values(), default=-1) + 1
            return CollectionItem.objects.bulk_create(
                CollectionItem(collection=self, clip_id=pk, place=place)
                for place, pk in enumerate(new, start)
            )

    def add_at(self, place: int, clip_id: UUID) -> bool:
        """What `remove` took out, where it was. False: the take was deleted for good, or it is in it again."""
        found = Clip.objects.filter(team=self.team_id, erased_at=None, pk=clip_id)
        if not self.add(found):
            return False
        self.move(clip_id, place)
        return True

    def remove(self, clip_id: UUID) -> int | None:
        """Gives the place where it was, among those shown; None when it wasn't in it."""
        with transaction.atomic():
            place = _place(self._shown(), clip_id)
            self.locked_items().filter(clip=clip_id).delete()
        return place

    def move(self, clip_id: UUID, to: int) -> int | None:
        """To a place among those shown, from 0. Gives the place where it was; None when it isn't in it."""
        with transaction.atomic():
            items = list(self.locked_items())
            shown = self._shown()
            before = _place(shown, clip_id)
            if before is None:
                return None
            moved = next(item for item in items if item.clip_id == clip_id)
            rest = [pk for pk in shown if pk != clip_id]
            items.remove(moved)
            items.insert(_index(items, rest, max(0, to)), moved)
            _number(items)
        return before

    def locked_items(self) -> "models.QuerySet[CollectionItem]":
        """In order, inside a transaction; two people who put it in order do so one after the other."""
        list(Collection.objects.select_for_update().filter(pk=self.pk).values("pk"))
        return CollectionItem.objects.filter(collection=self).order_by("place", "pk")

    def _shown(self) -> list[UUID]:
        items = CollectionItem.objects.filter(collection=self, clip__deleted_at=None)
        return list(items.order_by("place", "pk").values_list("clip_id", flat=True))


class CollectionItem(models.Model):
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="items")
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="collection_items")
    place = models.PositiveIntegerField()  # within the collection; gaps mean nothing
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["collection", "clip"], name="once_in_a_collection")
        ]
        ordering: ClassVar = ["place", "pk"]


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
