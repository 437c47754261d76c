"""Forms of the team page, and of somebody new who joins a team."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from apps.accounts.email_addresses import plain
from apps.accounts.memberships import GIVEN
from apps.accounts.models import Invitation, Role, User
from apps.accounts.name_field import NameField
from apps.accounts.profile_forms import zone_field
from apps.accounts.sign_in_forms import PlainAddress

# What each role may do, where one is chosen.
MAY = {
    Role.ADMIN: "Admin: also manages people",
    Role.MEMBER: "Member: creates songs",
    Role.VIEWER: "Viewer: listens",
}

MOST_CAPPED = 10_000_000
CAP_WORDS = f"A whole number of credits, from 0 to {MOST_CAPPED:,}. Leave it empty for no cap."


class TeamNameForm(forms.Form):
    name = NameField(
        label="Name of the team",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "A team needs a name.", "max_length": "80 characters at most."},
    )


class RoleForm(forms.Form):
    """Ownership is no role that is given here: it is handed over."""

    role = forms.ChoiceField(
        label="Role",
        choices=[(role.value, MAY[role]) for role in GIVEN],
        initial=Role.MEMBER.value,
        error_messages={"invalid_choice": "Choose admin, member or viewer.", "required": "Choose a role."},
    )

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class MonthlyCapForm(forms.Form):
    """Empty is no cap, 0 is nothing."""

    monthly_cap = forms.IntegerField(
        label="Credits a month at most",
        help_text="Empty: no cap.",
        min_value=0,
        max_value=MOST_CAPPED,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "placeholder": "no cap"}),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), CAP_WORDS),
    )


class InviteForm(PlainAddress, RoleForm):
    email = forms.EmailField(
        label="Email",
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("email", "role")

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        return plain(address) if address else ""


class HandoverForm(forms.Form):
    stay = forms.BooleanField(label="Stay an owner, too", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stay"].help_text = "Without it you become an admin when they accept."


def _password(label: str) -> forms.CharField:
    """As it is typed, blanks and all."""
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, strip=False, max_length=200, widget=widget)


class JoinForm(PlainAddress, forms.Form):
    """By which somebody new accepts an invitation. `email` is asked for only if the invitation is for no address."""

    name = NameField(
        label="Your name",
        help_text="As your team sees it.",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter the name that your team knows you by."},
    )
    email = forms.EmailField(
        label="Email",
        help_text="You sign in with it.",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password1 = _password("Password")
    password2 = _password("Password (again)")
    time_zone = zone_field()

    def __init__(self, *args: Any, invitation: Invitation, by_passkey: bool = False, **kwargs: Any) -> None:
        """`by_passkey`: no password is asked for."""
        super().__init__(*args, **kwargs)
        self.invitation = invitation
        for name in ("password1", "password2"):
            self.fields[name].required = not by_passkey
        if invitation.email:
            del self.fields["email"]

    def clean_email(self) -> str:
        return plain(self.cleaned_data["email"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        first, again = values.get("password1"), values.get("password2")
        if first and again and first != again:
            self.add_error("password2", "This is not the same password as above.")
        elif first:
            self._check(first, values)
        return values

    def _check(self, password: str, values: dict[str, Any]) -> None:
        person = User(email=self.invitation.email or values.get("email", ""), name=values.get("name", ""))
        try:
            validate_password(password, person)
        except ValidationError as error:
            self.add_error("password1", error)
