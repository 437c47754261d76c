"""What a person sees and decides after a restored backup: the team's jobs that came from it, one by one or all."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from django.db import transaction
from django.db.models import Case, QuerySet, When

from apps.accounts.models import Team, User
from apps.generation.jobs import decisions
from apps.generation.jobs.titles import numbered
from apps.generation.models import Hold, Job, LostSongSearch, State
from apps.generation.operations import OPERATIONS
from apps.generation.recovery import adoption, candidates
from apps.generation.restore import guard

MOST_SHOWN = 200


@dataclass(frozen=True)
class RestoredJob:
    """A job from the backup: whether it was found since, and what the search says."""

    job: Job

    @property
    def title(self) -> str:
        return numbered(self.job)

    @property
    def is_open(self) -> bool:
        return self.job.state == State.UNKNOWN

    @property
    def outcome(self) -> str:
        """What became of one that is not open any more."""
        if self.job.state in guard.NOT_SENT_YET:
            return "Requeued, and not sent yet."
        return f"{self.job.get_state_display()}."

    @property
    def search(self) -> LostSongSearch | None:
        return getattr(self.job, "search", None)

    @property
    def is_searched_for(self) -> bool:
        return self.is_open and self.search is not None and self.search.found_at is None

    @cached_property
    def signs(self) -> int:
        """How many songs of the account may be this one: all that are not known to be older."""
        if not self.is_open or self.search is None:
            return 0
        found = adoption.candidates(self.job, self.search)
        return sum(not each.is_older for each in found)

    @property
    def is_searched(self) -> bool:
        """A person has had the songs listed, and can compare. What is synchronous is in no list."""
        return self.job.is_synchronous or bool(self.search and self.search.found_at)

    @property
    def is_not_found(self) -> bool:
        """Not known to be sent; its record looked for, all songs searched, and nothing is there that could be it.

        A synchronous job leaves nothing that could be searched.
        """
        job = self.job
        if not self.is_open or job.settles_at or job.sent_at or job.cancel_requested_at:
            return False
        if self.job.is_synchronous:
            return True
        is_whole = bool(self.search and self.search.found_at and not self.search.problem)
        return is_whole and self.job.times_checked > 0 and not self.signs

    @property
    def is_chosen(self) -> bool:
        """As the page shows it first. What may be paid twice is chosen by a person."""
        return self.is_not_found or not self.is_searched

    @property
    def label(self) -> str:
        return OPERATIONS[self.job.operation].label


@dataclass(frozen=True)
class RestorePage:
    hold: Hold | None
    jobs: list[RestoredJob]

    @property
    def open_jobs(self) -> list[RestoredJob]:
        return [each for each in self.jobs if each.is_open]

    @property
    def is_busy(self) -> bool:
        return any(each.is_searched_for for each in self.jobs)

    @property
    def not_found(self) -> int:
        return sum(each.is_not_found for each in self.jobs)


def of_team(team: Team) -> RestorePage:
    jobs = sorted(_jobs(team)[:MOST_SHOWN], key=lambda job: (job.state != State.UNKNOWN, job.created_at))
    return RestorePage(Hold.of(team).first(), [RestoredJob(job) for job in jobs])


def _jobs(team: Team) -> QuerySet[Job]:
    restored = Job.objects.for_team(team).filter(restored_at__isnull=False)
    # What is to be decided comes first: however much was found since, none of it is left out.
    is_over = Case(When(state=State.UNKNOWN, then=0), default=1)
    related = restored.select_related("asked_by", "search", "source__song", "file", "lyric_draft", "song")
    return related.order_by(is_over, "-restored_at", "created_at")


def chosen(team: Team, ids: Collection[str]) -> list[RestoredJob]:
    """Of those that are still open. An id that is none chooses nothing."""
    return [each for each in of_team(team).open_jobs if str(each.job.pk) in ids]


@transaction.atomic
def search(jobs: Collection[RestoredJob], *, by: User) -> int:
    """Has the newest songs of their accounts read. A synchronous job is in no list."""
    found = [each.job for each in jobs if not each.job.is_synchronous]
    for job in found:
        candidates.start_search(job, by=by)
        decisions.check_now(job)
    return len(found)


def requeue(jobs: Collection[RestoredJob], *, by: User) -> int:
    """Those that were not found. One that is chosen alone after its search was compared by a person: it is, too."""
    alone = len(jobs) == 1
    fit = [each for each in jobs if each.is_not_found or (alone and each.is_searched)]
    return sum(decisions.requeue(each.job, by=by) for each in fit)


def close(jobs: Collection[RestoredJob], *, by: User) -> int:
    return sum(decisions.mark_as_lost(each.job, by=by) for each in jobs)
