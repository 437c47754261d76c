"""A sandbox in a process of its own: the line that it prints, signals, kill -9, and what it remembers."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from apps.sandbox.server import Sandbox
from tests.sandbox.client import STUDIO, Client, Receiver

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]


@contextmanager
def running(data: Path, *, port: int = 0, speed: float = 1) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address. Told by the one line that it prints."""
    command = [
        sys.executable,
        "-m",
        "apps.sandbox",
        "--port",
        str(port),
        "--data",
        str(data),
        "--speed",
        str(speed),
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("sandbox: ready on http://127.0.0.1:"), line
        yield process, line.split()[3].rstrip(",")
    finally:
        process.kill()
        process.communicate()


def test_a_killed_sandbox_goes_on_where_it_was(tmp_path: Path) -> None:
    with running(tmp_path) as (process, url):
        client = Client(url)
        done = client.song("x [short]", replyRef="done")
        pending = client.music("y", email=STUDIO, replyRef="pending").json
        process.send_signal(signal.SIGKILL)
        process.wait()
    with running(tmp_path) as (_, url):
        client = Client(url)
        assert client.job(done["jobid"]).json["status"] == "completed"
        assert client.job(pending["jobid"]).json == pending
        assert client.get("/jobs").json[STUDIO]["jobs"][0]["jobid"] == pending["jobid"]
        assert client.call("GET", "/_sandbox/charges").json == {"done": 1, "pending": 1}
        assert client.get("/music/download", id=done["jobid"]).status == 200


def test_kill_9_under_load_never_charges_without_a_job(tmp_path: Path) -> None:
    """Whatever moment the kill hits: credits spent = 5 × jobs that the sandbox knows, each with all its takes."""
    with running(tmp_path) as (process, url):
        client = Client(url)
        client.control("accounts", email=STUDIO, credits=100_000, maxJobs=100_000)
        clip = client.song("x [short]", email=STUDIO)["clips"][0]["clip"]
        answered: list[str] = []

        def submit() -> None:
            for number in range(1000):
                try:
                    answered.append(client.edit(clip, "cover", seed=number).json["jobid"])
                    answered.append(client.music(f"song {number}", email=STUDIO).json["jobid"])
                except (OSError, ValueError):
                    return

        threads = [threading.Thread(target=submit) for _ in range(3)]
        for thread in threads:
            thread.start()
        while len(answered) <= 5 and any(thread.is_alive() for thread in threads):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        for thread in threads:
            thread.join()
    sandbox = Sandbox(tmp_path, speed=1)
    sandbox.start()
    try:
        jobs = {row["jobid"] for row in sandbox.state.rows("SELECT jobid FROM jobs")}
        takes = sandbox.state.rows("SELECT count(*) AS n FROM clips")[0]["n"]
        songs = sandbox.state.rows("SELECT count(*) AS n FROM jobs WHERE operation = 'song'")[0]["n"]
        assert len(answered) > 5
        assert set(answered) <= jobs
        assert takes == len(jobs) + songs
        assert sum(sandbox.charged_operations().values()) == len(jobs)
        assert Client(sandbox.url).credits() == 100_000 - 5 * len(jobs)
    finally:
        sandbox.stop()


def test_a_webhook_that_became_due_while_it_was_down_is_sent(tmp_path: Path, receiver: Receiver) -> None:
    sandbox = Sandbox(tmp_path, speed=1)
    sandbox.start()
    jobid = Client(sandbox.url).music("x", replyUrl=receiver.url).json["jobid"]
    sandbox.stop()
    with closing(sqlite3.connect(tmp_path / "sandbox.sqlite3")) as down, down:
        down.execute("UPDATE jobs SET done_at = ?", (time.time(),))
        down.execute("UPDATE hooks SET due_at = ?", (time.time(),))
    assert receiver.received == []
    sandbox = Sandbox(tmp_path, speed=1)
    sandbox.start()
    assert [record["jobid"] for record in receiver.wait_for(1)] == [jobid]
    sandbox.stop()


def test_signals_end_it_at_once(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with running(tmp_path) as (process, url):
            waiting = threading.Thread(target=hang, args=(url,))
            waiting.start()
            while Client(url).call("GET", "/_sandbox/charges").json == {}:
                time.sleep(0.01)
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
            assert (process.returncode, out, err) == (0, "", "")
            waiting.join()
            Path(tmp_path / "sandbox.sqlite3").unlink()


def hang(url: str) -> None:
    try:
        Client(url).music("x [hang]", timeout=60)
    except (ConnectionError, TimeoutError, OSError):
        return


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with running(tmp_path / "one") as (_, url):
        port = url.rpartition(":")[2]
        command = [sys.executable, "-m", "apps.sandbox", "--port", port, "--data", str(tmp_path / "two")]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert port in ended.stderr


def test_stopping_closes_connections_and_threads(tmp_path: Path) -> None:
    before = threading.active_count()
    sandbox = Sandbox(tmp_path, speed=1)
    sandbox.start()
    waiting = threading.Thread(target=hang, args=(sandbox.url,))
    waiting.start()
    while not sandbox.state.charges():
        time.sleep(0.01)
    sandbox.stop()
    waiting.join(30)
    end = time.monotonic() + 30
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.02)
    assert threading.active_count() == before
    assert not waiting.is_alive()


def test_it_imports_nothing_of_the_product() -> None:
    code = (
        "import sys, apps.sandbox.__main__\n"
        "print([name for name in sys.modules if name.startswith(('apps.', 'flowweb', 'django', 'requests'))"
        " and not name.startswith('apps.sandbox')])"
    )
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)}
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "[]"
