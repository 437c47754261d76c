"""Records in the audit trail, and mails to the person, that their password or an e-mail address was changed.

allauth sends its own mails to the address that was first until then; for a new address it has none.
"""

from typing import Any

from allauth.account import signals
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as openid_signals
from allauth.socialaccount.models import SocialLogin
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts import audit_trail, sign_in_limits, two_step
from apps.accounts.models import User


@receiver(signals.password_changed)
def password_changed(user: User, **_: Any) -> None:
    audit_trail.note(user, "password changed", by=user)


@receiver(signals.password_set)
def password_set(user: User, **_: Any) -> None:
    audit_trail.note(user, "first password set", by=user)


@receiver(signals.password_reset)
def password_reset(request: HttpRequest, user: User, **_: Any) -> None:
    audit_trail.note(user, "password reset by mail", by=user)
    sign_in_limits.remember_person(request, user)


@receiver(signals.email_added)
def address_added(request: HttpRequest, user: User, email_address: EmailAddress, **_: Any) -> None:
    audit_trail.note(user, "address added", by=user, subject=f"{email_address.email}, of {user.email}")
    get_adapter().send_notification_mail(
        "account/email/email_added", user, {"added_email": email_address.email}
    )


@receiver(signals.email_confirmed)
def address_confirmed(email_address: EmailAddress, **_: Any) -> None:
    user = email_address.user
    audit_trail.note(user, "address confirmed", by=user, subject=f"{email_address.email}, of {user.email}")


@receiver(signals.email_removed)
def address_removed(user: User, email_address: EmailAddress, **_: Any) -> None:
    audit_trail.note(user, "address removed", by=user, subject=f"{email_address.email}, of {user.email}")


@receiver(signals.email_changed)
def first_address_changed(
    user: User, from_email_address: EmailAddress | None, to_email_address: EmailAddress, **_: Any
) -> None:
    before = from_email_address.email if from_email_address else "none"
    audit_trail.note(user, "address changed", by=user, subject=f"from {before} to {to_email_address.email}")


@receiver(post_save, sender=Authenticator)
def authenticator_added(instance: Authenticator, created: bool, **_: Any) -> None:
    """allauth's own signal comes after the transaction, in which the line would be missing. New recovery codes, in
    place of others, are a row of their own."""
    if created:
        _note(instance.user, instance, "added")


@receiver(mfa_signals.authenticator_removed)
def authenticator_removed(user: User, authenticator: Authenticator, **_: Any) -> None:
    _note(user, authenticator, "removed")


@receiver(mfa_signals.authenticator_used)
def authenticator_used(user: User, authenticator: Authenticator, **_: Any) -> None:
    """Every sign-in is noted by itself; a recovery code says that something was lost."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        _note(user, authenticator, "used")


@receiver(mfa_signals.authentication_failed)
def code_refused(request: HttpRequest, user: User, **_: Any) -> None:
    audit_trail.note_refused_code(request, user)


@receiver(openid_signals.social_account_added)
def openid_connected(request: HttpRequest, sociallogin: SocialLogin, **_: Any) -> None:
    user, provider = sociallogin.user, sociallogin.provider
    audit_trail.note(user, "sign-in provider connected", by=user, subject=f"{provider}, of {user.email}")


def _note(user: User, authenticator: Authenticator, what: str) -> None:
    audit_trail.note(user, f"{two_step.NAMES[authenticator.type]} {what}", by=user)
