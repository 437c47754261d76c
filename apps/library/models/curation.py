"""What people say of takes, and how they put them in order."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.urls import reverse

from apps.accounts.models import Team
from apps.library.models.clips import Clip
from apps.library.models.files import ClipFile

BEST = 5


class Rating(models.Model):
    """One person's favourite mark and stars for a take. A row without either is as good as none."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="ratings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ratings")
    is_favourite = models.BooleanField(default=False)
    rating = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(BEST)])  # 0: none

    class Meta:
        db_table = "library_opinion"
        constraints: ClassVar = [models.UniqueConstraint(fields=["clip", "user"], name="one_opinion")]
        indexes: ClassVar = [models.Index(fields=["user", "is_favourite"])]


class TagQuerySet(models.QuerySet["Tag"]):
    def for_team(self, team: Team) -> "TagQuerySet":
        return self.filter(team=team)


class Tag(models.Model):
    """A word of the team; `key` is its folded form, so that `Demo` and `demo` are one tag."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=40)
    key = models.CharField(max_length=80)

    objects: ClassVar = TagQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["team", "key"], name="one_tag")]
        ordering: ClassVar = ["key"]

    def __str__(self) -> str:
        return self.name


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
        return reverse("collection", args=[self.pk])


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
