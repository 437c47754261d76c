"""Works out how far a sweep has come: what was requested and created, what that cost, and what comes next.

Counted from the rows each time: nothing else is remembered.
"""

import uuid
from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import FlowAccount
from apps.generation.jobs import endings, pricing
from apps.generation.jobs.pricing import Price
from apps.generation.models import Job, State, Sweep, SweepCell
from apps.generation.models.jobs import JobQuerySet
from apps.library.models import Clip
from apps.library.models.clips import ClipQuerySet
from apps.prepared import prepared

# In these a song of the sweep takes one of the few places that it has at once.
ON_THE_WAY = {State.QUEUED, State.SUBMITTING, State.RUNNING}
UNSETTLED = ON_THE_WAY | {State.UNKNOWN, State.COLLECTING}


def jobs_of(sweep: Sweep) -> JobQuerySet:
    jobs: JobQuerySet = Job.objects.filter(cell__sweep=sweep)
    return jobs


def favourites(sweep: Sweep) -> ClipQuerySet:
    """The takes of the sweep that somebody of the team has given a heart, or four stars and more."""
    takes: ClipQuerySet = Clip.objects.filter(song__job__cell__sweep=sweep).liked()
    return takes


def price_of(sweep: Sweep) -> Price:
    """Of one song: on the chosen account, else on the dearest of the subscription."""
    if sweep.account_is_fixed and sweep.account:
        return pricing.of_account(sweep.account)
    return pricing.of_any(_connected(sweep.subscription_id))


@prepared
def _connected(subscription_id: int) -> QuerySet[FlowAccount]:
    return FlowAccount.objects.filter(subscription=subscription_id).connected()


@prepared
def _cells(sweep: Sweep) -> QuerySet[SweepCell]:
    return SweepCell.objects.filter(sweep=sweep)


@prepared
def _jobs(sweep: Sweep) -> QuerySet[Job]:
    return jobs_of(sweep).select_related("ran_on").order_by("created_at")


@prepared
def _favourites(sweep: Sweep) -> QuerySet[Clip, uuid.UUID]:
    return favourites(sweep).values_list("pk", flat=True)


class Progress:
    """Where a sweep stands now, counted from its rows."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.cells = _cells(sweep)
        self.jobs = _jobs(sweep)
        self.favourites = frozenset(_favourites(sweep))
        self.price = price_of(sweep)

    @property
    def favourite_count(self) -> int:
        return len(self.favourites)

    def add(self, job: Job) -> None:
        self.jobs.append(job)

    @property
    def queued(self) -> list[Job]:
        return [job for job in self.jobs if job.state == State.QUEUED]

    @property
    def requested(self) -> list[Job]:
        """Those that count for their cell: not what was called off before it was sent."""
        return [job for job in self.jobs if job.error_code != endings.NOT_NEEDED]

    @property
    def total(self) -> int:
        return len(self.cells) * self.sweep.songs_each

    @property
    def committed(self) -> int:
        """Credits: what was charged as far as we know, what may have been, and what is queued."""
        return sum(self._cost(job) for job in self.jobs)

    @property
    def spent(self) -> int:
        return sum(self._cost(job) for job in self.jobs if job.state != State.QUEUED)

    def _cost(self, job: Job) -> int:
        """At least as much as the account charges by now: its price may be learned while the sweep runs."""
        if job.state == State.QUEUED:
            return self.price.credits
        if job.price is None:
            # Refused, or never sent; else its price is not known, as after a backup, and counts as usual.
            unsent = job.state == State.CANCELLED and job.jobid is None
            return 0 if unsent or job.state == State.REJECTED else self.price.credits
        return max(job.price, job.ran_on.price if job.ran_on else 0)

    @property
    def fits(self) -> bool:
        return self.committed + self.price.credits <= self.sweep.cap

    @property
    def has_place(self) -> bool:
        return sum(self._takes_place(job) for job in self.jobs) < Sweep.PARALLEL_SONGS

    @staticmethod
    def _takes_place(job: Job) -> bool:
        if job.state == State.UNKNOWN and job.unknown_since:
            return timezone.now() - job.unknown_since < Job.UNKNOWN_HOLDS_SLOT
        return job.state in ON_THE_WAY

    @property
    def unsettled(self) -> bool:
        """Something may still end in another way, or cost less than was counted for it."""
        return any(job.state in UNSETTLED and not job.given_up for job in self.jobs)

    def next(self) -> tuple[SweepCell, int] | None:
        """The cell and the index of the song to ask for now: one of each combination before the second of any."""
        first = self._count(self.requested)
        last = self._count(self.jobs)
        short = [cell for cell in self.cells if first.get(cell.pk, 0) < self.sweep.songs_each]
        if not short:
            return None
        cell = min(short, key=lambda each: (first.get(each.pk, 0), each.row, each.column))
        return cell, last.get(cell.pk, 0)

    @staticmethod
    def _count(jobs: Iterable[Job]) -> dict[uuid.UUID | None, int]:
        """By cell; what a person asked for again has another nonce and is that person's own song more."""
        counted: dict[uuid.UUID | None, int] = {}
        for job in jobs:
            if job.nonce == job.cell_id:
                counted[job.cell_id] = counted.get(job.cell_id, 0) + 1
        return counted

    def call_off_what_is_too_much(self) -> None:
        """Queued songs for which there is no room under the cap any more, the youngest first."""
        for job in reversed(self.queued):
            if self.committed <= self.sweep.cap:
                return
            endings.call_off(job, "Not sent: it would cost more than the cap of credits. Nothing spent.")
