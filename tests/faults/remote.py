"""The remote side as a process of its own: it outlives whatever is killed here, and its ledger is the judge."""

import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from functools import partial
from pathlib import Path

from apps.die_with_parent import die_with
from flowweb.local import ports
from flowweb.local.environment import ROOT
from tests.local.processes import wait_for
from tests.sandbox_control import ask, order


class Remote:
    """A sandbox in which a song is made only when the test says so (`finish`); it starts empty for each test."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = ports.unused()
        self.url = f"http://127.0.0.1:{self.port}"
        # Real speed: nothing ends by itself while a test looks.
        options = ("--port", str(self.port), "--data", str(data), "--speed", "1")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "apps.sandbox", *options],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509
        )
        assert wait_for(lambda: not self._is_silent()), "the sandbox does not answer"

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def reset(self) -> None:
        order(self.url, "reset")

    def play(self, scenario: str, *, operation: str = "music", times: int = 1) -> None:
        """The next `times` calls of that operation go this way."""
        order(self.url, "scenario", operation=operation, scenario=scenario, times=times)

    def play_no_more(self) -> None:
        """Forgets what was ordered and not yet used up."""
        request = urllib.request.Request(f"{self.url}/_sandbox/scenario", method="DELETE")
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()

    def account(self, email: str, **values: object) -> None:
        order(self.url, "accounts", email=email, **values)

    def finish(self, jobid: str | None) -> None:
        """The job's time is over now, if it isn't already."""
        try:
            order(self.url, "finish", jobid=jobid)
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise

    def charged(self, reference: str) -> int:
        """Songs charged for one `replyRef`."""
        return ask(self.url, "charges").get(reference, 0)

    def charges(self) -> dict[str, int]:
        return ask(self.url, "charges")

    def jobid(self, reference: str) -> str:
        """The jobid under which the remote side has this job, which we may not have been told; "" if it hasn't."""
        return next((job["jobid"] for job in ask(self.url, "jobs") if job["replyRef"] == reference), "")

    def hook_results(self) -> list[str | None]:
        """What our webhook addresses answered."""
        return [hook["result"] for hook in ask(self.url, "hooks")]

    def calls(self, route: str) -> int:
        """How often "METHOD /route" was called, as in "GET /jobs"."""
        return ask(self.url, "requests").get(route, 0)

    def responds(self, route: str) -> dict[int, int]:
        """How often it answered with each status."""
        return dict(
            self._rows("SELECT status, count(*) FROM requests WHERE route = ? GROUP BY status", route)
        )

    def reply_path(self, reference: str) -> str:
        """The path of the webhook address that came with the request: only a hash of it is kept here."""
        ((request,),) = self._rows("SELECT request FROM jobs WHERE reference = ?", reference)
        return "/hooks/" + str(json.loads(request)["replyUrl"]).rpartition("/hooks/")[2]

    def wait_until_charged(self, reference: str) -> None:
        """A request that was written is worked on, also when its sender is dead by then."""
        assert wait_for(lambda: self.charged(reference)), "the request was written, but not worked on"

    def _rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(f"file:{self.data}/sandbox.sqlite3?mode=ro", uri=True)) as ledger:
            return ledger.execute(sql, values).fetchall()

    def _is_silent(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError("the sandbox has ended")
        try:
            ask(self.url, "charges")
        except OSError:
            time.sleep(0.05)
            return True
        return False
