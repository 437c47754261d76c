import uuid
from typing import Any, ClassVar, NoReturn

from django.db import models

from apps.accounts.models.users import User


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


class Team(models.Model):
    """Owns jobs, clips, files and collections."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    def creating(self) -> "MembershipQuerySet":
        """Of people who may ask for songs: not of those who only listen, or are locked out."""
        return self.exclude(role=Role.VIEWER).filter(user__is_active=True)


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["team", "user"], name="one_membership")]
        ordering: ClassVar = ["joined_at", "pk"]

    @property
    def rights(self) -> Role:
        return Role(self.role)

    def may_decide(self, asked_by_id: int | None) -> bool:
        """About what was asked for: who asked while they may create, owners and admins; no viewer."""
        return self.rights.may_manage or (self.rights.may_create and asked_by_id == self.user_id)


class AppendOnly(Exception):
    """A line of the audit trail was to be changed or removed."""


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Takes new lines only. The database itself refuses a change as well (migration 0005)."""

    def update(self, **values: object) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly


class AuditEntry(models.Model):
    """One line of a team's append-only audit trail. `team` is empty for what somebody did who is in no team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, related_name="audit")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    action = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)

    objects: ClassVar = AuditQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly
