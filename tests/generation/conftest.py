"""A team with a sandbox token, and a driver that does at once what tasks and beat do in time."""

import uuid
from dataclasses import dataclass
from http import HTTPStatus
from urllib.error import HTTPError

import pytest

from apps.accounts import tokens
from apps.accounts.models import ApiToken, FlowAccount, Membership, Role, Subscription, Team, User
from apps.generation import tasks
from apps.generation.dispatch import dispatcher
from apps.generation.jobs import poll_times
from apps.generation.jobs.requests import JobRequest
from apps.generation.models import Job, Lease
from apps.generation.polling import completion, poller
from apps.library.archiving import archiver
from apps.library.models import Clip, ClipFile, LyricDraft, ReferenceFile
from apps.sandbox.server import Sandbox
from apps.upstream.token import Token
from tests.sandbox_control import order


@dataclass
class Studio:
    """One member with a token, and what a test does with it."""

    sandbox: Sandbox
    team: Team
    user: User
    token: ApiToken

    @property
    def subscription(self) -> Subscription:
        return Subscription.objects.get(pk=self.token.subscription_id)

    def account(self, start: str) -> FlowAccount:
        return FlowAccount.objects.get(subscription=self.token.subscription_id, email__startswith=start)

    def ask(
        self,
        prompt: str = "a slow waltz, 90 bpm [short]",
        *,
        count: int = 1,
        account: FlowAccount | None = None,
    ) -> list[Job]:
        request = JobRequest(
            team=self.team,
            by=self.user,
            token=self.token,
            account=account,
            operation="music",
            params={"prompt": prompt},
            count=count,
            nonce=uuid.uuid4(),
        )
        return request.ask()

    def ask_for(
        self,
        operation: str,
        *,
        source: Clip | None = None,
        lyric_draft: LyricDraft | None = None,
        file: ReferenceFile | None = None,
        **params: object,
    ) -> Job:
        """One job of any operation; an edit runs where its take is."""
        if source:
            params["clip"] = source.clip_id
        request = JobRequest(
            team=self.team,
            by=self.user,
            token=self.token,
            account=source.account if source else None,
            operation=operation,
            params=params,
            count=1,
            nonce=uuid.uuid4(),
            source=source,
            lyric_draft=lyric_draft,
            file=file,
        )
        return request.ask()[0]

    def take(self, prompt: str = "a slow waltz, 90 bpm [short]") -> Clip:
        """Take A of a song that Flow Music has made; its files are still to come."""
        (job,) = self.ask(prompt, account=self.account("studio"))
        self.dispatch()
        self.finish(job)
        self.look()
        job.refresh_from_db()
        return job.song.takes.get(take=0)

    def dispatch(self, *, synchronous: bool = False) -> int:
        return dispatcher.run(self.token.subscription_id, synchronous=synchronous)

    def look(self) -> None:
        poll_times.poll_now(self.token.subscription_id)
        poller.poll(self.token.subscription_id)

    def tick(self) -> None:
        Lease.objects.filter(name="tick").delete()
        tasks.tick()

    def finish(self, job: Job) -> None:
        """At the remote side, now, if it isn't already."""
        job.refresh_from_db()
        try:
            order(self.sandbox.url, "finish", jobid=job.jobid)
        except HTTPError as error:
            if error.code != HTTPStatus.CONFLICT:
                raise

    def save_files(self, job: Job) -> None:
        job.refresh_from_db()
        for file in ClipFile.objects.filter(clip__song=job.song, kind__in=ClipFile.FIRST).exclude(
            state="none"
        ):
            assert archiver.archive(file.pk), file.kind
        completion.finish()

    def charged(self, job: Job) -> int:
        return self.sandbox.charged(job.reference)


def member(team: Team, email: str, role: Role = Role.MEMBER) -> User:
    user = User.objects.create_user(email)  # without a password: hashing one takes as long as a whole test
    Membership.objects.create(team=team, user=user, role=role)
    return user


def with_token(sandbox: Sandbox, team: Team, user: User, text: str = "user:1000-sandboxdemo") -> Studio:
    endpoint = sandbox.url + tokens.PATH
    taken = tokens.add(Token.parse(text), team=team, owner=user, endpoint=endpoint)
    return Studio(sandbox, team, user, taken.token)


@pytest.fixture
def studio(db: None, sandbox: Sandbox) -> Studio:
    team = Team.objects.create(name="Night Bus")
    return with_token(sandbox, team, member(team, "mara@nightbus.example", Role.OWNER))


def state(job: Job) -> str:
    job.refresh_from_db()
    return job.state
