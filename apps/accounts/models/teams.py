import re
import uuid
from datetime import timedelta
from typing import Any, ClassVar, NoReturn

from django.db import models, transaction
from django.utils import timezone

from apps.accounts import request_origin
from apps.accounts.models.users import User
from apps.plural import counted


class Role(models.TextChoices):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"

    @property
    def may_create(self) -> bool:
        return self is not Role.VIEWER

    @property
    def may_manage(self) -> bool:
        return self in {Role.OWNER, Role.ADMIN}

    @property
    def may_own(self) -> bool:
        return self is Role.OWNER


def cap_text(credits: int | None) -> str:
    """A monthly cap as the audit trail says it."""
    return "none" if credits is None else f"{counted(credits, 'credit')} a month"


class Team(models.Model):
    """Owns jobs, clips, files and collections."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")
    two_step_required = models.BooleanField(default=False, db_default=False)  # of owners and admins
    monthly_cap = models.PositiveIntegerField(
        null=True
    )  # credits of all together in a month of UTC; null: no cap

    def __str__(self) -> str:
        return self.name

    @classmethod
    def found(cls, name: str, *, by: User) -> "Team":
        """A new team with its first owner. In a transaction."""
        team = cls.objects.create(name=name)
        Membership.objects.create(team=team, user=by, role=Role.OWNER)
        team.note("team created", by=by, subject=name)
        return team

    @transaction.atomic
    def rename(self, name: str, *, by: User) -> None:
        before, self.name = self.name, name
        self.save(update_fields=["name"])
        self.note("team renamed", by=by, subject=f"from {before} to {name}")

    @transaction.atomic
    def change_cap(self, credits: int | None, *, by: User) -> None:
        """Of all together; None takes it off."""
        before = Team.objects.select_for_update().get(pk=self.pk).monthly_cap
        if before != credits:
            Team.objects.filter(pk=self.pk).update(monthly_cap=credits)
            self.note("team cap changed", by=by, subject=f"from {cap_text(before)} to {cap_text(credits)}")

    @transaction.atomic
    def require_two_step(self, is_required: bool, *, by: User) -> None:
        other = Team.objects.filter(pk=self.pk, two_step_required=not is_required)
        if other.update(two_step_required=is_required):
            words = "required" if is_required else "no longer required"
            self.note(f"two-step sign-in {words}", by=by, subject="of owners and admins")

    def lock(self) -> None:
        """One change of the team's people after the other: in a transaction, until it ends. So a last owner who was
        counted is still one when the change is written down. Rows that only name the team are written meanwhile."""
        Team.objects.select_for_update(no_key=True).get(pk=self.pk)

    def note(self, action: str, *, by: User | None, subject: str) -> None:
        """One line of this team's audit trail alone: other teams of the person learn nothing of it. In the
        transaction of what it tells."""
        AuditEntry.objects.create(team=self, by=by, action=action, subject=subject[:200])


class MembershipQuerySet(models.QuerySet["Membership"]):
    def owners(self) -> "MembershipQuerySet":
        """Who can do what only owners may: not those who are locked out."""
        return self.filter(role=Role.OWNER, user__is_active=True)

    def creating(self) -> "MembershipQuerySet":
        """Of people who may ask for songs: not of those who only listen, or are locked out."""
        return self.exclude(role=Role.VIEWER).filter(user__is_active=True)


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    joined_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(default=timezone.now)  # in this team; to the hour
    monthly_cap = models.PositiveIntegerField(
        null=True
    )  # credits in a month of UTC; null: no cap of their own

    SEEN_ANEW_AFTER = timedelta(hours=1)

    objects: ClassVar = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["team", "user"], name="one_membership")]
        ordering: ClassVar = ["joined_at", "pk"]

    @property
    def rights(self) -> Role:
        return Role(self.role)

    def may_manage(self, other: "Membership") -> bool:
        """Whether they may change the other's role or remove them: owners everybody, admins all but owners."""
        return self.rights is Role.OWNER or (self.rights is Role.ADMIN and other.rights is not Role.OWNER)

    @property
    def is_last_owner(self) -> bool:
        """Nobody else could do what only owners may."""
        others = Membership.objects.owners().filter(team=self.team_id).exclude(pk=self.pk)
        return self.rights is Role.OWNER and not others.exists()

    @property
    def tokens_here(self) -> int:
        """How many API tokens of theirs the team has."""
        return self.team.tokens.filter(owner=self.user_id).count()

    @property
    def lent_tokens_here(self) -> int:
        """Of these, how many they lend to the team."""
        return self.team.tokens.filter(owner=self.user_id, lending__isnull=False).count()

    @property
    def borrows_here(self) -> bool:
        """Whether a token of somebody else is lent to them."""
        to_them = models.Q(lending__is_for_everyone=True) | models.Q(lending__members=self)
        return self.team.tokens.exclude(owner=self.user_id).filter(to_them).exists()

    def note_seen(self) -> None:
        """With any page; written down once an hour."""
        now = timezone.now()
        if now - self.seen_at > self.SEEN_ANEW_AFTER:
            Membership.objects.filter(pk=self.pk, seen_at=self.seen_at).update(seen_at=now)

    def may_decide(self, asked_by_id: int | None) -> bool:
        """About what was asked for: who asked while they may create, owners and admins; no viewer."""
        return self.rights.may_manage or (self.rights.may_create and asked_by_id == self.user_id)


class AppendOnly(Exception):
    """A line of the audit trail was to be changed or removed."""


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Takes new lines only, and forgets the oldest. The database itself refuses anything else (migration 0008)."""

    def update(self, **values: object) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly

    def purge_expired(self, most: int = 1000) -> int:
        """Removes lines that were stored for long enough, the oldest first. Gives how many."""
        limit = timezone.now() - AuditEntry.STORED_FOR - AuditEntry.CLOCKS_DIFFER
        oldest = list(self.order_by("pk").values_list("pk", "at")[:most])
        old = [pk for pk, at in oldest if at < limit]
        return self.filter(pk__in=old)._raw_delete(self.db) if old else 0


END_OF_TOKEN = re.compile(r"^token …\S{4} for")


class AuditEntry(models.Model):
    """One line of a team's append-only audit trail. `team` is empty for what somebody did who is in no team.

    `address` and `browser` are those of the request in which it happened; empty for what a command or a worker did.
    """

    STORED_FOR = timedelta(days=400)
    CLOCKS_DIFFER = timedelta(hours=1)  # this host's from the database's, which refuses what is younger

    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="audit")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    action = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    address = models.GenericIPAddressField(null=True, default=request_origin.address)
    browser = models.CharField(
        max_length=request_origin.LONGEST_BROWSER, blank=True, default=request_origin.browser, db_default=""
    )

    objects: ClassVar = AuditQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["team", "-id"], name="audit_of_team")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    @property
    def shown_subject(self) -> str:
        """Without the end of a token, which lines from before 0.3.0 have: it is its owner's alone to see."""
        return END_OF_TOKEN.sub("token for", self.subject)
