"""/auth/link/<secret>/: the one-time way in that `manage.py bootstrap` prints."""

import time

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import audit_trail, sign_in_limits
from apps.accounts.middleware import CAME_BY_LINK
from apps.accounts.models import SignInLink, User

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def use_link(request: HttpRequest, secret: str) -> HttpResponseBase:
    """GET shows whose link it is, so that a preview by a mail program doesn't use it up; POST signs in."""
    link = SignInLink.find(secret)
    if request.method != "POST" and link:
        return quiet(TemplateResponse(request, "accounts/sign_in_link.html", {"person": link.user}))
    if link is None or not _use(request, link):
        return quiet(TemplateResponse(request, "accounts/sign_in_link_expired.html", status=410))
    sign_in_limits.remember_person(request, link.user)
    return quiet(_first_page(request, link.user))


def _use(request: HttpRequest, link: SignInLink) -> bool:
    """False if somebody did already. Used, it has signed in, and there is a line about it."""
    with transaction.atomic():
        if not link.consume():
            return False
        login(request, link.user, backend=BACKEND)
        audit_trail.note(link.user, "signed in by a link", by=link.user)
    return True


@login_not_required
@require_safe
def openid_cancelled(request: HttpRequest) -> HttpResponseBase:
    """Somebody went to who vouches, and came back without being vouched for."""
    messages.info(request, "You are not signed in.")
    return redirect("account_login")


def _first_page(request: HttpRequest, user: User) -> HttpResponse:
    """What was asked for. Whoever has no password sets one before that (apps/accounts/middleware.py)."""
    asked = request.GET.get("next", "")
    page = asked if get_adapter().is_safe_url(asked) else reverse("home")
    if user.has_usable_password():
        return redirect(page)
    request.session[CAME_BY_LINK] = time.time()
    return redirect(f"{reverse('account_set_password')}?{urlencode({'next': page})}")


def quiet(response: HttpResponse) -> HttpResponse:
    """The secret stands in the address: nothing that this page loads or leads to may learn it.

    Not `no-referrer`: browsers then send `Origin: null` with the form, which the CSRF check refuses.
    """
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex"
    return response
