"""References in the song form: up to ten images and ten audio files, all of one account, which the song then uses.

The fields are `refImage1` to `refImage10` and `refAudio1` to `refAudio10` (post-flowmusic-music). Without scripts the
boxes of the picker come under the bare name, as many as are checked; they are numbered here.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.accounts import lending
from apps.accounts.models import FlowAccount, Team
from apps.generation.base_forms import PaidForm
from apps.generation.lending_requests import owners
from apps.library.models import ReferenceFile
from apps.prepared import prepared

MOST = 10
KINDS = {"refImage": ReferenceFile.Kind.IMAGE, "refAudio": ReferenceFile.Kind.AUDIO}
KIND_NAMES = {"refImage": "images", "refAudio": "audio files"}
NAMES = tuple(f"{kind}{number}" for kind in KINDS for number in range(1, MOST + 1))
LOST = "A reference was deleted, so it was removed from the form. Nothing was sent; send the form again as it is now."

Listed = dict[str, list[str]]

# One for all of them: what a field holds is the form's.
_ASSET = forms.CharField(max_length=400, required=False, widget=forms.HiddenInput)


def listed(data: Mapping[str, Any]) -> Listed:
    """What is asked for, by kind, each asset once: the numbered fields, then the boxes."""
    boxes: Callable[[str], list[str]] = getattr(data, "getlist", lambda name: [])
    found: Listed = {}
    for kind in KINDS:
        numbered = [data.get(f"{kind}{number}") for number in range(1, MOST + 1)]
        texts = (str(each or "").strip() for each in (*numbered, *boxes(kind)))
        found[kind] = list(dict.fromkeys(text for text in texts if text))
    return found


def assets_of(data: Mapping[str, Any]) -> list[str]:
    """All of them, in their order."""
    return [each for kind in listed(data).values() for each in kind]


def numbered(found: Listed) -> dict[str, str]:
    """As the API names them."""
    return {
        f"{kind}{place}": text for kind in KINDS for place, text in enumerate(found.get(kind, []), start=1)
    }


def files_of(team: Team, assets: Iterable[str]) -> dict[str, ReferenceFile]:
    """Those that can be used, by their asset."""
    return {file.asset_id: file for file in _files_of(team, *assets)}


@prepared
def _files_of(team: Team, *assets: str) -> QuerySet[ReferenceFile]:
    files = ReferenceFile.objects.for_team(team).live().ready().filter(asset_id__in=assets)
    return files.select_related("account")


def still_there(fields: Mapping[str, Any], *, team: Team) -> tuple[dict[str, str], int]:
    """Of the references of an earlier request or a preset those that are left, numbered anew, and how many are gone."""
    found = listed(fields)
    there = files_of(team, assets_of(fields))
    left = {kind: [each for each in assets if each in there] for kind, assets in found.items()}
    return numbered(left), sum(map(len, found.values())) - sum(map(len, left.values()))


class ReferenceForm(PaidForm):
    """A form that may carry references. Valid, its `cleaned_data` has `references`, by the API's names."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= dict.fromkeys(NAMES, _ASSET)

    @property
    def chosen(self) -> Listed:
        """What stands in the form, whether it fits or not."""
        return listed(self.data if self.is_bound else self.initial)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        found = self.chosen
        data["references"] = numbered(found)
        assets = [each for kind in found.values() for each in kind]
        there = files_of(self.team, assets)
        for kind, assets_of_kind in found.items():
            self._check_kind(kind, [there.get(each) for each in assets_of_kind])
        if there and not any(name in self.errors for name in NAMES):
            self._check_one_account(data, [there[each] for each in assets])
        return data

    def _check_kind(self, kind: str, files: list[ReferenceFile | None]) -> None:
        if len(files) > MOST:
            self.add_error(f"{kind}1", f"Up to ten {KIND_NAMES[kind]} can be given; these are {len(files)}.")
        if any(file is None or file.kind != KINDS[kind] for file in files):
            self.add_error(f"{kind}1", LOST)

    def _check_one_account(self, data: dict[str, Any], files: list[ReferenceFile]) -> None:
        """The song runs on the account of its references, or is refused there."""
        first = files[0]
        other = next((file for file in files if file.account_id != first.account_id), None)
        if other:
            kind = "refImage1" if other.is_image else "refAudio1"
            self.add_error(
                kind,
                f"A song can use references of one account only. {first} is on {first.where}, {other} on "
                f"{other.where}. Send it to the same account, or remove it.",
            )
            return
        account = next((each for each in self.accounts if each.pk == first.account_id), None)
        if account is None:
            self.add_error("refImage1" if first.is_image else "refAudio1", self._far(first))
        elif "email" not in self.errors:
            self._run_on(account, data)

    def _far(self, file: ReferenceFile) -> str:
        """Whose account it is on, and what to do."""
        found = owners.by_subscription(
            self.team, self.user, {file.subscription_id} if file.account_id else set()
        )
        names = [each.name for each in found.get(file.subscription_id, [])]
        whose = (
            f"only {owners.listed(names)} can pay there"
            if names
            else "nobody here has a working token for it"
        )
        send = "Send it to an account of yours" if file.file else "Remove it"
        ask = f", or ask {owners.listed(names, last='or')} on the page of references" if names else ""
        return f"{file} is on {file.where}, and {whose}. {send}{ask}."

    def _run_on(self, account: FlowAccount, data: dict[str, Any]) -> None:
        token = data.get("token")
        if data.get("email") and data["email"] != account.email:
            words = (
                f"The references are on {account.short}, so the song uses it too. Choose it, or remove them."
            )
            self.add_error("email", words)
        elif token and token.subscription_id != account.subscription_id and self.data.get("token"):
            self.add_error(
                "token",
                f"The references are on {account.short}, which is under another API token. Choose that.",
            )
        elif token:
            data["account"] = account
            if token.subscription_id != account.subscription_id:
                data["token"] = lending.first_working(
                    [each for each in self.tokens if each.subscription_id == account.subscription_id]
                )
