"""Steps side by side: each lane runs its steps one after the other; what a step says is shown in one piece."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

from apps.die_with_parent import die_with
from tests.run import outcome
from tests.run.outcome import Outcome
from tests.run.steps import ROOT, Step

Environment = Callable[[Step], Mapping[str, str]]
# A step that is stopped takes its own processes with it: pytest ends its fixtures after SIGINT.
GRACE_S = 30


@dataclass
class _Run:
    """One step at work. `output` is None where it writes to the terminal itself."""

    step: Step
    report: Path
    output: IO[bytes] | None
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def ended(self, limit: float) -> Outcome | None:
        """Its outcome, None while it still runs."""
        if self.process.poll() is None and self.seconds <= limit:
            return None
        late = self.process.returncode is None
        self.stop()
        self._show(f"stopped after {limit:.0f} s\n" if late else "")
        code = 1 if late else self.process.returncode
        found = outcome.of_pytest(self.step.name, self.report, code=code, seconds=self.seconds)
        print(f"== {outcome.line(found)}", flush=True)
        return found

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _show(self, last: str) -> None:
        if self.output:
            self.output.seek(0)
            text = self.output.read().decode("utf-8", "replace")
            self.output.close()
            print(f"\n== {self.step.name}\n{text}", end="")
        print(last, end="", flush=True)


def run(steps: Sequence[Step], folder: Path, environment: Environment, *, limit: float) -> list[Outcome]:
    """The outcome of every step, in the order of `steps`. No step runs longer than `limit` seconds."""
    waiting = list(steps)
    beside = len({step.lane for step in steps}) > 1
    running: list[_Run] = []
    outcomes: dict[Step, Outcome] = {}
    try:
        while waiting or running:
            for step in _next_in_each_lane(waiting, running):
                waiting.remove(step)
                running.append(_start(step, folder, environment(step), beside=beside))
            time.sleep(0.1)
            for one in list(running):
                if found := one.ended(limit):
                    outcomes[one.step] = found
                    running.remove(one)
    finally:
        for one in running:
            one.stop()
    return [outcomes[step] for step in steps]


def _next_in_each_lane(waiting: Sequence[Step], running: Sequence[_Run]) -> list[Step]:
    busy = {one.step.lane for one in running}
    first = {step.lane: step for step in reversed(waiting)}
    return [step for lane, step in first.items() if lane not in busy]


def _start(step: Step, folder: Path, environment: Mapping[str, str], *, beside: bool) -> _Run:
    """In a session of its own: Ctrl-C reaches it once, from `stop`, and it has the time to clear up."""
    name = step.name.replace(", ", "-").replace(" ", "-")
    report = folder / f"{name}.xml"
    output = (folder / f"{name}.log").open("w+b") if beside else None
    print(f"\n== {step.name}: begins", flush=True)
    # A short path: sockets are made in there. Of a group one step runs at a time.
    own = (f"--junitxml={report}", f"--basetemp={folder / step.group}")
    process = subprocess.Popen(
        [*step.command, *own],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output or sys.stdout.fileno(),
        stderr=subprocess.STDOUT if output else None,
        start_new_session=True,
        preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509 - no threads run here
    )
    return _Run(step, report, output, process)
