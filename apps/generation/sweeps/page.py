"""What the page of a sweep shows: the matrix with what was made of each cell, and where it stands."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from apps.accounts import cap_words
from apps.accounts.cap_words import CapRefusal
from apps.accounts.models import ApiToken, FlowAccount, Membership
from apps.generation.job_pages import panel
from apps.generation.job_pages.card_writer import card
from apps.generation.job_pages.cards import Card
from apps.generation.jobs import counted_credits, pricing
from apps.generation.jobs.pricing import Balance, Price
from apps.generation.models import Job, Sweep, SweepCell
from apps.generation.sweeps import progress, runner
from apps.generation.sweeps.grid import Head, Matrix
from apps.generation.sweeps.progress import Progress
from apps.library.models import Clip
from apps.prepared import prepared

Phase, Ended = Sweep.Phase, Sweep.Ended
WHY = {
    Ended.FAVOURITES: "There are enough favourites, so nothing more is sent.",
    Ended.CAP: "The cap is reached: the next song would cost more.",
    Ended.ALL: "Every combination has been sent.",
    Ended.PERSON: "Stopped. What was queued is paused; what was running is finished.",
    Ended.MONTH: "A monthly cap left no room for the next song. There is room again: it can be resumed.",
    Ended.BACKUP: "This comes from a backup. Songs may have been created since: check before you resume it.",
}
STATE_TEXTS = {
    "queued": "queued",
    "next": "next in the queue",
    "paused": "paused",
    "blocked": "waits: see why",
    "submitting": "sending",
    "collecting": "saving the audio",
    "completed": "its takes are in the trash",
    "incomplete": "its takes are in the trash",
    "failed": "failed: see why",
    "rejected": "rejected: see why",
    "unknown": "outcome unknown",
    "given_up": "outcome unknown",
    "cancelled": "stopped",
    "removed": "removed",
    "abandoned": "marked as lost",
}


@dataclass(frozen=True)
class CellSong:
    """One song of a cell: the card of its job, and its takes."""

    card: Card
    takes: list[Clip]

    @property
    def state_text(self) -> str:
        """How it stands, for one without takes to hear."""
        return STATE_TEXTS.get(self.card.kind, self.card.state)


@dataclass(frozen=True)
class Cell:
    head: Head  # its column
    songs: list[CellSong]
    missing: int  # songs that were not sent yet


@prepared
def _with_cards(sweep: Sweep) -> QuerySet[Job]:
    """With all that their cards show but the takes; not those that were asked for again."""
    jobs = panel.of_cards(progress.jobs_of(sweep).filter(retries=None))
    return jobs.order_by("batch_index", "created_at")


class SweepPage:
    def __init__(self, sweep: Sweep, membership: Membership) -> None:
        self.sweep = sweep
        self._membership = membership
        self.progress = Progress(sweep)
        self.matrix = Matrix.of(sweep.inputs)
        self.price = self.progress.price
        self.may_decide = membership.may_decide(sweep.made_by_id)
        self.is_own = sweep.made_by_id == membership.user_id
        self.is_own_draft = sweep.is_draft_of(membership.user)

    @cached_property
    def payer(self) -> ApiToken | None:
        return runner.payer_of(self.sweep)

    @property
    def lent_token(self) -> ApiToken | None:
        """The one that pays, if it is somebody else's than who filled it in."""
        return self.payer if self.payer and self.payer.owner_id != self.sweep.made_by_id else None

    @property
    def favourites(self) -> Collection[object]:
        return self.progress.favourites

    @cached_property
    def rows(self) -> list[tuple[Head, list[Cell]]]:
        """The matrix, row by row."""
        songs = self._songs()
        there = {(cell.row, cell.column): cell for cell in self.progress.cells}
        return [
            (
                head,
                [
                    self._cell(column, there.get((y, x)), songs)
                    for x, column in enumerate(self.matrix.columns)
                ],
            )
            for y, head in enumerate(self.matrix.rows)
        ]

    def _cell(self, head: Head, cell: SweepCell | None, songs: dict[object, list[CellSong]]) -> Cell:
        found = songs.get(cell.pk, []) if cell else []
        return Cell(head, found, max(0, self.sweep.songs_each - len(found)))

    def _songs(self) -> dict[object, list[CellSong]]:
        shown = {job.pk for job in self.progress.requested}
        jobs = [job for job in _with_cards(self.sweep) if job.pk in shown]
        takes = Prefetch("song__takes", Clip.objects.live().for_pages().order_by("take"))
        prefetch_related_objects(jobs, takes)
        around = panel.surroundings(self._membership)
        found: dict[object, list[CellSong]] = {}
        for job in jobs:
            made = list(job.song.takes.all()) if job.song else []
            found.setdefault(job.cell_id, []).append(CellSong(card(job, around), made))
        return found

    # Before it starts.

    @property
    def combinations(self) -> int:
        return len(self.progress.cells)

    @cached_property
    def affordable(self) -> int:
        """Songs, by the cap of the sweep and those of the month."""
        return self.over_month.fits if self.over_month else self.fitting

    @property
    def fitting(self) -> int:
        """By the cap of the sweep alone."""
        return min(self.progress.total, self.sweep.cap // self.price.credits)

    @cached_property
    def over_month(self) -> CapRefusal | None:
        """Why a monthly cap allows fewer songs than the cap of the sweep does; None when it doesn't."""
        return self._over(self.fitting)

    def _over(self, songs: int) -> CapRefusal | None:
        if self.payer is None or not songs:
            return None
        who = counted_credits.spender(self.sweep.team_id, self.sweep.made_by_id, self.payer)
        reader = self._membership.user if self.is_own else None
        return cap_words.foreseen(who, price=self.price.credits, songs=songs, reader=reader)

    @property
    def most(self) -> Price:
        return self.price * self.affordable

    @cached_property
    def balance(self) -> Balance:
        seen = FlowAccount.objects.for_team(self.sweep.team)
        accounts = list(seen.filter(subscription=self.sweep.subscription_id))
        reserved = pricing.ReservedCredits([self.sweep.subscription_id])
        if self.sweep.account_is_fixed and self.sweep.account:
            return pricing.balance_of(self.sweep.account, accounts, reserved)
        return pricing.balance_of_any(self.sweep.subscription_id, accounts, reserved)

    # While and after it runs.

    @property
    def left(self) -> int:
        return max(0, self.sweep.cap - self.progress.committed)

    @property
    def songs_requested(self) -> int:
        return min(self.progress.total, len(self.progress.requested))

    @property
    def may_resume(self) -> bool:
        return self.sweep.phase in {Phase.STOPPED, Phase.DONE} and (
            self.progress.next() is not None or bool(self.progress.queued)
        )

    @property
    def why(self) -> str:
        over = self._over(1) if self.sweep.ended == Ended.MONTH else None
        if over:
            return f"The next song was not sent. {over.words}"
        return WHY.get(Ended(self.sweep.ended), "") if self.sweep.ended else ""

    @property
    def waits(self) -> str:
        """Why a running one asks for nothing, in words for a person; "" while it does."""
        if self.sweep.phase != Phase.RUNNING or self.payer:
            return ""
        if self.sweep.account_is_fixed and not self.sweep.account:
            return "The account that was chosen is not there any more, so nothing more is sent."
        who = self.sweep.made_by.short_name if self.sweep.made_by else "The person who filled it in"
        return f"{who} has no API token here that could pay for it, own or lent, so nothing more is sent."
