import secrets
import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone

from apps.accounts.models.teams import Membership, Role, Team
from apps.accounts.models.users import User, hash_secret


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def for_team(self, team: Team) -> "InvitationQuerySet":
        return self.filter(team=team)

    def with_people(self) -> "InvitationQuerySet":
        return self.select_related("team", "invited_by", "accepted_by")

    def unused(self) -> "InvitationQuerySet":
        """Neither accepted nor revoked. They may be over: then they can be sent again."""
        return self.filter(accepted_at=None, revoked_at=None)

    def valid(self) -> "InvitationQuerySet":
        """By which somebody can join now."""
        return self.unused().filter(expires_at__gt=timezone.now())


class Invitation(models.Model):
    """A way into a team for one person, by a link of which only a hash is stored. With an `email` it is for whoever has
    that address; without one for whoever holds the link."""

    LIFETIME = timedelta(days=7)
    MOST = 50  # unused ones of a team: enough for a large one, too few to fill other people's mailboxes

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=10, choices=Role.choices)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    secret_hash = models.CharField(max_length=64, unique=True)
    mailed = models.BooleanField(default=False)  # the link in use went to the address, and nobody else saw it
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar = InvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None) & ~models.Q(email=""),
                name="one_unused_invitation",
            )
        ]
        ordering: ClassVar = ["created_at", "pk"]

    @classmethod
    def begin(cls, team: Team, *, email: str, role: Role, by: User) -> "Invitation":
        """Without a link that anybody knows: `renew()` makes one."""
        unknown = hash_secret(secrets.token_urlsafe(24))
        over = timezone.now() + cls.LIFETIME
        values = {"email": email, "role": role, "invited_by": by, "secret_hash": unknown, "expires_at": over}
        return cls.objects.create(team=team, **values)

    @classmethod
    def find(cls, secret: str) -> "Invitation | None":
        """Also one that is used, revoked or over: its page says so."""
        return cls.of_hash(hash_secret(secret))

    @classmethod
    def of_hash(cls, secret_hash: str) -> "Invitation | None":
        return cls.objects.with_people().filter(secret_hash=secret_hash).first()

    def as_of_now(self) -> "Invitation | None":
        return Invitation.objects.with_people().filter(pk=self.pk).first()

    @property
    def is_over(self) -> bool:
        return self.expires_at <= timezone.now()

    @property
    def is_valid(self) -> bool:
        return self.accepted_at is None and self.revoked_at is None and not self.is_over

    @property
    def subject(self) -> str:
        """As a line of the audit trail has it."""
        return f"{self.email or 'by a link'}, {self.role}"

    def renew(self, *, mailed: bool) -> str:
        """A fresh link for seven days, in place of the older one. Returns its secret, which is shown once; "" if the
        invitation was used or revoked meanwhile."""
        secret = secrets.token_urlsafe(24)
        self.secret_hash, self.mailed = hash_secret(secret), mailed
        self.expires_at = timezone.now() + self.LIFETIME
        values = {"secret_hash": self.secret_hash, "mailed": mailed, "expires_at": self.expires_at}
        return secret if Invitation.objects.unused().filter(pk=self.pk).update(**values) else ""

    def revoke(self) -> bool:
        """False if it was used or revoked already."""
        return Invitation.objects.unused().filter(pk=self.pk).update(revoked_at=timezone.now()) == 1

    def consume(self) -> bool:
        """True for exactly one caller, however many try at the same time. In a transaction, with the joining. A link
        that was replaced since it was opened is worth nothing."""
        same = Invitation.objects.valid().filter(pk=self.pk, secret_hash=self.secret_hash)
        return same.update(accepted_at=timezone.now()) == 1

    def admit(self, user: User) -> Membership:
        """The person into the team, once it is consumed. Somebody who is in it keeps their role."""
        Invitation.objects.filter(pk=self.pk).update(accepted_by=user)
        defaults = {"role": self.role}
        membership, created = Membership.objects.get_or_create(team=self.team, user=user, defaults=defaults)
        if created:
            self.team.note("member joined", by=user, subject=f"{user.email}, {self.role}")
        return membership
