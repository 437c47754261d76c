from collections.abc import Iterable
from typing import ClassVar

from django.db import models
from django.db.models import Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat

from apps.accounts.models.subscriptions import ApiToken
from apps.accounts.models.teams import Membership


class LendingQuerySet(models.QuerySet["Lending"]):
    def allowing(self, *, operation: str | Combinable, asker: int | Combinable) -> "LendingQuerySet":
        """For Exists(): those by which the person (by their key) may have such a job paid. Both may be references."""
        name = operation if isinstance(operation, Combinable) else Value(operation)
        is_theirs = Q(is_for_everyone=True) | Q(members__user=asker)
        return self.filter(is_theirs, operations__contains=Concat(Value(" "), name, Value(" ")))


class Lending(models.Model):
    """A token that its owner lends to its team, until the row is gone: what others may do with it, who, and for how
    many credits a month of UTC. What its owner spends with it does not count."""

    token = models.OneToOneField(ApiToken, on_delete=models.CASCADE, related_name="lending")
    monthly_cap = models.PositiveIntegerField()
    operations = models.CharField(
        max_length=300
    )  # each between two blanks, so that SQL can look for one of them
    is_for_everyone = models.BooleanField(default=True)  # in the team; else for these members
    members = models.ManyToManyField(Membership, related_name="lendings")
    lent_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = LendingQuerySet.as_manager()

    @property
    def operation_names(self) -> list[str]:
        return self.operations.split()

    @staticmethod
    def joined(names: Iterable[str]) -> str:
        """As the column has them."""
        return f" {' '.join(names)} "
