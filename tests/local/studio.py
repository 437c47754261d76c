"""`python -m flowweb.local` as a person starts it: real processes, a data folder of its own, a free port."""

import http.client
import os
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

from apps.die_with_parent import die_with
from flowweb.local import ports
from flowweb.local.environment import ROOT
from tests.local.processes import parent, wait_for, with_variable, working_in

# What each process of a start can be known by on its command line.
PROCESSES = {
    "redis": "unixsocket",  # an installed redis-server, or the valkey-server of the wheel
    "sandbox": "-m apps.sandbox",
    "web": "-m gunicorn",
    "worker": "-n worker",
    "slow": "-n slow",
    "beat": " beat ",
}
READY = re.compile(r"ready in ([\d.]+) s: (\S+)")
# A first start compresses every static file; other people's tests run beside this one.
PATIENCE = 90


class Studio:
    """One start on one data folder, with its output in a file."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.port = ports.unused()
        self.variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "FLOWWEB_DATA": str(folder / "data"),
            "PORT": str(self.port),
            **variables,
        }
        self._output = folder / f"output-{self.port}"

    def start(self) -> None:
        self._choose_a_port_for_the_sandbox()
        self.launch()
        self.until_ready()

    def launch(self) -> None:
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flowweb.local"],
                cwd=ROOT,
                env=self.variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509
            )

    def until_ready(self) -> None:
        assert wait_for(lambda: READY.search(self.said) or self.process.poll() is not None, within=PATIENCE)
        assert self.process.poll() is None, self.said

    def _choose_a_port_for_the_sandbox(self) -> None:
        """As if by an earlier start: the usual one may be another start's on this machine."""
        data = self.folder / "data"
        data.mkdir(mode=0o700, exist_ok=True)
        if ports.of_sandbox(data) is None:
            (data / "sandbox-port").touch(mode=0o600)
            (data / "sandbox-port").write_text(f"{ports.unused()}\n")

    @property
    def said(self) -> str:
        return self._output.read_text("utf-8", "replace")

    @property
    def processes(self) -> dict[int, str]:
        """Everything that has this data folder in its environment, the supervisor too.

        Redis writes its title over its environment, but works in the folder.
        """
        data = self.folder / "data"
        return with_variable(f"FLOWWEB_DATA={data}") | working_in(data)

    def pids(self, name: str) -> set[int]:
        return {pid for pid, command in self.processes.items() if PROCESSES[name] in command}

    def first(self, name: str) -> int:
        """The one that the supervisor started; gunicorn has workers below it."""
        found: set[int] = set()

        def look() -> bool:
            found.update(pid for pid in self.pids(name) if parent(pid) == self.process.pid)
            return bool(found)

        assert wait_for(look), f"no {name}: {self.processes}"
        (pid,) = found
        return pid

    def get(self, path: str) -> http.client.HTTPResponse | None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            return answer
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def well(self) -> bool:
        answer = self.get("/readyz")
        return answer is not None and answer.status == 200

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)
