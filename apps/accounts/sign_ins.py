"""Every sign-in chooses a team for its session, becomes a line in the person's list of sessions, and a mail if the
browser or network is a new one.
"""

import hashlib
from datetime import timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.signals import password_changed, password_set
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in
from django.core.cache import cache
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts import browsers, request_origin, sign_in_limits
from apps.accounts.models import User
from apps.accounts.permissions import CHOSEN_TEAM

KNOWN_FOR = 60 * 24 * 60 * 60  # seconds since the last sign-in
# Whoever has just been let in for the first time knows it.
NEW_FOR = timedelta(hours=1)


@receiver(user_logged_in)
def first_team_chosen(request: HttpRequest, user: User, **_: Any) -> None:
    """The team that the first page shows is the session's until another one is chosen: of who is removed from it, what
    they send from a page that is still open ends there, and reaches no other team of theirs (permissions.py)."""
    first = user.memberships.first()
    if first and CHOSEN_TEAM not in request.session:
        request.session[CHOSEN_TEAM] = str(first.team_id)


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    if request_origin.address() is None:
        return
    UserSession.objects.create_from_request(request)
    if _is_new(request, user) and timezone.now() - user.date_joined > NEW_FOR:
        get_adapter().send_notification_mail("account/email/signed_in", user)


@receiver([password_changed, password_set])
def session_renewed(request: HttpRequest, **_: Any) -> None:
    """A new password gives the session that stays a new key."""
    UserSession.objects.create_from_request(request)


def _is_new(request: HttpRequest, user: User) -> bool:
    """Whether the person wasn't seen on this network with this browser, whose versions don't count."""
    seen = f"{sign_in_limits.key(request, str(user.pk))} {browsers.short(request_origin.browser())}"
    name = "seen:" + hashlib.sha256(seen.encode()).hexdigest()
    is_new = not cache.get(name)
    cache.set(name, 1, KNOWN_FOR)
    return is_new
