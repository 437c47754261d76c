"""Says which references the song form offers: those that can be used together, and where the others are."""

import zlib
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from apps.accounts.models import FlowAccount, Team
from apps.generation.models import Job
from apps.generation.models.jobs import LIVE
from apps.generation.references.fields import KINDS, NAMES, ReferenceForm, files_of
from apps.library.models import ReferenceFile
from apps.prepared import prepared

OFFERED = 60  # of each kind, the newest


@dataclass(frozen=True)
class PickableFile:
    """One file. `is_off`: it is of another account than those that are chosen; then a copy may go there, or `goes`."""

    file: ReferenceFile
    is_chosen: bool
    is_off: bool
    is_offered: bool = False
    goes: bool = False

    @property
    def may_be_sent(self) -> bool:
        """From our own copy, once another account is settled."""
        return bool(self.file.file and self.file.sha256)


@dataclass(frozen=True)
class Picker:
    """`groups` are the field's name, what it is called, and the choices; `where` is the account that is settled."""

    groups: list[tuple[str, str, list[PickableFile]]]
    where: FlowAccount | None
    target: FlowAccount | None  # where a file goes that is sent to be used too

    @property
    def chosen(self) -> int:
        return sum(choice.is_chosen for _, _, choices in self.groups for choice in choices)

    @property
    def names(self) -> tuple[str, ...]:
        return NAMES

    @property
    def version(self) -> str:
        """Changes when a file has come or gone."""
        shown = (each for _, _, choices in self.groups for each in choices)
        said = "".join(f"{each.file.pk}{each.goes}{bool(each.file.thumb)}" for each in shown)
        return f"{zlib.crc32(said.encode()):x}"

    @property
    def is_empty(self) -> bool:
        return not any(choices for _, _, choices in self.groups)


def of_form(form: ReferenceForm) -> Picker:
    assets = [each for kind in form.chosen.values() for each in kind]
    there = files_of(form.team, assets)
    chosen = [there[each] for each in assets if each in there]
    where = settled(form, chosen)
    target = where or next((each for each in form.accounts if not each.block), None)
    offered = {name: _offered(form, kind, chosen) for name, kind in KINDS.items()}
    copies = _on(form.team, target, [file for files in offered.values() for file in files])
    own = {account.pk for account in form.accounts}
    titles = {"refImage": "Images", "refAudio": "Audio"}
    return Picker(
        [
            (name, titles[name], [_choice(file, chosen, where, own, copies) for file in files])
            for name, files in offered.items()
        ],
        where,
        target,
    )


def settled(form: ReferenceForm, chosen: list[ReferenceFile]) -> FlowAccount | None:
    """Of what is chosen, else of the field."""
    own = {account.pk: account for account in form.accounts}
    for file in chosen:
        if file.account_id in own:
            return own[file.account_id]
    email = form["email"].value()
    return next((account for account in form.accounts if account.email == email), None)


def _offered(form: ReferenceForm, kind: str, chosen: list[ReferenceFile]) -> list[ReferenceFile]:
    """The newest, those of the person's own accounts first, and whatever is chosen."""
    newest = _newest(form.team, kind)
    own = {account.pk for account in form.accounts}
    newest += [each for each in chosen if each.kind == kind and each not in newest]
    return sorted(newest, key=lambda file: (file.account_id not in own, str(file.account)))


def _on(team: Team, account: FlowAccount | None, files: list[ReferenceFile]) -> dict[str, bool]:
    """By their bytes, those that are on that account (True) or on their way there (False)."""
    if account is None:
        return {}
    sums = {file.sha256 for file in files if file.sha256}
    return {sha256: bool(asset) for sha256, asset in _copies(team, account, *sums)}


@prepared
def _newest(team: Team, kind: str) -> QuerySet[ReferenceFile]:
    files = ReferenceFile.objects.for_team(team).live().ready().filter(kind=kind)
    return files.select_related("account")[:OFFERED]


@prepared
def _copies(team: Team, account: FlowAccount, *sums: str) -> QuerySet[ReferenceFile, tuple[str, str]]:
    copies = ReferenceFile.objects.for_team(team).filter(account=account, sha256__in=sums, deleted_at=None)
    going = Job.objects.for_team(team).filter(state__in=LIVE, file__in=copies).values("file")
    here = copies.filter(~Q(asset_id="") | Q(pk__in=going))
    return here.values_list("sha256", "asset_id")


def _choice(
    file: ReferenceFile,
    chosen: list[ReferenceFile],
    where: FlowAccount | None,
    own: set[int],
    copies: dict[str, bool],
) -> PickableFile:
    elsewhere = file.account_id not in own or (where is not None and file.account_id != where.pk)
    copy = copies.get(file.sha256)
    return PickableFile(
        file,
        is_chosen=file in chosen,
        is_off=elsewhere and file not in chosen,
        is_offered=elsewhere and copy is None,
        goes=elsewhere and copy is False,
    )
