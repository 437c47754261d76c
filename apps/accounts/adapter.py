import logging
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest
from django.urls import reverse

from apps import openid_client
from apps.accounts import audit_trail, browsers, request_origin, sign_in_limits
from apps.accounts.models import User

logger = logging.getLogger(__name__)


class ClosedSignup(DefaultAccountAdapter):
    """People come in by `manage.py bootstrap` alone; the signup page says so.

    Every sign-in, failure and sign-out goes to the audit trail.
    """

    error_messages: ClassVar = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": "Too many wrong passwords. Try again in a few minutes, or use “Forgot "
        "your password?”.",
        "email_password_mismatch": "The address or the password is not right.",
        "incorrect_password": "This password is not right.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Also after setting a first one: back to the songs."""
        return reverse("home")

    def get_client_ip(self, request: HttpRequest) -> str:
        return sign_in_limits.client_address(super().get_client_ip(request))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raises ValidationError after too many wrong passwords: from this network, or from all together."""
        super().pre_authenticate(request, **credentials)
        from_all = sign_in_limits.take_from_all(request, credentials.get("email", ""))
        if from_all is None:
            raise self.validation_error("too_many_login_attempts")
        # A right password gives back what it has taken from each limit.
        self._login_failed_rl_usage.usage += from_all.usage

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        if user:
            sign_in_limits.remember(request, credentials.get("email", ""))
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        audit_trail.note_failure(request, credentials.get("email", ""))

    def reauthenticate(self, user: User, password: str) -> bool:
        """By the address that signs them in, whether or not allauth has a row for it."""
        return self.authenticate(context.request, email=user.email, password=password) == user

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        audit_trail.note(user, "signed in", by=user)

    def logout(self, request: HttpRequest) -> None:
        user = request.user
        super().logout(request)
        if isinstance(user, User):
            audit_trail.note(user, "signed out", by=user)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """A change that was made stands, also while the mail server is away; the audit trail has it.

        A browser is called by its short name: what it calls itself can be any text, also one that misleads.
        """
        words = {
            "user_agent": browsers.short(request_origin.browser()) or "an unknown browser",
            **(context or {}),
        }
        try:
            super().send_notification_mail(template_prefix, user, words, email)
        except OSError as error:  # smtplib's errors are of this kind
            logger.warning("%s could not be mailed: %s", template_prefix, type(error).__name__)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """allauth's own is the address alone: then a stranger could lock anybody out."""
        return sign_in_limits.key(request, credentials.get("email", ""))


class OpenIdAdapter(DefaultSocialAccountAdapter):
    def get_requests_session(self) -> object:
        return openid_client.session()
