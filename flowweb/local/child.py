"""One process of the local start: in a session of its own, watched, restarted, stopped with all its own."""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from apps.die_with_parent import die_with

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
# After this much life a death counts as the first one again.
STEADY = 60.0
# A line longer than this is cut: a runaway process must not fill the supervisor's memory.
LONGEST_LINE = 8192


@dataclass(frozen=True)
class Spec:
    """What to run.

    `layer`: a higher one is stopped before a lower one. `quiet`: its lines are shown only when it dies by
    itself. `once`: it is not restarted. `sockets`: numbers of open files that it gets, under the same numbers.
    """

    name: str
    command: tuple[str, ...]
    layer: int = 0
    quiet: bool = False
    once: bool = False
    sockets: tuple[int, ...] = ()


class Child:
    """`heard(name, line)` gets each line that it writes. All times are seconds of time.monotonic()."""

    def __init__(
        self, spec: Spec, *, environment: Mapping[str, str], folder: Path, heard: Callable[[str, str], None]
    ) -> None:
        self.spec = spec
        self.exit_code: int | None = None
        self.restart_at: float | None = None
        self._environment = environment
        self._folder = folder
        self._heard = heard
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._deaths = 0
        self._rest = b""
        self._buffered: deque[str] = deque(maxlen=20)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None

    @property
    def output(self) -> IO[bytes] | None:
        """The reading end of its output, while it runs."""
        return self._process.stdout if self._process else None

    def start(self) -> None:
        """Raises OSError if the command can't be run at all."""
        self.restart_at = self.exit_code = None
        self._rest = b""
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            self.spec.command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=self.spec.sockets,
            # Safe here: the supervisor has one thread.
            preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509
        )
        if self._process.stdout:
            os.set_blocking(self._process.stdout.fileno(), False)

    def read(self) -> bytes | None:
        """Passes on the lines that are there. b"" at the end of the output, None if nothing is there now."""
        if not self.output:
            return b""
        try:
            data = os.read(self.output.fileno(), 65536)
        except BlockingIOError:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        if not data or len(self._rest) > LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], b""
        for line in filter(None, lines):
            self._pass_on(line.decode("utf-8", "replace").rstrip()[:LONGEST_LINE])
        return data

    @property
    def ended(self) -> bool:
        """Whether it has ended and waits to be collected."""
        if not self._process:
            return False
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def collect(self) -> None:
        """After the end: nothing of its group is left; `exit_code` says how it ended (-9: by signal 9)."""
        if not self._process:
            return
        # Before the zombie is collected: until then its number can't belong to anybody else.
        self.signal(signal.SIGKILL)
        while self.read():
            pass
        self.exit_code = self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self.exit_code is not None and self.exit_code < 0:
            return f"was ended by signal {-self.exit_code}"
        return f"ended with code {self.exit_code}"

    def plan_restart(self) -> float:
        """The pause before the next start: longer with every death, short again after a steady life."""
        if time.monotonic() - self._started >= STEADY:
            self._deaths = 0
        pause = min(FIRST_PAUSE * 2.0**self._deaths, LONGEST_PAUSE)
        self._deaths += 1
        self.restart_at = time.monotonic() + pause
        return pause

    def show_output(self) -> None:
        """The last lines of a quiet process, once they matter."""
        while self._buffered:
            self._heard(self.spec.name, self._buffered.popleft())

    def signal(self, number: signal.Signals, *, group: bool = True) -> None:
        """To the whole group, or to the first process alone; nothing if it has ended."""
        if not self._process:
            return
        try:
            (os.killpg if group else os.kill)(self._process.pid, number)
        except ProcessLookupError:
            return

    def _pass_on(self, line: str) -> None:
        if self.spec.quiet:
            self._buffered.append(line)
        else:
            self._heard(self.spec.name, line)
