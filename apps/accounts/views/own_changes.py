"""django-allauth's pages on which a person changes how they sign in: the change, the mail about it and its line in the
audit trail are written together, or none of them is.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from allauth.account import views as account
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.accounts.middleware import CAME_BY_LINK, FIRST_PAGE
from apps.accounts.permissions import person

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def add_passkey(request: HttpRequest) -> HttpResponseBase:
    """Whoever came by a link and has no password sees nothing around it that they can't use yet."""
    if CAME_BY_LINK not in request.session:
        return _add_passkey(request)
    answer = _add_first_passkey(request)
    if answer.status_code == 302:  # their device has just confirmed them: nothing else could
        record_authentication(request, person(request), method="mfa", type="webauthn", reauthenticated=True)
    return answer


def show_codes(request: HttpRequest) -> HttpResponseBase:
    """After the first passkey of somebody who joined it leads to the team's songs."""
    answer = recovery_codes.view_recovery_codes(request)
    if isinstance(answer, TemplateResponse):
        page = request.session.pop(FIRST_PAGE, reverse("profile"))
        answer.context_data = {**(answer.context_data or {}), "next_page": page}
    return answer


def _together(view: View[P]) -> View[P]:
    """Whoever only looks at the page holds up nobody."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with transaction.atomic():
            return view(request, *args, **kwargs)

    return answer


change_password = _together(account.password_change)
set_password = _together(account.password_set)
reset_password = _together(account.password_reset_from_key)
change_addresses = _together(account.email)
confirm_address = _together(account.confirm_email)
add_app = _together(totp.activate_totp)
remove_app = _together(totp.deactivate_totp)
renew_codes = _together(recovery_codes.generate_recovery_codes)
_add_passkey = _together(passkeys.add_webauthn)
_add_first_passkey = _together(
    passkeys.AddWebAuthnView.as_view(template_name="mfa/webauthn/first_passkey.html")
)
remove_passkey = _together(passkeys.remove_webauthn)
