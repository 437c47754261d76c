"""Refuses e-mail addresses with look-alike letters, which could be folded into somebody else's address, and those in
quotation marks, which may hold any sign at all: no mailbox needs them."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

PLAIN_ONLY = (
    "This address has a letter that only looks like one of a to z. Type it again; "
    "a domain in another script goes in its form that begins with xn--."
)

QUOTED = "An address with quotation marks can't be used here."


def check_plain(address: str) -> None:
    """Raises ValidationError for a letter outside ASCII, and for a quotation mark.

    `İ` and the Kelvin sign become i and k when an address is folded, so `maraK@…` typed with the sign would be
    taken for `marak@…`, who is somebody else.
    """
    if not address.isascii():
        raise ValidationError(PLAIN_ONLY, code="look_alike")
    if '"' in address:
        raise ValidationError(QUOTED, code="quoted")


def plain(address: str) -> str:
    """The address as it is stored and compared: without blanks around it, in small letters.

    Raises ValidationError if it is none, has a look-alike letter or quotation marks.
    """
    stripped = address.strip()
    check_plain(stripped)
    validate_email(stripped)
    return stripped.lower()
