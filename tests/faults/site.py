"""The product's own processes on the test's database, really started and really killed. The test is their beat."""

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlencode

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from redis import Redis

from apps.accounts.models import Subscription
from apps.die_with_parent import die_with
from apps.generation.models import Job, Lease, State
from apps.library.models import ClipFile
from flowweb.local import ports, processes
from flowweb.local.environment import ROOT
from tests.faults import messages
from tests.faults.remote import Remote
from tests.local.processes import wait_for

COMMANDS = {spec.name: spec.command for spec in processes.site()}
WITHIN_S = 90
CSRF = "c" * 32


class Site:
    """Processes by name ("web", "worker", "slow", "beat"), of each as many as are started."""

    def __init__(self, remote: Remote, folder: Path) -> None:
        self.port = ports.unused()
        self._log = (folder / "log").open("ab")
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []
        self.environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "SANDBOX_URL": remote.url,
            "PORT": str(self.port),
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "WEBHOOKS": "on",
            "PYTHONWARNINGS": "ignore",
        }
        messages.take()

    def start(self, *names: str) -> None:
        """In sessions of their own, so that a kill takes all that belongs to one."""
        for name in names:
            process = subprocess.Popen(
                COMMANDS[name],
                cwd=ROOT,
                env=self.environment,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,
                preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509
            )
            self._running.append((name, process))
        if "web" in names:
            assert wait_for(self._answers, within=WITHIN_S), "gunicorn does not answer"

    def kill(self, name: str = "") -> None:
        """kill -9 of every process of that name with all its own; of all without a name."""
        for each in [each for each in self._running if name in {"", each[0]}]:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(each[1].pid, signal.SIGKILL)
            each[1].wait()
            self._running.remove(each)

    def listening(self) -> int:
        """How many workers wait for messages: such a one has begun, and hears a signal."""
        with Redis.from_url(settings.REDIS_URL) as redis:
            return [client["cmd"] for client in redis.client_list()].count("brpop")

    def ask_to_stop(self, name: str) -> list[float]:
        """SIGTERM to every process of that name. How many seconds each took to end, in order; fails after 30."""
        chosen = [each for each in self._running if each[0] == name]
        began = time.monotonic()
        for _, process in chosen:
            process.terminate()
        took = []
        for each in chosen:
            assert each[1].wait(30) == 0, self.said()
            took.append(time.monotonic() - began)
            self._running.remove(each)
        return took

    def said(self) -> str:
        return Path(self._log.name).read_text("utf-8", "replace")

    def stop(self) -> None:
        self.kill()
        self._log.close()
        messages.take()

    def until(self, condition: Callable[[], object], *, beat: bool = True) -> None:
        """Ticks until it is so."""

        def look() -> bool:
            if beat:
                tick()
                time.sleep(0.2)
            return bool(condition())

        assert wait_for(look, within=WITHIN_S), f"not in time: {list(Job.objects.values('state', 'jobid'))}"

    def post_form(self, browser: Client, values: dict[str, object], *, timeout: float = 30) -> int:
        """The status of POST /create/ by a signed-in browser. OSError or HTTPException if nobody answers."""
        session = browser.cookies[settings.SESSION_COOKIE_NAME].value
        headers = {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={CSRF}",
            "X-CSRFToken": CSRF,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        web = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            web.request("POST", "/create/", urlencode(values), headers)
            return web.getresponse().status
        finally:
            web.close()

    def _answers(self) -> bool:
        web = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            web.request("GET", "/healthz")
            return web.getresponse().status < 500
        except OSError:
            return False
        finally:
            web.close()


def tick() -> None:
    """What a beat does, without its pauses."""
    Lease.objects.filter(name="tick").delete()
    cache.delete("turn:library.sweep")
    for task in ("generation.tick", "library.sweep"):
        current_app.send_task(task)


def years_pass() -> None:
    """For rows: claims of the dead expire, what was to be done later is due now."""
    past = timezone.now() - timedelta(minutes=11)
    Job.objects.filter(state=State.SUBMITTING).update(claim_expires_at=past)
    Job.objects.filter(state=State.QUEUED).update(not_before=None)
    Job.objects.filter(check_at__isnull=False).update(check_at=past)
    Subscription.objects.update(next_poll_at=None)
    ClipFile.objects.filter(state=ClipFile.State.WANTED).update(claim_until=None, next_try_at=past)


def files_are_given_up() -> None:
    """A song is complete ten minutes after it was made, whatever files are missing."""
    Job.objects.update(collecting_since=timezone.now() - timedelta(minutes=11))


def database_url() -> str:
    """Of the database that this test runs on."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{quote(name)}"
    return os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
