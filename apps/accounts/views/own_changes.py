"""django-allauth's pages on which a person changes how they sign in: the change, the mail about it and its line in the
audit trail are written together, or none of them is.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from allauth.account import views as account
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


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
add_passkey = _together(passkeys.add_webauthn)
remove_passkey = _together(passkeys.remove_webauthn)
