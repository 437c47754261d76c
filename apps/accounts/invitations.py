"""Invites people into a team and lets them in: by mail where mail is set up, else by a link that the inviter passes on.

The link is shown once, to who invited, or goes to the address alone; only a hash of its secret is stored.
"""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.accounts import letters
from apps.accounts.email_addresses import plain
from apps.accounts.models import Invitation, Membership, Role, Team, User

TOO_MANY = "There are {most} open invitations already. Revoke one that nobody needs any more."
INVITED = "There is an invitation for this address already. Send it again from the list."
MEMBER = "{name} is in this team already."


class NotInvited(Exception):
    """Nobody was invited: `words` say why, and what to do."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class AddressTaken(Exception):
    """Somebody has an account with this address: they sign in, and then accept."""


class NotValid(Exception):
    """The link was used, revoked, replaced or is over."""


@dataclass(frozen=True)
class SentInvitation:
    """`link` is "" when it went by mail, so that nobody but the receiver sees it."""

    invitation: Invitation
    link: str


def invite(team: Team, *, email: str, role: Role, by: User) -> SentInvitation:
    """Raises NotInvited."""
    person = known_by(email) if email else None
    if person and person.memberships.filter(team=team).exists():
        raise NotInvited(MEMBER.format(name=person.short_name))
    try:
        with transaction.atomic():
            team.lock()
            if Invitation.objects.for_team(team).unused().count() >= Invitation.MOST:
                raise NotInvited(TOO_MANY.format(most=Invitation.MOST))
            invitation = Invitation.begin(team, email=email, role=role, by=by)
            team.note("invitation made", by=by, subject=invitation.subject)
            return _send(invitation, by=by, by_mail=True)
    except IntegrityError:
        raise NotInvited(INVITED) from None


def send_again(invitation: Invitation, *, by: User, by_mail: bool) -> SentInvitation:
    """With a fresh link for seven days; the older one works no more. Raises NotInvited if it was used meanwhile."""
    with transaction.atomic():
        invitation.team.note("invitation sent again", by=by, subject=invitation.subject)
        return _send(invitation, by=by, by_mail=by_mail)


def revoke(invitation: Invitation, *, by: User) -> bool:
    """False if it was used or revoked already."""
    with transaction.atomic():
        revoked = invitation.revoke()
        if revoked:
            invitation.team.note("invitation revoked", by=by, subject=invitation.subject)
    return revoked


def known_by(address: str) -> User | None:
    """Whose first address it is, or one of the confirmed others."""
    user = User.objects.filter(email=address).first()
    if user is None:
        confirmed = EmailAddress.objects.filter(email=address, verified=True).select_related("user").first()
        user = confirmed.user if confirmed else None
    return user


def is_for(invitation: Invitation, user: User) -> bool:
    """Bound to an address, it is for whoever has that one; else for everybody."""
    return not invitation.email or known_by(invitation.email) == user


def accept(invitation: Invitation, user: User) -> Membership:
    """By somebody who has an account, and for whom it is. Raises NotValid."""
    with transaction.atomic():
        if not invitation.consume():
            raise NotValid
        return invitation.admit(user)


def accept_as_new(
    invitation: Invitation, *, email: str, name: str, password: str | None, time_zone: str = ""
) -> Membership:
    """By somebody new. The address is the invitation's, if that has one; without a password they add a passkey next.
    Raises NotValid, AddressTaken.

    It counts as confirmed only if the link went there by mail, and was seen by nobody else.
    """
    address = invitation.email or plain(email)
    try:
        with transaction.atomic():
            if not invitation.consume():
                raise NotValid
            if known_by(address):
                raise AddressTaken
            # Whoever merely claimed the address, unconfirmed, gives way.
            EmailAddress.objects.filter(email=address, verified=False).delete()
            user = User.objects.create_user(address, password, name=name, time_zone=time_zone)
            EmailAddress.objects.create(user=user, email=address, verified=invitation.mailed, primary=True)
            return invitation.admit(user)
    except IntegrityError:  # two at the same time
        raise AddressTaken from None


def _send(invitation: Invitation, *, by: User, by_mail: bool) -> SentInvitation:
    mailed = by_mail and bool(invitation.email) and letters.mail_is_set_up()
    secret = invitation.renew(mailed=mailed)
    if not secret:
        raise NotInvited("This invitation was used or revoked meanwhile.")
    link = settings.PUBLIC_URL + reverse("invitation", args=[secret])
    if not mailed:
        return SentInvitation(invitation, link)
    words: dict[str, object] = {"invitation": invitation, "team": invitation.team, "by": by, "link": link}
    subject = f"{by.short_name} invites you to {invitation.team.name}"
    letters.send("invitation", to=invitation.email, subject=subject, words=words)
    return SentInvitation(invitation, "")
