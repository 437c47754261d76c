"""The page of reference files: what is on which account, how far sending it has come, which songs used it."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.models import FlowAccount, Membership, Team
from apps.accounts.templatetags.formatting import clock
from apps.addresses import address
from apps.generation.job_pages import panel
from apps.generation.job_pages.card_writer import card
from apps.generation.job_pages.cards import Card
from apps.generation.jobs import decisions, links
from apps.generation.lending_requests import owners
from apps.generation.lending_requests.owners import Owner
from apps.generation.models import Job, State
from apps.library.archiving.file_types import TYPES
from apps.library.models import ReferenceFile
from apps.library.search.song_list import Cursor
from apps.prepared import prepared

PER_PAGE = 60
WAITS = {"queued", "next"}
GOES = {"submitting", "running", "long"}
WRONG = {"failed", "rejected", "unknown", "given_up", "blocked"}
MARKED = "422"  # an image that says it was made by a machine, sent with that


@dataclass(frozen=True, kw_only=True)
class FileCard:
    """One file. `state` is ready, waits, goes, wrong or unsent; `words` say it; what can be done are addresses or "".

    `version` changes when anything on the card does.
    """

    file: ReferenceFile
    state: str
    words: str
    songs: int = 0
    retry: bool = False
    strip: bool = False
    change_url: str = ""
    job_url: str = ""
    owners: tuple[Owner, ...] = ()  # where the person can't pay: who could, and can be asked to lend a token

    @property
    def facts(self) -> list[str]:
        file, found = self.file, TYPES.get(self.file.content_type)
        sizes = f"{file.width} × {file.height}" if file.width and file.height else ""
        return [each for each in (found.name if found else "", sizes, str(clock(file.duration_s))) if each]

    @property
    def version(self) -> str:
        return f"{self.state}:{self.words}:{bool(self.file.thumb)}:{bool(self.file.file)}:{self.songs}"


@dataclass(frozen=True)
class AccountFiles:
    """What is on one account."""

    account: FlowAccount | None
    lines: list[FileCard]

    @property
    def name(self) -> str:
        return self.account.email if self.account else "On accounts that are gone"


@dataclass(frozen=True)
class ReferencesPage:
    groups: list[AccountFiles]
    older: Cursor | None
    accounts: list[FlowAccount]  # that have files


def of_team(
    membership: Membership,
    *,
    on: str = "",
    kind: str = "",
    place: str = "",
    usable: Collection[FlowAccount] | None = None,
) -> ReferencesPage:
    """Newest first; `on` an account's e-mail, `kind` image or audio, `place` where the page begins. `usable`: accounts
    on which the person can have songs made; None for who creates none."""
    team = membership.team
    files = _files(team)
    if on:
        files = files.filter(account__email=on)
    if kind in ReferenceFile.Kind.values:
        files = files.filter(kind=kind)
    if before := Cursor.parse(place):
        at = before.created_at
        files = files.filter(Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(pk__lt=before.pk)))
    found = list(files[: PER_PAGE + 1]) if on or kind or place else _newest(team)
    shown = found[:PER_PAGE]
    older = Cursor(shown[-1].created_at, shown[-1].pk) if len(found) > PER_PAGE else None
    lines = _with_owners(lines_of(shown, membership), membership, usable)
    return ReferencesPage(_groups(lines), older, _accounts(team))


def _with_owners(
    lines: list[FileCard], membership: Membership, usable: Collection[FlowAccount] | None
) -> list[FileCard]:
    if usable is None:
        return lines
    near = {None, *(account.pk for account in usable)}
    far = [line for line in lines if line.state == "ready" and line.file.account_id not in near]
    found = owners.by_subscription(
        membership.team, membership.user, {line.file.subscription_id for line in far}
    )
    return [
        replace(line, owners=tuple(found.get(line.file.subscription_id, ()))) if line in far else line
        for line in lines
    ]


def _groups(lines: Iterable[FileCard]) -> list[AccountFiles]:
    """In the order of their newest file."""
    together: dict[int | None, list[FileCard]] = {}
    for line in lines:
        together.setdefault(line.file.account_id, []).append(line)
    return [AccountFiles(lines[0].file.account, lines) for lines in together.values()]


def lines_of(files: list[ReferenceFile], membership: Membership) -> list[FileCard]:
    """A few queries, however many files."""
    cards = _cards([each for each in files if not each.is_ready], membership)
    songs = used_by(membership.team)
    return [_line(file, cards.get(file.pk), songs[file.asset_id] if file.is_ready else 0) for file in files]


def used_by(team: Team) -> Counter[str]:
    """In how many songs' requests each asset stands."""
    counted: Counter[str] = Counter()
    for params in _params_with_files(team):
        counted.update(
            {str(value) for name, value in params.items() if name.startswith(("refImage", "refAudio"))}
        )
    return counted


