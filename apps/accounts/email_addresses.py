"""Refuses e-mail addresses with look-alike letters, which could be folded into somebody else's address."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

PLAIN_ONLY = (
    "This address has a letter that only looks like one of a to z. Type it again; "
    "a domain in another script goes in its form that begins with xn--."
)


def check_plain(address: str) -> None:
    """Raises ValidationError for a letter outside ASCII.

    `İ` and the Kelvin sign become i and k when an address is folded, so `maraK@…` typed with the sign would be
    taken for `marak@…`, who is somebody else.
    """
    if not address.isascii():
        raise ValidationError(PLAIN_ONLY, code="look_alike")


def plain(address: str) -> str:
    """The address as it is stored and compared: without blanks around it, in small letters.

    Raises ValidationError if it is none, or has a look-alike letter.
    """
    stripped = address.strip()
    check_plain(stripped)
    validate_email(stripped)
    return stripped.lower()
