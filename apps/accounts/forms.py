from django import forms

from apps.accounts.models import Subscription
from apps.upstream.token import Token


class TokenForm(forms.Form):
    """`provider` and `token`. The cleaned token is a Token; its text is never put back into a page."""

    provider = forms.ChoiceField(
        choices=[(Subscription.Provider.FLOWMUSIC.value, Subscription.Provider.FLOWMUSIC.label)],
        initial=Subscription.Provider.FLOWMUSIC.value,
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": "Tokens of this provider can't be used here yet."},
    )
    token = forms.CharField(
        label="useapi.net API token",
        help_text="Paste all of it, also what follows the dash.",
        max_length=400,
        widget=forms.PasswordInput(
            attrs={
                "placeholder": "user:1234-…",
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
        error_messages={
            "required": "Paste your token here.",
            "max_length": "This is too long to be a token.",
        },
    )

    def clean_token(self) -> Token:
        try:
            return Token.parse(self.cleaned_data["token"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def refuse(self, words: str) -> None:
        """The API's side of validation: what it says of the token, beside its field."""
        self.add_error("token", words)
