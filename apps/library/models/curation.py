"""What people say of takes: ratings and tags."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models

from apps.accounts.models import Team
from apps.library.models.clips import Clip

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
