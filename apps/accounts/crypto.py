"""Encrypts API tokens with AES-256-GCM, each bound to the one row that it belongs to.

Format: `v1.<kid>.<nonce>.<ciphertext and tag>`, both in unpadded base64url. The key id is one of settings.FIELD_KEYS,
of which the first encrypts. What it is bound to is authenticated, not stored: a text that was moved does not decrypt.
"""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from apps.upstream.token import Token

VERSION = "v1"
NONCE_BYTES = 12


class CannotDecrypt(Exception):
    """The text was changed or moved, or its key isn't in FIELD_KEYS. Says which of these, never the text."""


def encrypt(token: Token, *, bound_to: str) -> str:
    return seal(token.reveal(), bound_to=bound_to)


def decrypt(text: str, *, bound_to: str) -> Token:
    """Raises CannotDecrypt rather than give anything but the token that was encrypted for `bound_to`."""
    return Token(open_sealed(text, bound_to=bound_to))


def seal(plain: str, *, bound_to: str) -> str:
    kid, key = settings.FIELD_KEYS[0]
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), _associated(kid, bound_to))
    return ".".join((VERSION, kid, _encode(nonce), _encode(sealed)))


def open_sealed(text: str, *, bound_to: str) -> str:
    version, kid, nonce, sealed = _parts(text)
    if version != VERSION:
        raise CannotDecrypt("The encrypted text is of a version that is not known here.")
    key = dict(settings.FIELD_KEYS).get(kid)
    if key is None:
        raise CannotDecrypt(f"FIELD_KEYS has no key {kid!r}.")
    try:
        return AESGCM(key).decrypt(nonce, sealed, _associated(kid, bound_to)).decode()
    except (InvalidTag, ValueError):
        raise CannotDecrypt("The encrypted text was changed or moved, or its key is another one.") from None


def kid_of(text: str) -> str:
    """The key id in an encrypted text. Raises CannotDecrypt if it isn't one."""
    return _parts(text)[1]


def _parts(text: str) -> tuple[str, str, bytes, bytes]:
    try:
        version, kid, nonce, sealed = text.split(".")
        return version, kid, _decode(nonce), _decode(sealed)
    except ValueError:
        raise CannotDecrypt("This is not an encrypted text.") from None


def _associated(kid: str, bound_to: str) -> bytes:
    return f"flowweb:{VERSION}:{kid}:{bound_to}".encode()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
