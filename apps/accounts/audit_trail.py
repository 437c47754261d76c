"""Records what people do with their own sign-in, in the audit trail of every team that they are in.

No line holds a secret. A failed sign-in is a line only where the address is somebody's, and at most ten an hour, so
that a stranger fills nothing.
"""

from uuid import UUID

from allauth.account.internal.userkit import filter_users_by_email
from allauth.core import ratelimit
from django.http import HttpRequest

from apps.accounts.models import AuditEntry, User


def note(user: User, action: str, *, by: User | None = None, subject: str = "") -> None:
    """One line in each team of the person; of somebody in no team, one that belongs to none.

    `by` is left out where it is not known who did it; `subject` is the person's address unless it is given.
    """
    teams: list[UUID | None] = list(user.memberships.values_list("team_id", flat=True))
    words = (subject or user.email)[:200]
    AuditEntry.objects.bulk_create(
        AuditEntry(team_id=team, by=by, action=action, subject=words) for team in teams or [None]
    )


def note_failure(request: HttpRequest, address: str) -> None:
    """A wrong password for that address, typed at the sign-in page or where the password is asked for again."""
    action = "password refused" if request.user.is_authenticated else "sign-in failed"
    for user in filter_users_by_email(address, prefer_verified=True, for_login=True):
        if ratelimit.consume(request, action="failures_noted", key=str(user.pk)):
            note(user, action)


def note_refused_code(request: HttpRequest, user: User) -> None:
    """A wrong code of an app, or a wrong recovery code, after the right password."""
    if ratelimit.consume(request, action="failures_noted", key=str(user.pk)):
        note(user, "code refused")
