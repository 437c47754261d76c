"""What every form that asks Flow Music for something has in common: who pays, on which account, and the nonce by
which the same form sent twice asks once."""

import uuid
from copy import copy
from typing import Any, ClassVar

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.accounts import lending
from apps.accounts.cap_words import CapRefusal
from apps.accounts.models import ApiToken, FlowAccount, Team, User

MODELS = [("", "Default"), ("lyria-3-pro", "Lyria 3 Pro"), ("lyria-3.5", "Lyria 3.5")]
ONE_OF_THESE = {"invalid_choice": "Choose one of these."}


class PlainText(forms.CharField):
    """Counts as the browser's counter does: a line break is one character, and nothing is trimmed inside."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")


class Hidden(forms.HiddenInput):
    """Two on every form: written by itself, as Django's template for it and the one inside that do."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: object = None
    ) -> SafeString:
        rest = {"value": self.format_value(value)}, self.build_attrs(self.attrs, attrs)
        return format_html('<input type="hidden" name="{}"{}{}>', name, *map(flatatt, rest))


class Choice(forms.Select):
    """A menu without groups, written by itself, as Django's three templates for it do."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: object = None
    ) -> SafeString:
        chosen = self.format_value(value)
        options = [option for _, options, _ in self.optgroups(name, chosen) for option in options]
        written = ((each["value"], flatatt(each["attrs"]), each["label"]) for each in options)
        return format_html(
            '<select name="{}"{}>{}\n</select>',
            name,
            flatatt(self.build_attrs(self.attrs, attrs)),
            format_html_join("", '\n<option value="{}"{}>{}</option>', written),
        )


class NonceForm(forms.Form):
    """A form that asks for one thing, however often it is sent: its `nonce` says so. What was typed is never lost."""

    place = forms.UUIDField(widget=Hidden, required=False)  # the team that the form was opened in
    nonce = forms.UUIDField(widget=Hidden)

    over_cap: CapRefusal | None = None  # why it did not fit under a cap, and what would

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team = team
        self.fields["nonce"].initial = uuid.uuid4
        self.fields["place"].initial = team.pk

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors.pop("nonce", None):
            self.start_anew("Nothing was sent yet. Send it once more.")
        elif data.get("place", self.team.pk) not in {None, self.team.pk}:
            self.start_anew(
                f"You are in {self.team} now; this was written elsewhere. Send it again to create it here."
            )
        return data

    def renew(self) -> None:
        """With a nonce of its own again, all that was typed kept: sent once more it asks for more."""
        data: Any = copy(self.data)
        data["nonce"], data["place"] = str(uuid.uuid4()), str(self.team.pk)
        self.data = data

    def refuse(self, refusal: CapRefusal, *, beside: str | None = None) -> None:
        """It does not fit under a cap: nothing of it was kept, so it can be sent again as it is."""
        self.over_cap = refusal
        self.add_error(beside, refusal.words)

    def start_anew(self, words: str) -> None:
        """Something is wrong with the form as such: its page says so and can be sent again."""
        self.renew()
        self.add_error(None, words)


def token_label(token: ApiToken, user: User) -> str:
    """In a menu. Of somebody else's: whose it is, and what is left of it; never the end of its text."""
    sandbox = ", sandbox" if token.subscription.is_sandbox else ""
    if token.owner_id != user.pk:
        return f"{token.owner.short_name}’s token{sandbox}, {token.left_words}"
    return f"{token.subscription.get_provider_display()}{sandbox}, …{token.last4}"


def _label(account: FlowAccount) -> str:
    return f"{account.email} ({account.get_block_display()})" if account.block else account.email


class PaidForm(NonceForm):
    """Valid, its `cleaned_data` has the `token` that pays, the `account` that was chosen (None: automatic), `nonce`.

    `tokens` are the person's own and those that are lent to them for the `operation`; what can be chosen is under them.
    """

    operation: ClassVar[str] = "music"
    payer_missing = "Add an API token first: it pays for the song."
    payer_label = "Paid with"

    def __init__(self, *args: Any, team: Team, user: User, **kwargs: Any) -> None:
        super().__init__(*args, team=team, **kwargs)
        self.user = user
        self.tokens = lending.payers(user, team, self.operation)
        self.usual_token = lending.first_working(self.tokens)
        self.accounts = lending.usable_accounts(team, user, self.operation)
        emails = {account.email: _label(account) for account in reversed(self.accounts)}
        self.fields["token"] = forms.TypedChoiceField(
            choices=[(str(each.pk), token_label(each, user)) for each in self.tokens],
            coerce=self._token,
            empty_value=None,
            required=False,
            initial=str(self.usual_token.pk) if self.usual_token else None,
            label=self.payer_label,
            widget=Choice,
            error_messages={"invalid_choice": "This API token is gone. Choose another."},
        )
        self.fields["email"] = forms.ChoiceField(
            choices=[("", "Automatic"), *reversed(emails.items())],
            widget=Choice,
            required=False,
            label="Account",
            error_messages={
                "invalid_choice": "This account is under none of your API tokens, and under none that is lent to you. "
                "Choose another, or Automatic."
            },
        )

    @property
    def lent_token(self) -> ApiToken | None:
        """The one that pays as the form stands, if it is somebody else's: then the page says whose."""
        chosen = str(self["token"].value())
        token = next((each for each in self.tokens if str(each.pk) == chosen), self.usual_token)
        return token if token and token.owner_id != self.user.pk else None

    @property
    def only_lent_token(self) -> ApiToken | None:
        """Where there is nothing to choose: what a menu would say stands beside the button then."""
        return self.lent_token if len(self.tokens) == 1 else None

    def _token(self, pk: str) -> ApiToken:
        return next(each for each in self.tokens if str(each.pk) == pk)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        data["token"] = data.get("token") or self._token_of_account(data.get("email")) or self.usual_token
        if data["token"] is None:
            self.add_error("token", self.payer_missing)
        self._check_account(data)
        return data

    def _token_of_account(self, email: str | None) -> ApiToken | None:
        """Where no token was chosen, the account says which one pays."""
        under = {each.subscription_id for each in self.accounts if each.email == email}
        return lending.first_working([each for each in self.tokens if each.subscription_id in under])

    def _check_account(self, data: dict[str, Any]) -> None:
        email, token = data.get("email"), data.get("token")
        data["account"] = None
        if email and token:
            here = [
                a for a in self.accounts if a.email == email and a.subscription_id == token.subscription_id
            ]
            data["account"] = here[0] if here else None
            if not here:
                self.add_error(
                    "email", "This account is not under the token that pays. Choose another, or Automatic."
                )
