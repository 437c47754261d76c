"""Checks that FIELD_KEYS fit this database, and encrypts everything again with the first of them."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from apps.accounts import outbox, two_step
from apps.accounts.crypto import VERSION, CannotDecrypt, kid_of, open_sealed, seal
from apps.accounts.models import ApiToken, KeyCanary, Mail

_SONG = "canary"
# Whatever else is encrypted with them.
SEALED: tuple[type[ApiToken] | type[Mail], ...] = (ApiToken, Mail)


class KeysDontFit(Exception):
    """FIELD_KEYS are not those with which this database was encrypted. Its text is one line."""


def check_keys() -> None:
    """Called when web and worker start. Raises KeysDontFit; the first start with a new first key remembers it."""
    first = settings.FIELD_KEYS[0][0]
    for canary in KeyCanary.objects.all():
        _check(canary)
    # Only the key that encrypts gets a canary, so that one whose tokens were rotated away may be taken out.
    KeyCanary.objects.get_or_create(
        kid=first, defaults={"ciphertext": seal(_SONG, bound_to=_bound_to(first))}
    )
    for kind in SEALED:
        _check_all(kind.objects.all())
    for _, kid in two_step.sealed():
        if kid not in dict(settings.FIELD_KEYS):
            raise KeysDontFit(f"FIELD_KEYS has no key {kid!r}, with which an authenticator app is encrypted.")


def rotate() -> int:
    """Encrypts every token, authenticator app and mail that waits with the first key, and forgets the canaries of the
    others. Gives how many were changed.

    Safe to run beside a working site, and again: a row that changes meanwhile is left to the next run.
    """
    first = settings.FIELD_KEYS[0][0]
    changed = 0
    for kind in SEALED:
        for row in kind.objects.exclude(ciphertext__startswith=_prefix(first)).iterator():
            changed += _rotate(row)
    for authenticator, kid in two_step.sealed():
        changed += kid != first and two_step.encrypt_again(authenticator.pk)
    in_use = {kid for _, kid in two_step.sealed()}
    with transaction.atomic():
        for canary in KeyCanary.objects.exclude(kid__in={first, *in_use}):
            if not any(_sealed_with(canary.kid, kind.objects.all()).exists() for kind in SEALED):
                canary.delete()
    return changed


def _rotate(row: ApiToken | Mail) -> int:
    before = row.ciphertext
    if isinstance(row, ApiToken):
        row.set_token(row.token())
    else:
        outbox.encrypt_again(row)
    return type(row).objects.filter(pk=row.pk, ciphertext=before).update(ciphertext=row.ciphertext)


def _check(canary: KeyCanary) -> None:
    if canary.kid not in dict(settings.FIELD_KEYS):
        raise KeysDontFit(
            f"FIELD_KEYS has no key {canary.kid!r}, which this database was used with. "
            "Restore it (after the new one, then run: manage.py rotate_keys)."
        )
    try:
        song = open_sealed(canary.ciphertext, bound_to=_bound_to(canary.kid))
    except CannotDecrypt:
        song = ""
    if song != _SONG:
        raise KeysDontFit(
            f"FIELD_KEYS: key {canary.kid!r} is not the one that this database was used with. Restore the old one."
        )


def _check_all(rows: QuerySet[Any]) -> None:
    """A process that was still running with older keys may have encrypted with one that is gone since."""
    strange = rows
    for kid, _key in settings.FIELD_KEYS:
        strange = strange.exclude(ciphertext__startswith=_prefix(kid))
    row = strange.first()
    if row is not None:
        what = "token" if isinstance(row, ApiToken) else "mail"
        raise KeysDontFit(
            f"FIELD_KEYS has no key {kid_of(row.ciphertext)!r}, with which a {what} is encrypted."
        )


def _sealed_with(kid: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(ciphertext__startswith=_prefix(kid))


def _prefix(kid: str) -> str:
    return f"{VERSION}.{kid}."


def _bound_to(kid: str) -> str:
    return f"key_canary:{kid}"
