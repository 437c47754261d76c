"""Sending files: where to, and what of an image is left out; and creating an image."""

import uuid
from typing import Any

from django import forms

from apps.accounts import lending
from apps.accounts.models import FlowAccount, Team, User
from apps.generation.base_forms import PaidForm, PlainText
from apps.generation.references.image_requests import PROMPT_LIMIT
from apps.generation.references.uploads import UPLOAD, Sender
from apps.library.models import ReferenceFile


class UploadForm(forms.Form):
    """The fields beside the file, named as the parameters of POST /files; `email` is always chosen here."""

    stripMetadata = forms.BooleanField(required=False, initial=True)
    nonce = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, team: Team, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team, self.user = team, user
        self.accounts = lending.usable_accounts(team, user, UPLOAD)
        emails = dict.fromkeys(account.email for account in self.accounts)
        self.fields["email"] = forms.ChoiceField(
            choices=[(email, email) for email in emails],
            error_messages={
                "required": "Choose an account.",
                "invalid_choice": "This account is under none of your API tokens, and under none that is lent to you. "
                "Choose another.",
            },
        )
        self.fields["email"].initial = self._usual_account()
        self.fields["nonce"].initial = uuid.uuid4

    def _usual_account(self) -> str:
        """Where the team's newest file is, if that is one of the person's."""
        mine = [account.pk for account in self.accounts]
        files = ReferenceFile.objects.for_team(self.team).live().filter(account__in=mine)
        newest = files.select_related("account").first()
        if newest and newest.account:
            return newest.account.email
        return next((each.email for each in self.accounts if not each.block), "")

    def sender(self, index: int = 0) -> Sender | None:
        """Of the valid form, for the file at that place in it; None when the token was removed meanwhile."""
        nonce = self.cleaned_data["nonce"]
        account = next(each for each in self.accounts if each.email == self.cleaned_data["email"])
        return sender_to(
            account, team=self.team, user=self.user, nonce=uuid.uuid5(nonce, str(index)) if index else nonce
        )

    @property
    def problem(self) -> str:
        """The first thing that is wrong, as a sentence."""
        return str(next(iter(self.errors.values()))[0]) if self.errors else ""


def sender_to(account: FlowAccount, *, team: Team, user: User, nonce: uuid.UUID) -> Sender | None:
    """With the person's own token, else one that is lent to them for it; None without one."""
    token = lending.payer(user, team, UPLOAD, account.subscription_id)
    return Sender(team=team, by=user, token=token, account=account, nonce=nonce) if token else None


class ImageForm(PaidForm):
    """Every parameter of POST /files/generate."""

    operation = "image"
    payer_label = "Sent with"
    payer_missing = "Add an API token first: creating an image needs one, though it has no price."

    prompt = PlainText(
        max_length=PROMPT_LIMIT,
        error_messages={
            "required": "Say what the image shows: a place, a light, a mood.",
            "max_length": "That is %(show_value)d characters; Flow Music takes up to 2,000 here.",
        },
    )
