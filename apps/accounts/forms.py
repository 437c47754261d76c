from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.accounts.account_connection import MOST_JOBS
from apps.accounts.models import ApiToken, Subscription
from apps.upstream.token import RefreshToken, Token


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
        help_text="Paste all of it, including what follows the dash.",
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


class _RefreshTokenForm(forms.Form):
    """`refresh_token`: the cleaned one is a RefreshToken, whose text is never put back into a page. `maxJobs`."""

    refresh_token = forms.CharField(
        label="Refresh token",
        help_text="Passed on to useapi.net, and not stored here.",
        max_length=10_000,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "new-password", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={
            "required": "Paste the refresh token here.",
            "max_length": "This is too long to be a refresh token. Copy only its value.",
        },
    )
    maxJobs = forms.IntegerField(  # named as the API's parameter
        label="Parallel jobs",
        help_text="1 to 16. Left empty, the plan of the account decides.",
        min_value=1,
        max_value=MOST_JOBS,
        required=False,
        error_messages={
            "invalid": "A whole number from 1 to 16.",
            "min_value": "At least one.",
            "max_value": "Flow Music runs at most sixteen parallel jobs.",
        },
    )

    def clean_refresh_token(self) -> RefreshToken | None:
        text = self.cleaned_data["refresh_token"]
        try:
            return RefreshToken.parse(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class ConnectForm(_RefreshTokenForm):
    """With `tokens`: also which of the person's subscriptions it goes under, asked when there is a choice."""

    def __init__(self, *args: Any, tokens: "QuerySet[ApiToken] | None" = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if tokens is not None:
            self.fields["token"] = SubscriptionField(tokens)
            self.order_fields(["token", "refresh_token", "maxJobs"])


class SubscriptionField(forms.ModelChoiceField):
    """One of the person's own tokens, called by its end. With only one of them there is nothing to choose."""

    def __init__(self, tokens: "QuerySet[ApiToken]") -> None:
        alone = tokens.count() == 1
        super().__init__(
            tokens,
            label="Under which token",
            empty_label=None,
            initial=tokens.first(),
            widget=forms.HiddenInput if alone else forms.Select,
            error_messages={"invalid_choice": "This token is not yours, or no longer here. Choose another."},
        )

    def label_from_instance(self, token: ApiToken) -> str:
        place = "Sandbox" if token.subscription.is_sandbox else token.subscription.get_provider_display()
        return f"{place}, token …{token.last4}"


class JobsForm(_RefreshTokenForm):
    """`maxJobs` alone. `refresh_token` is asked for when useapi.net wants it; the number stays."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["maxJobs"].required = True
        self.fields["maxJobs"].help_text = "1 to 16."
        self.fields["maxJobs"].error_messages["required"] = "A whole number from 1 to 16."
        self.fields["refresh_token"].required = False

    @property
    def asks_for_token(self) -> bool:
        return "refresh_token" in self.errors or bool(self.data.get("refresh_token"))

    def ask_for_token(self) -> None:
        self.add_error(
            "refresh_token",
            "useapi.net changes this number only together with the account's refresh token. Paste a new one.",
        )
