"""The running product that all browser tests share, its people, and the sandbox behind it.

The sandbox is as slow as the real API, and songs are ended by order: every state lasts as long as a test needs it.
"""

import re
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator

from flowweb.local import ports
from flowweb.local.environment import ROOT
from tests import sandbox_control
from tests.local.processes import wait_for
from tests.local.studio import Studio

RESTORED = """
from apps.accounts.models import Team
from apps.generation.models import SendLedger
from apps.generation.restore import guard, marks

guard.hold(marks.since(SendLedger.current().series, 0))
for team in Team.objects.exclude(name="{team}"):
    guard.resume(team)
"""
LINK = re.compile(r"https?://\S+/auth/link/\S+")


class Site:
    """`first_link`: the one-time sign-in link that the start printed."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self._studio = Studio(folder, SANDBOX_SPEED="1", **variables)
        self.first_link = ""
        self.sandbox = ""

    def start(self) -> None:
        self._studio.start()
        assert wait_for(lambda: "Ctrl-C stops" in self.said), self.said
        self.first_link = LINK.findall(self.said)[0]
        self.sandbox = f"http://{ports.HOST}:{ports.of_sandbox(self._studio.folder / 'data')}"

    def stop(self) -> None:
        self._studio.stop()

    @property
    def url(self) -> str:
        return f"http://{ports.HOST}:{self.port}"

    @property
    def port(self) -> int:
        return self._studio.port

    def pids(self, name: str) -> set[int]:
        return self._studio.pids(name)

    @property
    def said(self) -> str:
        return self._studio.said

    def add_person(
        self, email: str, *, team: str, name: str, role: str = "", password: str = "", sandbox: bool = True
    ) -> str:
        """Makes a person by `manage.py bootstrap`. Returns their sign-in link, "" for one with a password."""
        options = ["--email", email, "--team", team, "--name", name]
        options += ["--role", role] if role else []
        options += ["--sandbox"] if sandbox else []
        options += ["--password-stdin"] if password else []
        found = LINK.search(self._manage("bootstrap", *options, answer=f"{password}\n"))
        return found.group() if found else ""

    def execute(self, sql: str) -> None:
        """On its database, beside it."""
        with closing(
            sqlite3.connect(self._studio.folder / "data" / "flowweb.sqlite3", timeout=30)
        ) as database:
            database.execute(sql)
            database.commit()

    def restore(self, team: str) -> None:
        """As if the database were from before the first call: all teams are held, and then the others resumed."""
        self.fill(RESTORED.format(team=team))

    def fill(self, script: str) -> None:
        """Runs it beside the product, on the same database."""
        self._manage("shell", "--no-imports", "-v", "0", "-c", script)

    def _manage(self, *arguments: str, answer: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "flowweb.local", "manage", *arguments],
            cwd=ROOT,
            env=self._studio.variables,
            input=answer,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def pending(self) -> list[str]:
        """The jobids of what the remote side is making, the oldest first."""
        jobs: list[dict[str, Any]] = sandbox_control.ask(self.sandbox, "jobs")
        return [job["jobid"] for job in jobs if job["status"] == "pending"]

    def finish(self, *, least: int = 1) -> None:
        """Ends every song that is being made, as soon as there are at least so many: for songs that the page shows."""
        assert wait_for(lambda: len(self.pending()) >= least), self.pending()
        for jobid in self.pending():
            sandbox_control.finish(self.sandbox, jobid)

    def finish_until(self, shown: Locator, *, within: float = 90) -> None:
        """Ends songs until the page shows that: one may still be on its way, and another test's be there already."""
        deadline = time.monotonic() + within
        while not shown.first.is_visible():
            assert time.monotonic() < deadline, f"{shown} isn't shown; {self.pending()} are being made"
            for jobid in self.pending():
                sandbox_control.finish(self.sandbox, jobid)
            shown.page.wait_for_timeout(250)

    @contextmanager
    def in_a_hurry(self) -> Iterator[None]:
        """The remote side takes a second for what takes a minute."""
        sandbox_control.order(self.sandbox, "speed", speed=60)
        yield
        sandbox_control.order(self.sandbox, "speed", speed=1)

    def clear(self) -> None:
        """Cancels every song that is being made, at the remote side: nobody's slots are taken then."""
        for jobid in self.pending():
            address = f"{self.sandbox}/v1/flowmusic/jobs/{jobid}"
            number = re.findall(r"-user:(\d+)-", jobid)[0]  # every team has a subscription of its own
            bearer = {"Authorization": f"Bearer user:{number}-sandboxdemo"}
            with urllib.request.urlopen(
                urllib.request.Request(address, headers=bearer, method="DELETE"), timeout=30
            ) as answer:
                answer.read()
