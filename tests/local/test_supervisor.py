"""The supervisor with small real processes. Each is found again by a variable in its environment."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from flowweb.local import child as child_module
from flowweb.local import supervisor as supervisor_module
from flowweb.local.child import Child, Spec
from flowweb.local.supervisor import Supervisor
from flowweb.local.terminal import Terminal
from tests.local.processes import alive, wait_for, with_variable

SLEEP = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(600)"
# Starts a process of its own, which outlives it unless somebody cares.
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}]); print('two'); {SLEEP}"


@pytest.fixture
def mark(tmp_path: Path) -> str:
    return f"FLOWWEB_TEST_MARK={tmp_path}"


@pytest.fixture
def supervisor(mark: str, tmp_path: Path) -> Iterator[Supervisor]:
    name, _, value = mark.partition("=")
    variables = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", name: value}
    with Supervisor(Terminal(io.StringIO()), environment=variables, folder=tmp_path) as made:
        yield made
    # What is killed is gone in a moment: the kernel doesn't wait for it to be.
    assert wait_for(_count_is(mark, 0)), f"left behind: {with_variable(mark)}"


def python(name: str, code: str, **options: object) -> Spec:
    return Spec(name, (sys.executable, "-c", code), **options)


def written(supervisor: Supervisor) -> str:
    return supervisor._terminal._out.getvalue()


def until_written(supervisor: Supervisor, text: str) -> None:
    assert supervisor.until(lambda: text in written(supervisor), within=60), written(supervisor)


def test_lines_come_under_the_name_of_their_process(supervisor: Supervisor) -> None:
    supervisor.start(python("web", f"import sys; print('hello'); print('oh', file=sys.stderr); {SLEEP}"))
    supervisor.start(python("beat", f"import os; os.write(1, b'half a '); os.write(1, b'line\\n'); {SLEEP}"))

    until_written(supervisor, "web     | oh\n")
    until_written(supervisor, "beat    | half a line\n")
    assert "web     | hello\n" in written(supervisor)


def test_a_last_line_without_an_end_is_shown(supervisor: Supervisor) -> None:
    supervisor.start(python("web", "print('last words', end='')"))

    until_written(supervisor, "web     | last words\n")


def test_a_killed_process_comes_back(supervisor: Supervisor) -> None:
    child = supervisor.start(python("worker", SLEEP))
    first = child.pid
    os.kill(first, signal.SIGKILL)

    assert supervisor.until(lambda: child.alive and child.pid != first, within=60)
    assert "worker  | was ended by signal 9; it starts again in 0.5 s" in written(supervisor)


def test_what_a_killed_process_had_started_goes_with_it(supervisor: Supervisor, mark: str) -> None:
    child = supervisor.start(python("web", PARENT))
    until_written(supervisor, "two")
    assert wait_for(_count_is(mark, 2)), "a process that has just been started has no variables for a moment"
    before = set(with_variable(mark))
    os.kill(child.pid, signal.SIGKILL)

    assert supervisor.until(lambda: child.alive and child.pid not in before, within=60)
    assert not any(alive(pid) for pid in before)


def test_the_pause_grows_up_to_ten_seconds_and_starts_anew_after_a_steady_life(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = supervisor.start(python("web", SLEEP))
    assert [child.plan_restart() for _ in range(7)] == [0.5, 1, 2, 4, 8, 10, 10]

    monkeypatch.setattr(child_module, "STEADY", 0)

    assert child.plan_restart() == 0.5


def test_a_quiet_process_speaks_when_it_dies(supervisor: Supervisor) -> None:
    child = supervisor.start(python("redis", "print('why I die')", quiet=True))

    until_written(supervisor, "ended with code 0")
    assert written(supervisor).startswith("redis   | why I die\n")
    assert child.restart_at is not None


def test_a_command_that_is_not_there_is_tried_again(supervisor: Supervisor) -> None:
    child = supervisor.start(Spec("redis", ("/nowhere/redis-server",)))

    assert "redis   | can't be started: " in written(supervisor)
    assert (child.alive, child.restart_at is None) == (False, False)


def test_a_step_runs_to_its_end_once(supervisor: Supervisor) -> None:
    lines: list[str] = []

    code = supervisor.finish(
        python("prepare", "print('done'); raise SystemExit(7)", once=True), lambda _, line: lines.append(line)
    )

    assert (code, lines, written(supervisor)) == (7, ["done"], "")


def test_a_request_to_stop_interrupts_a_step(supervisor: Supervisor) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))

    assert supervisor.finish(python("prepare", SLEEP, once=True), lambda *_: None) is None
    assert supervisor.stop_requests == 1


def test_layers_stop_from_the_top(supervisor: Supervisor, tmp_path: Path) -> None:
    children = _write_their_end(supervisor, tmp_path, redis=0, sandbox=1, web=2)
    assert supervisor.until(lambda: len(list(tmp_path.glob("*.up"))) == len(children), within=60)

    supervisor.stop()

    assert (tmp_path / "ends").read_text().split() == ["web", "sandbox", "redis"]


def _write_their_end(supervisor: Supervisor, folder: Path, **layers: int) -> list[Child]:
    """Processes that note their name in a file when they are told to stop."""
    code = dedent("""
        import pathlib, signal, sys, time
        def end(*_):
            time.sleep(0.2)
            open("ends", "a").write("NAME ")
            sys.exit()
        signal.signal(signal.SIGTERM, end)
        pathlib.Path("NAME.up").touch()
        time.sleep(600)
    """)
    return [
        supervisor.start(python(name, code.replace("NAME", name), layer=layer))
        for name, layer in layers.items()
    ]


def test_who_does_not_listen_is_killed(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "PATIENCE", 0.3)
    child = supervisor.start(python("slow", DEAF))
    until_written(supervisor, "deaf")

    supervisor.stop()

    assert child.exit_code == -signal.SIGKILL


def test_a_second_request_kills_at_once(supervisor: Supervisor) -> None:
    child = supervisor.start(python("slow", DEAF))
    until_written(supervisor, "deaf")
    supervisor.stop_requests = 2
    started = time.monotonic()

    supervisor.stop()

    assert child.exit_code == -signal.SIGKILL
    assert time.monotonic() - started < supervisor_module.PATIENCE


def test_one_request_may_come_as_several_signals(supervisor: Supervisor) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        os.kill(os.getpid(), number)

    assert supervisor.stop_requests == 1


def test_nobody_reading_is_no_reason_to_end() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as out:
        terminal = Terminal(out)
        terminal.say("anybody?")
        terminal.say("no")


OUTER = """
import os, pathlib, signal, sys
from flowweb.local.child import Spec
from flowweb.local.supervisor import Supervisor
from flowweb.local.terminal import Terminal
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may run under nohup
with Supervisor(Terminal(), environment=os.environ, folder=pathlib.Path(".")) as supervisor:
    for code in sys.argv[1:]:
        supervisor.start(Spec("child", (sys.executable, "-c", code)))
    supervisor.serve()
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_however_the_supervisor_ends_its_processes_end(mark: str, end: signal.Signals) -> None:
    name, _, value = mark.partition("=")
    outer = subprocess.Popen(
        [sys.executable, "-c", OUTER, SLEEP, SLEEP, SLEEP],
        env={**os.environ, name: value},
        start_new_session=True,
    )
    assert wait_for(_count_is(mark, 4))

    outer.send_signal(end)

    assert wait_for(_count_is(mark, 0)), with_variable(mark)
    assert outer.wait() == (-signal.SIGKILL if end == signal.SIGKILL else 0)


def _count_is(mark: str, number: int) -> Callable[[], bool]:
    return lambda: len(with_variable(mark)) == number
