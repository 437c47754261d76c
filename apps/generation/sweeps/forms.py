"""The form of a sweep: lists of what POST /music takes, under its own names, and what limits them."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from apps.accounts.models import User
from apps.generation.base_forms import PaidForm
from apps.generation.jobs.requests import LYRICS_LIMIT, PROMPT_LIMIT
from apps.generation.models import Sweep
from apps.generation.sweeps.grid import GHOSTWRITERS, MODELS, Matrix
from apps.generation.sweeps.progress import Progress
from apps.generation.sweeps.runner import SweepPlan
from apps.plural import counted

MOST_ROWS, MOST_SONGS, MOST_CREDITS = 8, 200, 10_000


class SeveralTexts(forms.Field):
    """As many fields of one name as there are; those left empty, and what is there twice, don't count."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, limit: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = limit

    def clean(self, value: Any) -> list[str]:
        texts = [str(text).replace("\r\n", "\n").replace("\r", "\n").strip() for text in value or []]
        found = list(dict.fromkeys(text for text in texts if text))
        if self.required and not found:
            raise forms.ValidationError(self.error_messages["required"])
        if len(found) > MOST_ROWS:
            raise forms.ValidationError(f"Up to {MOST_ROWS} of them.")
        if longest := max((len(text) for text in found if len(text) > self.limit), default=0):
            raise forms.ValidationError(
                f"One has {longest} characters; Flow Music takes up to {self.limit:,}."
            )
        return found


