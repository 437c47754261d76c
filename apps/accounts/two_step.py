"""Two-step sign-in by allauth: passkeys, authenticator apps, recovery codes. Their secrets are encrypted as tokens are.

The hooks of allauth don't say whose secret it is, so that it is bound to its purpose alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import qrcode
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts.crypto import kid_of, open_sealed, seal
from apps.accounts.models import Role, User

PURPOSE = "two-step"
SECRETS = ("secret", "seed")  # in the data of an authenticator app, and of recovery codes
Type = Authenticator.Type
NAMES = {Type.TOTP: "authenticator app", Type.WEBAUTHN: "passkey", Type.RECOVERY_CODES: "recovery codes"}


class TwoStepAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This is not right, or it was used before. Wait for the next code, and try again.",
    }

    def encrypt(self, text: str) -> str:
        return seal(text, bound_to=PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        return open_sealed(encrypted_text, bound_to=PURPOSE)

    def get_totp_issuer(self) -> str:
        return f"flowweb {self._get_site_name()}"

    def build_totp_svg(self, url: str) -> SafeString:
        """Drawn into the page: an image in an address is nothing that the strict CSP lets in."""
        return qr_code(url)

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        return f"Passkey {Authenticator.objects.filter(user=user, type=type).count() + 1}"


def qr_code(text: str) -> SafeString:
    """As SVG, dark on light in every theme, with the margin that cameras need."""
    code = qrcode.QRCode(border=4)
    code.add_data(text)
    matrix = code.get_matrix()
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, is_dark in enumerate(row) if is_dark
    )
    return format_html(
        '<svg viewBox="0 0 {0} {0}" role="img" aria-label="QR code of the secret below">'
        '<rect width="{0}" height="{0}" fill="#fff"/><path d="{1}" fill="#000"/></svg>',
        len(matrix),
        path,
    )


@dataclass(frozen=True)
class TwoStep:
    """What a person has set up."""

    passkeys: list[Authenticator]
    app: Authenticator | None
    codes: Authenticator | None
    demanded_by: str  # a team; "" for none

    @property
    def is_lacking(self) -> bool:
        return bool(self.demanded_by) and not (self.passkeys or self.app)

    @classmethod
    def of(cls, user: User) -> "TwoStep":
        rows = list(Authenticator.objects.filter(user=user).order_by("pk"))
        of_type = lambda type_: [each for each in rows if each.type == type_]  # noqa: E731
        app, codes = (next(iter(of_type(each)), None) for each in (Type.TOTP, Type.RECOVERY_CODES))
        return cls(of_type(Type.WEBAUTHN), app, codes, _demanding(user))


def _demanding(user: User) -> str:
    managed = user.memberships.filter(role__in=[Role.OWNER, Role.ADMIN], team__two_step_required=True)
    return managed.values_list("team__name", flat=True).first() or ""


def has_passkey(user_id: int) -> bool:
    """Whether they can sign in without a password."""
    return Authenticator.objects.filter(user=user_id, type=Type.WEBAUTHN).exists()


def is_set_up(user_id: int) -> bool:
    """Whether signing in takes more than a password."""
    return Authenticator.objects.filter(user=user_id, type__in=[Type.TOTP, Type.WEBAUTHN]).exists()


def sealed() -> Iterator[tuple[Authenticator, str]]:
    """Every authenticator with a secret, and the id of the key under which it is encrypted."""
    for row in Authenticator.objects.exclude(type=Type.WEBAUTHN).iterator():
        for text in _secrets(row.data):
            yield row, kid_of(text)


def encrypt_again(pk: int) -> bool:
    """With the first key, as it is now. False: nothing to do any more."""
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().filter(pk=pk).first()
        if row is None or all(kid_of(text) == settings.FIELD_KEYS[0][0] for text in _secrets(row.data)):
            return False
        for name in SECRETS:
            if name in row.data:
                plain = open_sealed(row.data[name], bound_to=PURPOSE)
                row.data[name] = seal(plain, bound_to=PURPOSE)
        row.save(update_fields=["data"])
    return True


def _secrets(data: dict[str, Any]) -> list[str]:
    return [data[name] for name in SECRETS if name in data]
