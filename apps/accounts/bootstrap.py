"""Creates people with their team and role, and one-time sign-in links, for `manage.py bootstrap`."""

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from apps.accounts import account_sync, audit_trail, tokens
from apps.accounts.email_addresses import plain
from apps.accounts.invitations import known_by
from apps.accounts.models import AuditEntry, Membership, Role, SignInLink, Team, User


def person(*, email: str, name: str = "", password: str | None = None) -> tuple[User, bool]:
    """The person with this address, made if need be; a name or password that is given replaces the old one.

    Raises ValidationError for a look-alike letter.
    """
    address = plain(email)
    with transaction.atomic():
        user = known_by(address)
        created = user is None
        if user is None:
            # Whoever merely claimed the address, unconfirmed, gives way to the person whom the operator brings in.
            EmailAddress.objects.filter(email=address).delete()
            user = User.objects.create_user(address, password, name=name)
            EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
        elif name or password:
            user.name = name or user.name
            if password:
                user.set_password(password)
            user.save()
            if password:
                audit_trail.note(user, "password set by the operator")
    return user, created


def join(user: User, *, team: str, role: Role | None) -> Membership:
    """Brings the person into the team of that name, made if need be. Without a role: a new team's owner, else a
    member; somebody who is in it already keeps theirs."""
    with transaction.atomic():
        found = Team.objects.filter(name=team).order_by("created_at").first()
        default = Role.MEMBER if found else Role.OWNER
        place = found or Team.objects.create(name=team)
        membership, created = Membership.objects.get_or_create(
            team=place, user=user, defaults={"role": role or default}
        )
        if role and membership.role != role:
            membership.role = role
            membership.save(update_fields=["role"])
            AuditEntry.objects.create(
                team=place, action="role changed", subject=f"{user.email}, now {membership.role}"
            )
        if created:
            AuditEntry.objects.create(
                team=place, action="member added", subject=f"{user.email}, {membership.role}"
            )
    return membership


def link(user: User) -> str:
    """A fresh one-time sign-in link, valid for a day. Shown once: only a hash of it is kept."""
    with transaction.atomic():
        secret = SignInLink.issue(user)
        audit_trail.note(user, "sign-in link made")
    return settings.PUBLIC_URL + reverse("sign-in-link", args=[secret])


def first_owner() -> User | None:
    """Who should get a link on a fresh site: its first owner, while nobody at all has signed in yet."""
    if User.objects.filter(last_login__isnull=False).exists():
        return None
    membership = (
        Membership.objects.filter(role=Role.OWNER, user__is_active=True).select_related("user").first()
    )
    return membership.user if membership else None


def add_sandbox(membership: Membership) -> bool | None:
    """Gives the person the sandbox's token, if there is a sandbox and they have none.

    True: its accounts are known; False: it doesn't run yet, so they are asked for at first use; None: nothing to do.
    """
    endpoint = tokens.sandbox_endpoint()
    if (
        not endpoint
        or membership.team.tokens.filter(owner=membership.user, subscription__endpoint=endpoint).exists()
    ):
        return None
    team = membership.team
    taken = tokens.save(tokens.of_sandbox(team), team=team, owner=membership.user, endpoint=endpoint)
    return account_sync.refresh(taken.token) is None
