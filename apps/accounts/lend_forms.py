"""The form by which a person lends an API token of theirs to the team."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.accounts.models import ApiToken, Lending, Membership
from apps.accounts.models.lending import FREE, OPERATIONS, Terms

MOST_CREDITS = 1_000_000
USUAL_CAP = 100
CAP = f"Say how many credits others may spend in a month, from 1 to {MOST_CREDITS:,}."


class People(forms.ModelMultipleChoiceField):
    def label_from_instance(self, member: Any) -> str:
        listens = "" if member.rights.may_create else " (only listens)"
        return f"{member.user.short_name}{listens}"


class LendForm(forms.Form):
    """Valid, it has `terms`. Without `who` it is lent to the members that are named, to everyone where none is."""

    monthly_cap = forms.IntegerField(
        label="Credits a month, at most",
        help_text="Others together spend no more of it in a month (UTC). What you spend yourself doesn’t count.",
        min_value=1,
        max_value=MOST_CREDITS,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), CAP),
    )
    operations = forms.MultipleChoiceField(
        label="For what",
        choices=list(OPERATIONS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one thing that it may pay for.",
            "invalid_choice": "Choose among these.",
        },
    )
    who = forms.ChoiceField(
        label="To whom",
        choices=[("everyone", "Everyone in the team"), ("chosen", "Only these people")],
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": "Choose one of these."},
    )
    members = People(
        queryset=Membership.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages=dict.fromkeys(
            ("invalid_choice", "invalid_pk_value", "invalid_list"), "Choose among the people of this team."
        ),
    )

    def __init__(self, data: Any = None, *, token: ApiToken) -> None:
        super().__init__(data, initial=_initial(getattr(token, "lending", None)))
        members: Any = self.fields["members"]
        members.queryset = _others(token)

    @property
    def costly(self) -> list[Any]:
        return [each for each in self["operations"] if each.data["value"] not in FREE]

    @property
    def free(self) -> list[Any]:
        return [each for each in self["operations"] if each.data["value"] in FREE]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("who") == "chosen" and not data.get("members") and "members" not in self.errors:
            self.add_error("members", "Choose at least one person, or everyone.")
        return data

    @property
    def terms(self) -> Terms:
        data = self.cleaned_data
        chosen = tuple(data["members"].select_related("user")) if data["who"] != "everyone" else ()
        return Terms(
            monthly_cap=data["monthly_cap"],
            operations=tuple(name for name in OPERATIONS if name in data["operations"]),
            members=chosen or None,
        )


def _others(token: ApiToken) -> QuerySet[Membership]:
    here = Membership.objects.filter(team=token.team_id).exclude(user=token.owner_id)
    return here.select_related("user").order_by("joined_at", "pk")


def _initial(lending: Lending | None) -> dict[str, Any]:
    """As it is lent; of one that isn't, what is usual: everything, to everyone."""
    if lending is None:
        return {"monthly_cap": USUAL_CAP, "operations": list(OPERATIONS), "who": "everyone"}
    return {
        "monthly_cap": lending.monthly_cap,
        "operations": lending.operation_names,
        "who": "everyone" if lending.is_for_everyone else "chosen",
        "members": [each.pk for each in lending.members.all()],
    }
