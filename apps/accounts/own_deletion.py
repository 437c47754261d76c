"""Deletes a person at their own wish: their name, addresses and every way in. What they made stays with its team."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils import timezone

from apps.accounts import audit_trail, memberships
from apps.accounts.models import SignInLink, User
from apps.accounts.models.teams import MembershipQuerySet

NAME = "Somebody who left"


def obstacles(user: User) -> list[str]:
    """The teams that would be without an owner."""
    mine = user.memberships.select_related("team").order_by("team__name")
    return [each.team.name for each in mine if each.is_last_owner]


def lent(user: User) -> int:
    """How many tokens of theirs they lend, in all teams."""
    return sum(each.lent_tokens_here for each in _memberships(user))


def borrows(user: User) -> bool:
    """Whether somebody's token is lent to them, in any team."""
    return any(each.borrows_here for each in _memberships(user))


def _memberships(user: User) -> MembershipQuerySet:
    return user.memberships.select_related("team", "user")


def delete(user: User) -> None:
    """The row stays, without anything of theirs: songs and the trail point at it, and a job that is running still has
    to be read with their token, which goes within 24 hours. Nobody can sign in as it. Raises NotPossible.
    """
    with transaction.atomic():
        audit_trail.note(user, "person deleted", by=user)
        for membership in _memberships(user):
            memberships.remove(membership, by=membership)
        for rows in (EmailAddress, Authenticator, SocialAccount):
            rows.objects.filter(user=user).delete()
        for session in UserSession.objects.filter(user=user):
            session.end()
        SignInLink.objects.filter(user=user, used_at=None).update(used_at=timezone.now())
        user.email, user.name, user.time_zone = f"deleted-{user.pk}@deleted.invalid", NAME, ""
        user.sessions_ended += 1
        user.set_unusable_password()
        user.save()
