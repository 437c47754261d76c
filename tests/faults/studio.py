"""The driver of these tests: does what beat, workers and a person would do until nothing is left to do."""

from dataclasses import dataclass
from typing import Any

from django.test import Client

from apps.accounts.models import FlowAccount, User
from apps.generation.dispatch import dispatcher
from apps.generation.jobs import decisions
from apps.generation.models import Job, SeenJob, State
from apps.library.models import ClipFile, Song
from tests.faults.remote import Remote
from tests.generation.conftest import Studio

# What is left when nobody has anything to do any more.
AT_REST = {
    State.COMPLETED,
    State.FAILED,
    State.REJECTED,
    State.CANCELLED,
    State.ABANDONED,
    State.UNKNOWN,
}
MOST_ROUNDS = 30
LOOKS = 2  # so often is looked for what is not known


@dataclass
class FaultyStudio(Studio):
    """`sandbox` is a process of its own here."""

    sandbox: Remote  # type: ignore[assignment]
    clock: Any

    @property
    def remote(self) -> Remote:
        return self.sandbox

    def fresh(self) -> None:
        """As new, for the next case of a matrix: no jobs here, and none at the remote side."""
        Job.objects.all().delete()
        SeenJob.objects.all().delete()
        Song.objects.all().delete()
        FlowAccount.objects.update(block="", block_reason="", block_until=None)
        self.remote.reset()

    def one(self, prompt: str = "a slow waltz, 90 bpm [short]") -> Job:
        (job,) = self.ask(prompt, account=self.account("studio"))
        return job

    def running(self, prompt: str = "a slow waltz, 90 bpm [short]") -> Job:
        job = self.one(prompt)
        self.dispatch()
        job.refresh_from_db()
        assert job.state == State.RUNNING
        return job

    def unknown(self) -> Job:
        """Taken and charged, but the answer got lost."""
        job = self.one()
        self.remote.play("drop after")
        self.dispatch()
        job.refresh_from_db()
        assert (job.state, self.remote.charged(job.reference)) == (State.UNKNOWN, 1)
        return job

    def round(self) -> None:
        """One period in which every message arrives."""
        self.tick()
        dispatcher.remove_cancelled()
        self.dispatch()
        self.dispatch(synchronous=True)
        self.look()

    def rest(self) -> None:
        """Claims expire, songs are made, files don't come: goes on until every job is at rest."""
        self.clock.forward(minutes=3)
        for rounds in range(MOST_ROUNDS):
            self.round()
            for job in Job.objects.filter(state=State.RUNNING, cancel_requested_at=None):
                self.remote.finish(job.jobid)
            collecting = Job.objects.filter(state=State.COLLECTING).exists()
            self.clock.forward(seconds=660 if collecting else 15)
            if rounds >= LOOKS and not Job.objects.exclude(state__in=AT_REST).exists():
                return
        raise AssertionError(f"not at rest: {[str(job) for job in Job.objects.all()]}")

    def decide_to_pay_again(self, job: Job) -> Job:
        """What only a person may do about an outcome that is not known."""
        again = decisions.retry(job, by=self.user)
        assert again
        self.rest()
        again.refresh_from_db()
        return again

    def files(self, job: Job) -> list[ClipFile]:
        job.refresh_from_db()
        return list(ClipFile.objects.filter(clip__song=job.song, kind__in=ClipFile.FIRST))


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser
