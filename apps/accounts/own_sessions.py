"""The browsers in which a person is signed in: listed, and ended one by one or all but this one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts import audit_trail
from apps.accounts.models import User


@dataclass(frozen=True)
class OwnSession:
    """`used_at` to the hour: a session is written anew that often (flowweb/sessions.py)."""

    row: UserSession
    used_at: datetime
    is_this: bool


def listed(request: HttpRequest, user: User) -> list[OwnSession]:
    """This one first, then those that were used last. Two queries."""
    rows = {each.session_key: each for each in UserSession.objects.filter(user=user)}
    alive = Session.objects.filter(session_key__in=rows, expire_date__gt=timezone.now())
    lasts = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    this = request.session.session_key
    found = [
        OwnSession(rows[key], ends_at - lasts, key == this)
        for key, ends_at in alive.values_list("session_key", "expire_date")
    ]
    return sorted(found, key=lambda each: (each.is_this, each.used_at), reverse=True)


def end(row: UserSession, *, by: User) -> None:
    with transaction.atomic():
        row.end()
        audit_trail.note(by, "session ended", by=by)


def end_others(request: HttpRequest, user: User) -> None:
    """Also those that began before there was a list: what every session was signed with is another one now."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(sessions_ended=F("sessions_ended") + 1)
        user.refresh_from_db(fields=["sessions_ended"])
        for row in UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key):
            row.end()
        update_session_auth_hash(request, user)
        UserSession.objects.create_from_request(request)
        audit_trail.note(user, "sessions ended", by=user)


def purge_expired() -> None:
    """Sessions that nobody uses any more, and lines of the list without one."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
