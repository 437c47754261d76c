"""FIELD_KEYS as a whole: do they fit this database, and moving everything to the first of them."""

from django.conf import settings
from django.db import transaction

from apps.accounts.crypto import VERSION, CannotDecrypt, kid_of, open_sealed, seal
from apps.accounts.models import ApiToken, KeyCanary

_SONG = "canary"


class KeysDontFit(Exception):
    """FIELD_KEYS are not those with which the tokens in this database were encrypted. Its text is one line."""


def check_keys() -> None:
    """Called when web and worker start. Raises KeysDontFit; the first start with a new first key remembers it."""
    first = settings.FIELD_KEYS[0][0]
    for canary in KeyCanary.objects.all():
        _check(canary)
    # Only the key that encrypts gets a canary, so that one whose tokens were rotated away may be taken out.
    KeyCanary.objects.get_or_create(
        kid=first, defaults={"ciphertext": seal(_SONG, bound_to=_bound_to(first))}
    )
    _check_tokens()


def rotate() -> int:
    """Encrypts every token with the first key, forgets the canaries of the others; gives how many were changed.

    Safe to run beside a working site, and again: a row that changes meanwhile is left to the next run.
    """
    first = settings.FIELD_KEYS[0][0]
    changed = 0
    for token in ApiToken.objects.exclude(ciphertext__startswith=_prefix(first)).iterator():
        changed += _rotate(token)
    with transaction.atomic():
        for canary in KeyCanary.objects.exclude(kid=first):
            if not ApiToken.objects.filter(ciphertext__startswith=_prefix(canary.kid)).exists():
                canary.delete()
    return changed


def _rotate(token: ApiToken) -> int:
    before = token.ciphertext
    token.set_token(token.token())
    return ApiToken.objects.filter(pk=token.pk, ciphertext=before).update(ciphertext=token.ciphertext)


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


def _check_tokens() -> None:
    """A process that was still running with older keys may have encrypted with one that is gone since."""
    strange = ApiToken.objects.all()
    for kid, _key in settings.FIELD_KEYS:
        strange = strange.exclude(ciphertext__startswith=_prefix(kid))
    token = strange.first()
    if token is not None:
        raise KeysDontFit(
            f"FIELD_KEYS has no key {kid_of(token.ciphertext)!r}, with which a token is encrypted."
        )


def _prefix(kid: str) -> str:
    return f"{VERSION}.{kid}."


def _bound_to(kid: str) -> str:
    return f"key_canary:{kid}"