class FavouritesInput(forms.NumberInput):
    """Takes its earlier name, too: of a page that was open during an update. Without this limit more is spent."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        return data.get(name, data.get("keepers"))


def _number(
    most: int, words: str, *, widget: type[forms.NumberInput] = forms.NumberInput, **kwargs: Any
) -> forms.IntegerField:
    messages = dict.fromkeys(("required", "invalid", "min_value", "max_value"), words)
    shown = widget({"inputmode": "numeric"})
    return forms.IntegerField(min_value=1, max_value=most, error_messages=messages, widget=shown, **kwargs)


def _favourites(**attributes: str) -> forms.IntegerField:
    words, label = "From 1 to 99, or leave it empty.", "Stop after favourites"
    field = _number(99, words, label=label, required=False, widget=FavouritesInput)
    field.widget.attrs |= {"placeholder": "never", **attributes}
    return field


_ONE_OF_THESE = {"invalid_choice": "Choose among these."}


class SweepForm(PaidForm):
    prompt = SeveralTexts(
        limit=PROMPT_LIMIT,
        error_messages={"required": "Say how it should sound, in one prompt or more."},
    )
    lyrics = SeveralTexts(limit=LYRICS_LIMIT, required=False)
    none = forms.BooleanField(required=False, initial=True)  # also without own lyrics
    ghostwriter = forms.MultipleChoiceField(
        choices=list(GHOSTWRITERS.items()), required=False, initial=[""], error_messages=_ONE_OF_THESE
    )
    model = forms.MultipleChoiceField(
        choices=list(MODELS.items()), required=False, initial=[""], error_messages=_ONE_OF_THESE
    )
    count = _number(4, "From 1 to 4 songs of each.", label="Songs of each", initial=1)
    cap = _number(
        MOST_CREDITS, "Say how many credits it may cost, from 1 to 10,000.", label="Credits at most"
    )
    count.widget.attrs["data-blank"] = "1"
    # What a favourite is stands in a line below all of them.
    favourites = _favourites(**{"aria-describedby": "favourites-help id_favourites_error"})

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not data.get("lyrics"):
            data["none"] = True  # without any, there is nothing else
        if not self.errors:
            songs = len(Matrix.of(self.inputs)) * data["count"]
            if songs > MOST_SONGS:
                self.add_error(
                    None, f"That would be {counted(songs, 'song')}. Variations can have up to {MOST_SONGS}."
                )
        return data

    @property
    def figures(self) -> list[BoundField]:
        """How many, and when it is enough."""
        return [self["count"], self["cap"], self["favourites"]]

    @property
    def inputs(self) -> dict[str, list[str]]:
        """Of the valid form, what a Matrix is made of."""
        data = self.cleaned_data
        return {
            "prompt": data["prompt"],
            "model": data["model"] or [""],
            "lyrics": [*([""] if data["none"] else []), *data["lyrics"]],
            "ghostwriter": data["ghostwriter"] or [""],
        }

    def plan(self) -> SweepPlan:
        data = self.cleaned_data
        return SweepPlan(
            by=self.user,
            token=data["token"],
            account=data["account"],
            inputs=self.inputs,
            songs_each=data["count"],
            cap=data["cap"],
            favourites=data["favourites"],
            nonce=data["nonce"],
        )


def blank() -> dict[str, Any]:
    """What a fresh form begins with: a row of each kind to write in."""
    return {"prompt": ["", ""], "lyrics": [""]}


def typed(data: QueryDict | MultiValueDict[str, str]) -> dict[str, Any]:
    """What stands in the fields, with one empty row more of the kind that was asked for: not checked, not sent."""
    values: dict[str, Any] = {name: data.get(name) for name in ("count", "cap", "email", "token", "nonce")}
    values["favourites"] = FavouritesInput().value_from_datadict(data, None, "favourites")
    values |= {name: data.getlist(name) for name in ("ghostwriter", "model", "prompt", "lyrics")}
    values["none"] = "none" in data
    more = data.get("add")
    if more in {"prompt", "lyrics"} and len(values[more]) < MOST_ROWS:
        values[more].append("")
    return values


def of_sweep(sweep: Sweep, *, by: User) -> dict[str, Any]:
    """Filled as that one was; the same draft, if it still is one and theirs."""
    inputs: Mapping[str, list[str]] = sweep.inputs
    values: dict[str, Any] = {
        "prompt": inputs["prompt"],
        "lyrics": [text for text in inputs["lyrics"] if text] or [""],
        "none": "" in inputs["lyrics"],
        "ghostwriter": inputs.get("ghostwriter", [""]),
        "model": inputs.get("model", [""]),
        "count": sweep.songs_each,
        "cap": sweep.cap,
        "favourites": sweep.favourites_wanted,
        "email": sweep.account.email if sweep.account else "",
        "token": sweep.token_id,
    }
    return values | ({"nonce": sweep.pk} if sweep.is_draft_of(by) else {})


class LimitsForm(forms.Form):
    """How far a sweep may go on: beyond what is spent and found already."""

    cap = _number(
        MOST_CREDITS,
        "Say how many credits it may cost in all, from 1 to 10,000.",
        label="Credits at most, in all",
    )
    favourites = _favourites()

    def __init__(self, data: QueryDict | None, *, progress: Progress) -> None:
        super().__init__(data)
        self.fields["cap"].widget.attrs["data-cap"] = True
        self.initial = _further(progress)
        self.progress = progress

    @property
    def more(self) -> int:
        """Credits that the cap in the field allows beyond what is spent."""
        try:
            return max(0, int(self["cap"].value()) - self.progress.committed)
        except (TypeError, ValueError):
            return 0

    def clean_cap(self) -> int:
        cap, spent = int(self.cleaned_data["cap"]), self.progress.committed
        if not self.progress.queued and cap < spent + self.progress.price.credits:
            raise forms.ValidationError(
                f"{spent} may be spent already, and a song costs {self.progress.price}."
            )
        return cap

    def clean_favourites(self) -> int | None:
        wanted: int | None = self.cleaned_data["favourites"]
        if wanted is not None and wanted <= self.progress.favourite_count:
            raise forms.ValidationError(
                f"There are {self.progress.favourite_count} already. Enter a higher number, or leave it empty."
            )
        return wanted


def _further(progress: Progress) -> dict[str, int | None]:
    """What ended it is offered as much further as it takes."""
    sweep = progress.sweep
    missing = max(0, progress.total - len(progress.requested)) * progress.price.credits
    cap = max(sweep.cap, progress.committed + missing) if sweep.ended == Sweep.Ended.CAP else sweep.cap
    reached = sweep.favourites_wanted is not None and progress.favourite_count >= sweep.favourites_wanted
    return {
        "cap": cap,
        "favourites": progress.favourite_count + (sweep.favourites_wanted or 0)
        if reached
        else sweep.favourites_wanted,
    }
