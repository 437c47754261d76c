"""Turning a filled form into jobs, exactly once per form."""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import ApiToken, FlowAccount, Team, User
from apps.accounts.models.monthly_credits import month_of
from apps.generation.jobs import counted_credits, poll_times, transitions
from apps.generation.models import Job, JobEvent, PanelVersion, State, SweepCell
from apps.library.models import Clip, LyricDraft, ReferenceFile

PROMPT_LIMIT = LYRICS_LIMIT = 10_000


class FormAlreadyUsed(Exception):
    """The form's nonce was used before, and not for this request. Its text says for whose, for a person."""


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """What a person asks for: the same call `count` times, its parameters named as the API names them."""

    team: Team
    by: User
    token: ApiToken
    account: FlowAccount | None  # None: the dispatcher chooses for each song
    operation: str
    params: dict[str, Any]
    count: int
    nonce: uuid.UUID
    source: Clip | None = None  # the take that is edited
    file: ReferenceFile | None = None  # that is sent, or that an image becomes
    lyric_draft: LyricDraft | None = None  # that lyrics are written for
    # One after the other, of the songs of a sweep's cell: the place of the first one, and of how many.
    cell: SweepCell | None = None
    first: int = 0
    size: int | None = None

    def ask(self) -> list[Job]:
        """Puts the songs into the queue, all or none. The same form twice gives the same jobs. Raises CapReached."""
        try:
            return self.enqueue()
        except IntegrityError:
            return self._earlier_jobs()

    @transaction.atomic
    def enqueue(self) -> list[Job]:
        """Raises IntegrityError when it was requested before, CapReached when not all of it fits under the caps."""
        poll_times.poll_soon(self.token.subscription_id)
        each, month = (
            counted_credits.estimate(self.operation, self.token.subscription_id, self.account),
            month_of(),
        )
        jobs = Job.objects.bulk_create(
            self._job(self.first + index, each, month) for index in range(self.count)
        )
        JobEvent.objects.bulk_create(self._first_event(job) for job in jobs)
        counted_credits.reserve(*jobs)
        PanelVersion.bump(self.team.pk)
        transitions.wake_dispatcher(jobs[0])
        return jobs

    def _job(self, index: int, credits: int, month: date) -> Job:
        return Job(
            team=self.team,
            asked_by=self.by,
            token=self.token,
            paid_by_id=self.token.owner_id,
            subscription_id=self.token.subscription_id,
            account=self.account,
            account_is_fixed=self.account is not None,
            operation=self.operation,
            params=self.params,
            source=self.source,
            file=self.file,
            lyric_draft=self.lyric_draft,
            nonce=self.nonce,
            batch_index=index,
            batch_size=self.size or self.count,
            cell=self.cell,
            counted_credits=credits,
            counted_in=month,
        )

    def _first_event(self, job: Job) -> JobEvent:
        text = f"Requested by {self.by}{', in variations' if self.cell else ''}."
        return JobEvent(job=job, at=timezone.now(), state=State.QUEUED, text=text, by=self.by)

    def _earlier_jobs(self) -> list[Job]:
        jobs = list(
            Job.objects.filter(nonce=self.nonce, team=self.team, asked_by=self.by).order_by("batch_index")
        )
        if not jobs and self.operation == "stems":
            raise FormAlreadyUsed("The stems of this take were requested already.")
        if not jobs:
            raise FormAlreadyUsed("This form was sent by somebody else.")
        asked = (self.operation, self.params, self.count)
        if any((job.operation, job.params, job.batch_size) != asked for job in jobs):
            # Back in the browser, other content, sent again: not a double click, and not to be lost like one.
            raise FormAlreadyUsed("This form was sent before, with other content.")
        return jobs