def _cards(files: list[ReferenceFile], membership: Membership) -> Mapping[UUID, tuple[Job, Card]]:
    """The newest job of each, with its card."""
    if not files:
        return {}
    newest = {job.file_id: job for job in _jobs_of(membership.team, *files)}
    around = panel.surroundings(membership)
    return {pk: (job, card(job, around)) for pk, job in newest.items() if pk}


@prepared
def _jobs_of(team: Team, *files: ReferenceFile) -> QuerySet[Job]:
    """Oldest first, with all that their cards show; they make no takes."""
    jobs = Job.objects.for_team(team).filter(file__in=files)
    return panel.of_cards(jobs).order_by("created_at")


@prepared
def _params_with_files(team: Team) -> QuerySet[Job, dict[str, Any]]:
    made = Job.objects.for_team(team).filter(state__in=[State.COMPLETED, State.COLLECTING], operation="music")
    with_files = made.filter(params__has_any_keys=["refImage1", "refAudio1"]).order_by()
    return with_files.values_list("params", flat=True)


@prepared
def _newest(team: Team) -> QuerySet[ReferenceFile]:
    return _files(team)[: PER_PAGE + 1]


@prepared
def _accounts(team: Team) -> QuerySet[FlowAccount]:
    here = _files(team).order_by().values("account")
    return FlowAccount.objects.filter(pk__in=here).order_by("email")


def _files(team: Team) -> QuerySet[ReferenceFile]:
    return ReferenceFile.objects.for_team(team).live().select_related("account", "added_by")


def _line(file: ReferenceFile, found: tuple[Job, Card] | None, songs: int) -> FileCard:
    if file.problem:
        return FileCard(file=file, state="wrong", words=file.problem)
    if file.is_ready:
        return FileCard(file=file, state="ready", words=_ready(file), songs=songs)
    if found is None:
        return FileCard(file=file, state="unsent", words="Not sent yet.", retry=True)
    job, shown = found
    url = address("job", job.pk)
    if shown.kind in WAITS:
        return FileCard(file=file, state="waits", words=shown.subtitle or "Queued.", job_url=url)
    if shown.kind in GOES:
        words = "Running." if job.operation == "image" else f"Being sent to {file.where}."
        return FileCard(file=file, state="goes", words=words, job_url=url)
    again = job.state in decisions.RETRYABLE
    if shown.kind in WRONG:
        is_marked = job.error_code == MARKED and not file.strip_metadata
        change = links.form_of(job) if job.operation == "image" else ""
        words = f"{shown.text}{f' The message: “{shown.quote}”.' if shown.quote else ''}"
        return FileCard(
            file=file,
            state="wrong",
            words=words,
            retry=again,
            strip=is_marked,
            change_url=change,
            job_url=url,
        )
    return FileCard(file=file, state="unsent", words=shown.text or "Not sent.", retry=again, job_url=url)


def _ready(file: ReferenceFile) -> str:
    if file.is_flagged:
        return f"On {file.where}. Flow Music has flagged it, so a song may be declined because of it."
    if file.file:
        return f"On {file.where}"
    later = f" {file.last_error}" if file.last_error else ""
    return f"On {file.where}. Our own copy is being fetched.{later}"
