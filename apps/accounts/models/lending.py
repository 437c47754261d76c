from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from django.db import models, transaction
from django.db.models import Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat
from django.utils.text import get_text_list

from apps.accounts.models.subscriptions import ApiToken
from apps.accounts.models.teams import Membership
from apps.accounts.models.users import User
from apps.wake import wake

# What a token can be lent for, by the names of the operations (apps/generation/operations.py), and what is free of it.
OPERATIONS = {
    "music": "Songs",
    "effect": "Effects",
    "extend": "Extend",
    "replace": "Replace",
    "cover": "Covers",
    "remix": "Remixes",
    "stems": "Stems",
    "lyrics": "Lyrics",
    "image": "Images",
    "upload": "Uploads",
}
FREE = frozenset({"lyrics", "image", "upload"})


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How a token is lent: for how many credits a month of UTC, for which operations, to which members; `members` is
    None for everyone in the team."""

    monthly_cap: int
    operations: tuple[str, ...]
    members: tuple[Membership, ...] | None = None

    @property
    def facts(self) -> tuple[str, str, str]:
        """As the audit trail has them."""
        credits = f"{self.monthly_cap} credit{'' if self.monthly_cap == 1 else 's'} a month"
        people = [each.user.email for each in self.members or ()]
        to = "everyone" if self.members is None else " and ".join(people) or "nobody"
        return credits, f"to {to}", f"for {words_for(self.operations)}"


def words_for(operations: Iterable[str]) -> str:
    """`songs, covers and stems`, or `everything`."""
    chosen = set(operations)
    names = [name.lower() for key, name in OPERATIONS.items() if key in chosen]
    if len(names) == len(OPERATIONS):
        return "everything"
    return get_text_list(names, "and")


class LendingQuerySet(models.QuerySet["Lending"]):
    def allowing(self, *, operation: str | Combinable, asker: int | Combinable) -> "LendingQuerySet":
        """For Exists(): those by which the person (by their key) may have such a job paid. Both may be references."""
        name = operation if isinstance(operation, Combinable) else Value(operation)
        return self.to(asker).filter(operations__contains=Concat(Value(" "), name, Value(" ")))

    def to(self, person: int | Combinable) -> "LendingQuerySet":
        """For Exists(): those for whoever is in the team, or for this person (by their key)."""
        return self.filter(Q(is_for_everyone=True) | Q(members__user=person))

    def of_member(self, member: Membership) -> "LendingQuerySet":
        """Of the tokens that they have in the team."""
        return self.filter(token__team=member.team_id, token__owner=member.user_id)


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

    @classmethod
    def lend(cls, token: ApiToken, terms: Terms, *, by: User) -> bool:
        """Or changes how it is lent, from this moment on. False: that is how it was lent already."""
        with transaction.atomic():
            before = cls.objects.select_for_update().filter(token=token).first()
            old = before.terms.facts if before else None
            if old == terms.facts:
                return False
            lending, _ = cls.objects.update_or_create(token=token, defaults=_columns(terms))
            lending.members.set(terms.members or ())
            lending._note("lending changed" if old else "token lent", _changed(old, terms.facts), by=by)
        return True

    def stop(self, *, by: User | None) -> bool:
        """At once: nothing that waits is sent with it any more, but by its owner. False: it was not lent any more."""
        with transaction.atomic():
            if not Lending.objects.filter(pk=self.pk).delete()[0]:
                return False
            self._note("lending stopped", f"it was lent for {self.terms.facts[0]}", by=by)
        return True

    def _note(self, action: str, words: str, *, by: User | None) -> None:
        place = self.token.subscription
        name = "the sandbox" if place.is_sandbox else place.get_provider_display()
        self.token.team.note(action, by=by, subject=f"token of {self.token.owner.email} for {name}: {words}")
        wake("generation.changed", place.pk)

    @property
    def terms(self) -> Terms:
        chosen = None if self.is_for_everyone else tuple(self.members.select_related("user"))
        return Terms(monthly_cap=self.monthly_cap, operations=tuple(self.operation_names), members=chosen)

    @property
    def operation_names(self) -> list[str]:
        return self.operations.split()

    @property
    def operation_words(self) -> str:
        return words_for(self.operation_names)

    @staticmethod
    def joined(names: Iterable[str]) -> str:
        """As the column has them."""
        return f" {' '.join(names)} "


def _columns(terms: Terms) -> dict[str, object]:
    return {
        "monthly_cap": terms.monthly_cap,
        "operations": Lending.joined(terms.operations),
        "is_for_everyone": terms.members is None,
    }


def _changed(old: tuple[str, ...] | None, new: tuple[str, ...]) -> str:
    """What it is now, and what was otherwise before."""
    pairs = zip(old or new, new, strict=True)
    return ", ".join(now if now == before else f"{now} (before: {before})" for before, now in pairs)
