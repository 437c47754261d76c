"""A person who goes through the site with a token that must be nowhere; what is seen on the way is the witness's."""

import uuid

from celery import current_app
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client

from apps.accounts.models import ApiToken, FlowAccount, Membership, Role, Subscription, Team
from apps.generation.models import Job, Lease, State
from apps.sandbox.server import Sandbox
from tests.leak_detector import Witness

SECRET = "sandboxCANARYq7Zx41LwPb93"
RAW = f"user:777-{SECRET}"
STATES_AT_REST = {State.QUEUED, State.UNKNOWN, State.RUNNING}


class Run:
    """A person at the site, with every message run as soon as it is read."""

    def __init__(self, witness: Witness, sandbox: Sandbox) -> None:
        self.witness, self.sandbox = witness, sandbox
        self.team = Team.objects.create(name="Night Bus")
        self.user = get_user_model().objects.create_user("mara@nightbus.example")
        Membership.objects.create(team=self.team, user=self.user, role=Role.OWNER)
        self.client = Client(raise_request_exception=False)
        self.client.force_login(self.user)

    def get(self, path: str) -> HttpResponse:
        return self.witness.answered(self.client.get(path))

    def post(self, path: str, **form: object) -> HttpResponse:
        answer = self.witness.answered(self.client.post(path, form))
        self.witness.work()
        return answer

    def add(self, raw: str) -> HttpResponse:
        return self.post("/settings/tokens/", token=raw)

    def ask(self, prompt: str) -> Job:
        assert self.post("/create/", prompt=prompt, count=1, nonce=uuid.uuid4()).status_code == 302
        return Job.objects.latest("created_at")

    def tick(self) -> None:
        Lease.objects.all().delete()
        Subscription.objects.update(next_poll_at=None)
        for name in ("generation.tick", "library.sweep"):
            current_app.send_task(name)
        self.witness.work()

    def clear_the_way(self, job: Job) -> None:
        """What the last scenario blocked is mended, and nothing of it is sent again."""
        if Job.objects.filter(pk=job.pk, state__in=STATES_AT_REST).exists():
            self.post(f"/jobs/{job.pk}/cancel/")
        self.post(f"/settings/tokens/{ApiToken.objects.get().pk}/check/")
        FlowAccount.objects.update(block="", block_reason="", block_until=None)
        Subscription.objects.update(blocked_reason="", blocked_until=None)
        ApiToken.objects.update(refused_at=None)

    def open_pages(self) -> None:
        for path in (
            "/",
            "/create/",
            "/jobs/",
            "/jobs/panel/",
            "/library/",
            "/settings/tokens/",
            "/flow-accounts/",
            "/flow-accounts/add/",
            "/flow-accounts/usage/",
        ):
            self.get(path)
        for job in Job.objects.all():
            self.get(f"/jobs/{job.pk}/")
