"""Asks somebody who is signed in for a first password or passkey, or for the password again, before the page they
want."""

import time
from collections.abc import Callable
from typing import cast

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from apps.accounts import two_step
from apps.accounts.models import User
from apps.accounts.permissions import TeamRequest, is_confirmed

# In the session of somebody who came by a link and has no password yet: since when.
CAME_BY_LINK = "came_by_link_at"
FIRST_PAGE = "first_page"  # and where a passkey leads that they add
FIRST_PASSWORD_WITHIN = 60 * 60  # seconds: whoever finds the browser open later sets none
# Their addresses are secrets: none becomes a `next`, which stands in other addresses (flowweb/log_redaction.py).
SECRETS = frozenset(
    {"account_confirm_email", "account_reset_password_from_key", "sign-in-link", "invitation", "hook"}
)
PASSWORD, PASSKEY = "account_set_password", "mfa_add_webauthn"
# What somebody without a password can open all the same.
_OPEN = frozenset({"account_logout", "healthz", "readyz"}) | SECRETS


class PartialRequests:
    """Sets `request.wants_partial`: HTMX asks for a part of a page. A boosted visit wants a whole one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        ours = cast(TeamRequest, request)
        ours.wants_partial = bool(ours.htmx) and not ours.htmx.boosted
        return self.get_response(request)


class FirstPassword:
    """Whoever came by a link and has no password sets one, or adds a passkey, before anything else.

    It is open for an hour after the link was used. Later it takes a fresh link: for there is no password to ask for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponseBase | None:
        name = request.resolver_match.url_name if request.resolver_match else None
        if name == PASSWORD:
            return self._may_set(request)
        if name in _OPEN or not request.COOKIES or CAME_BY_LINK not in request.session:
            return None
        if not request.user.is_authenticated or _has_way_in(request.user):
            del request.session[CAME_BY_LINK]
            return None
        return self._too_late(request) if name == PASSKEY else elsewhere(request, reverse(PASSWORD))

    def _may_set(self, request: HttpRequest) -> HttpResponseBase | None:
        """Beside a passkey a password is set once the passkey was asked for."""
        user = request.user
        if not user.is_authenticated or user.has_usable_password() or not two_step.has_passkey(user.pk):
            return self._too_late(request)
        return None if is_confirmed(request) else elsewhere(request, reverse("account_reauthenticate"))

    def _too_late(self, request: HttpRequest) -> HttpResponseBase | None:
        user = request.user
        since = request.session.get(CAME_BY_LINK, 0)
        if (
            not user.is_authenticated
            or user.has_usable_password()
            or time.time() - since < FIRST_PASSWORD_WITHIN
        ):
            return None
        logout(request)
        messages.error(
            request, "Your sign-in was too long ago to set a first password or passkey. Use a fresh link."
        )
        return redirect("account_login")


def _has_way_in(user: User) -> bool:
    return user.has_usable_password() or two_step.has_passkey(user.pk)


class PasswordOnceMore:
    """A part of a page can't become the page that asks for the password: HTMX is told to leave the page for it.

    Whole pages, boosted visits among them, are redirected by allauth, which keeps what was sent and does it afterwards.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if isinstance(exception, ReauthenticationRequired) and cast(TeamRequest, request).wants_partial:
            return elsewhere(request, reverse("account_reauthenticate"))
        return None


def elsewhere(request: HttpRequest, page: str) -> HttpResponseBase:
    """To that page, which leads back to what was asked for; from a part of a page, to the page that it is on."""
    ours = cast(TeamRequest, request)
    if ours.wants_partial:
        address = f"{page}?{urlencode({'next': ours.htmx.current_url_abs_path or '/'})}"
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    if request.method not in {"GET", "HEAD"}:
        return redirect(page)
    return redirect(f"{page}?{urlencode({'next': request.get_full_path()})}")
