"""Forked children of the warmed test process: each may be killed, stopped or raced against others."""

import os
import signal
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from django.db import connections

from tests.faults import steps
from tests.faults.steps import Counter, Plan

Action = Callable[[], object]


@dataclass(frozen=True)
class Ended:
    """How a child ended. `steps` are those that it reached; the last one is where it was killed."""

    killed: bool
    steps: tuple[str, ...]


class Child:
    """Runs the action from the moment of its making; with a plan, its steps are counted."""

    def __init__(self, action: Action, plan: Plan | None = None) -> None:
        # A connection that two processes share would mix up their answers; each opens its own.
        connections.close_all()
        self._pipe, told = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._pipe)
            _become(action, plan, told)
        os.close(told)

    def wait(self) -> Ended:
        """Until it has ended. AssertionError with its traceback if it failed."""
        with os.fdopen(self._pipe) as pipe:
            lines = pipe.read().splitlines()
        _, status = os.waitpid(self.pid, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert killed or status == 0, "\n".join(line for line in lines if line.startswith("!"))
        return Ended(killed, tuple(line for line in lines if not line.startswith("!")))

    def wait_until_stopped(self) -> None:
        """Until it has stopped itself by `stop_here`."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), f"it ended ({status}) instead of stopping"

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def run(action: Action, plan: Plan = steps.nothing) -> Ended:
    """The action in a child of its own, to its end or its death."""
    return Child(action, plan).wait()


def race(actions: Sequence[Action]) -> None:
    """All at the same time, each in a process of its own; the first failure is raised when all have ended."""
    children = [Child(action) for action in actions]
    failures = []
    for child in children:
        try:
            child.wait()
        except AssertionError as error:
            failures.append(error)
    if failures:
        raise failures[0]


def stop_here() -> None:
    """In a child: as SIGSTOP or a suspended machine would, until `go_on`."""
    os.kill(os.getpid(), signal.SIGSTOP)


def _become(action: Action, plan: Plan | None, told: int) -> NoReturn:
    def tell(line: str) -> None:
        os.write(told, f"{line}\n".encode())

    code = 1
    try:
        if plan is not None:
            steps.install(Counter(tell, plan).reach)
        action()
        code = 0
    except BaseException:
        for line in traceback.format_exc().splitlines():
            tell(f"! {line}")
    finally:
        # Without the tests' own endings: nothing of them belongs to a child.
        os._exit(code)
