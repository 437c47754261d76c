"""Forms in which somebody types an e-mail address: none of them takes a look-alike letter."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.mfa.base import forms as code_forms
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as passkey_forms
from django import forms

from apps.accounts.email_addresses import check_plain
from apps.accounts.name_field import NameField

LONGEST_PASSKEY = 80  # characters of its name


class PlainAddress:
    """Checks what was typed in every e-mail field, before allauth folds it to small letters."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.EmailField):
                field.validators.append(check_plain)


class SignInForm(PlainAddress, allauth_forms.LoginForm):
    pass


class AddAddressForm(PlainAddress, allauth_forms.AddEmailForm):
    pass


class ForgottenPasswordForm(PlainAddress, allauth_forms.ResetPasswordForm):
    pass


class ClosedSignupForm(PlainAddress, allauth_forms.SignupForm):
    """Signup is closed; should it open one day, it takes no look-alike either."""


class OneTimeCode:
    """Its field says what it wants, and phones show the keyboard of digits."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        field.label = "Code"
        field.widget.attrs |= {"inputmode": "numeric", "autofocus": True, "placeholder": ""}
        field.error_messages["required"] = "Enter the code."


class CodeForm(OneTimeCode, code_forms.AuthenticateForm):
    pass


class CodeAgainForm(OneTimeCode, code_forms.ReauthenticateForm):
    pass


class NewAppForm(OneTimeCode, totp_forms.ActivateTOTPForm):
    pass


class NewPasskeyForm(passkey_forms.AddWebAuthnForm):
    """A longer name is cut: the device has the passkey by now, and would keep one that is not taken here."""

    name = NameField(label="Name", required=False)

    def clean_name(self) -> str:
        name: str = super().clean_name()
        return name[:LONGEST_PASSKEY].strip()


class PasskeyNameForm(passkey_forms.EditWebAuthnForm):
    name = NameField(label="Name", max_length=LONGEST_PASSKEY)
