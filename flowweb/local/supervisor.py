"""Keeps the processes of one start running: one thread waits for output, deaths, signals, due restarts.

One thread, because forking with several is not safe, and because the kernel ties a child's life to the thread
that started it.
"""

import selectors
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, Self

from flowweb.local.child import Child, Spec
from flowweb.local.terminal import Terminal

# Between TERM and KILL, in seconds. A worker ends within 25 s by itself (apps/shutdown.py), and what it could not end
# is written down by then.
PATIENCE = 27.0
# Signals that come closer together than this are one request to stop.
ONE_REQUEST = 0.3
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Use as a context: leaving it, however, leaves no process behind."""

    def __init__(self, terminal: Terminal, *, environment: Mapping[str, str], folder: Path) -> None:
        self.stop_requests = 0
        self._terminal = terminal
        self._environment = environment
        self._folder = folder
        self._children: list[Child] = []
        self._selector = selectors.DefaultSelector()
        self._bell, self._ringer = socket.socketpair()
        self._before: dict[int, Any] = {}
        self._stopping = False
        self._asked_at = 0.0

    def __enter__(self) -> Self:
        for end in (self._bell, self._ringer):
            end.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        # Any signal, SIGCHLD too, ends the wait in `turn`.
        signal.set_wakeup_fd(self._ringer.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.getsignal(number) for number in (signal.SIGCHLD, *_SIGNALS)}
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in _SIGNALS:
            # `nohup make run` has SIGHUP ignored, and means it.
            if number != signal.SIGHUP or self._before[number] != signal.SIG_IGN:
                signal.signal(number, self._asked_to_stop)
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(-1)
        self._selector.close()
        self._bell.close()
        self._ringer.close()

    def start(self, spec: Spec, heard: Callable[[str, str], None] | None = None) -> Child:
        """Starts a process; its lines go to `heard(name, line)`, else to the terminal."""
        child = Child(
            spec, environment=self._environment, folder=self._folder, heard=heard or self._terminal.line
        )
        self._children.append(child)
        self._launch(child)
        return child

    def finish(self, spec: Spec, heard: Callable[[str, str], None]) -> int | None:
        """Runs a command to its end and returns its exit code; None if somebody asked to stop meanwhile."""
        child = self.start(spec, heard)
        self.until(lambda: not child.alive)
        return child.exit_code

    def until(self, done: Callable[[], bool], *, within: float | None = None) -> bool:
        """Keeps everything running until `done()`. False if somebody asks to stop or time is over before."""
        deadline = time.monotonic() + within if within is not None else None
        while not self.stop_requests:
            if done():
                return True
            if deadline is not None and time.monotonic() > deadline:
                return False
            self.step(0.05)
        return False

    def serve(self) -> None:
        """Keeps everything running until somebody asks to stop."""
        while not self.stop_requests:
            self.step(self._next_restart())

    def step(self, wait: float) -> None:
        """Waits up to so many seconds for something to happen, and deals with all that has happened."""
        for key, _ in self._selector.select(max(wait, 0)):
            if isinstance(key.data, Child):
                self._read(key.data)
            else:
                with suppress(BlockingIOError):
                    self._bell.recv(4096)
        for child in self._children:
            self._look_after(child)

    def stop(self) -> None:
        """Layer by layer, the highest first: TERM, patience, KILL. A second request to stop kills at once."""
        self._stopping = True
        for layer in sorted({child.spec.layer for child in self._children}, reverse=True):
            self._stop_together([child for child in self._children if child.spec.layer == layer])
        self._children.clear()

    def _stop_together(self, children: Sequence[Child]) -> None:
        for child in children:
            # Only to the first of the group: a server tells its own workers, in its own order.
            child.signal(signal.SIGTERM, group=False)
        deadline = time.monotonic() + PATIENCE
        while any(child.alive for child in children):
            if time.monotonic() > deadline or self.stop_requests > 1:
                for child in children:
                    child.signal(signal.SIGKILL)
            self.step(0.1)

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        # `timeout make run` signals the group and make passes it on: both together are one request.
        if time.monotonic() - self._asked_at > ONE_REQUEST:
            self.stop_requests += 1
        self._asked_at = time.monotonic()

    def _launch(self, child: Child) -> None:
        try:
            child.start()
        except OSError as error:
            self._terminal.line(child.spec.name, f"can't be started: {error}")
            child.plan_restart()
        if child.output:
            self._selector.register(child.output, selectors.EVENT_READ, child)

    def _read(self, child: Child) -> None:
        if child.read() == b"":
            self._stop_reading(child)

    def _stop_reading(self, child: Child) -> None:
        """A closed output would be reported for ever."""
        if child.output:
            with suppress(KeyError):
                self._selector.unregister(child.output)

    def _look_after(self, child: Child) -> None:
        if child.ended:
            self._stop_reading(child)
            child.collect()
            self._report_end(child)
        elif child.restart_at is not None and time.monotonic() >= child.restart_at and not self._stopping:
            self._launch(child)

    def _report_end(self, child: Child) -> None:
        """Says how it ended, and when it starts again."""
        if self.stop_requests or self._stopping or child.spec.once:
            return
        child.show_output()
        pause = child.plan_restart()
        self._terminal.line(child.spec.name, f"{child.ending}; it starts again in {pause:g} s")

    def _next_restart(self) -> float:
        due = [child.restart_at for child in self._children if child.restart_at is not None]
        return min(due) - time.monotonic() if due else 60.0
