"""`python -m flowweb.local` starts, keeps and stops everything, and says in one line what is in the way."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowweb.local import ports
from flowweb.local.environment import ROOT
from tests.local.processes import alive, wait_for
from tests.local.studio import PROCESSES, READY, Studio


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="module")
def studio(folder: Path) -> Iterator[Studio]:
    made = Studio(folder)
    made.start()
    yield made
    if made.process.poll() is None:
        made.stop(signal.SIGKILL)
    assert wait_for(lambda: made.processes == {}), made.processes


def test_the_first_start_says_where_it_is_and_how_to_sign_in(studio: Studio) -> None:
    assert f"http://127.0.0.1:{studio.port}\n" in studio.said
    link = re.search(r"sign in, once, with this link: http://127\.0\.0\.1:\d+(/\S+)", studio.said)
    assert link, studio.said
    assert studio.get(link.group(1)).status == 200
    assert "Traceback" not in studio.said


def test_everything_runs(studio: Studio) -> None:
    assert {name: len(studio.pids(name)) for name in PROCESSES} == dict.fromkeys(PROCESSES, 1) | {"web": 2}


def test_what_it_keeps_is_private(studio: Studio) -> None:
    data = studio.folder / "data"
    kept = [data, *(path for path in data.rglob("*") if not {"static", "media"} & set(path.parts))]

    assert {path.name for path in kept} >= {"data", "secrets.env", "flowweb.sqlite3", "sandbox"}
    assert [path for path in kept if path.lstat().st_mode & 0o077] == []


@pytest.mark.parametrize("name", PROCESSES)
def test_a_killed_process_comes_back_without_the_others(studio: Studio, name: str) -> None:
    others = {other: studio.first(other) for other in PROCESSES if other != name}
    before = studio.pids(name)
    os.kill(studio.first(name), signal.SIGKILL)

    assert wait_for(lambda: studio.pids(name) - before), studio.said
    assert wait_for(studio.well), studio.said
    assert {other: studio.first(other) for other in others} == others


def test_a_second_start_on_the_same_folder_is_refused_in_one_line(studio: Studio) -> None:
    done = _run(Studio(studio.folder))

    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"flowweb: it already runs at \S+ \(process \d+\)\. Stop that one, .*\n", done.stderr)


def test_a_port_in_use_is_refused_in_one_line(studio: Studio, tmp_path: Path) -> None:
    done = _run(Studio(tmp_path, PORT=str(studio.port)))

    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(rf"flowweb: port {studio.port} is in use\. .* PORT=\d+\n", done.stderr)


def test_manage_runs_beside_it_on_the_same_data(studio: Studio) -> None:
    done = _run(studio, "manage", "bootstrap", "--link")

    assert done.returncode == 0, done.stderr
    assert f"http://127.0.0.1:{studio.port}/" in done.stdout


def test_bootstrap_finds_the_running_site_by_its_folder_alone(studio: Studio) -> None:
    """Without its PORT, and also with the wrong one."""
    for port in ("", "8123"):
        beside = Studio(studio.folder, PORT=port)
        done = _run(beside, "manage", "bootstrap", "--email", "jonas@nightbus.example", "--team", "My studio")
        assert done.returncode == 0, done.stderr
        assert f"http://127.0.0.1:{studio.port}/auth/link/" in done.stdout


def test_while_the_sandbox_is_away_nobody_else_gets_its_port(studio: Studio) -> None:
    port = ports.of_sandbox(studio.folder / "data")
    assert port is not None
    before = studio.pids("sandbox")
    os.kill(studio.first("sandbox"), signal.SIGKILL)
    assert not ports.is_free(port)
    assert wait_for(lambda: studio.pids("sandbox") - before)


def test_ctrl_c_leaves_nothing_and_the_next_start_is_quick(studio: Studio) -> None:
    before = studio.processes
    assert len(before) > len(PROCESSES)

    assert studio.stop() == 0, studio.said
    assert studio.said.endswith("stopped: nothing is left running\n")
    assert not any(alive(pid) for pid in before)

    studio.start()
    match = READY.search(studio.said)
    assert match
    print(f"\nsecond start: ready in {match.group(1)} s")
    assert "up to date" in studio.said
    assert studio.said.count("applied") == 0


def test_kill_9_of_the_supervisor_leaves_nothing_and_the_next_start_works(studio: Studio) -> None:
    before = studio.processes
    studio.stop(signal.SIGKILL)

    assert wait_for(lambda: not any(alive(pid) for pid in before)), studio.processes
    studio.start()
    assert studio.well()
    assert studio.stop(signal.SIGTERM) == 0


WRONG = {
    "FIELD_KEYS": ("k1:short", "FIELD_KEYS"),
    "DATABASE_URL": ("mysql://localhost/songs", "DATABASE_URL"),
    "PUBLIC_URL": ("music.example.com", "PUBLIC_URL"),
    "PORT": ("eighty", "PORT"),
    "REDIS_URL": ("memory://", "REDIS_URL"),
    "WEBHOOKS": ("maybe", "WEBHOOKS"),
}
PROGRAMS = {
    "make run": ("-m", "flowweb.local"),
    "manage.py": ("manage.py", "check"),
    "web": ("-m", "gunicorn", "flowweb.wsgi", "-c", "python:flowweb.gunicorn"),
    "worker": ("-m", "celery", "-A", "flowweb.settings_check", "worker"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_wrong_setting_is_one_line_in_every_program(program: str, name: str, tmp_path: Path) -> None:
    value, said = WRONG[name]
    studio = Studio(tmp_path, SECRET_KEY="x" * 50, FIELD_KEYS=os.environ["FIELD_KEYS"], FLOWWEB_LOCAL="on")
    studio.variables[name] = value

    done = _python(studio, *PROGRAMS[program])

    assert done.returncode == 2
    assert re.fullmatch(rf"flowweb: .*{said}.*\n", done.stdout + done.stderr)


def test_the_database_cant_be_reached_is_one_line(tmp_path: Path) -> None:
    done = _run(Studio(tmp_path, DATABASE_URL=f"postgres://nobody@localhost:{ports.unused()}/songs"))

    assert done.returncode == 2
    assert re.fullmatch(r"flowweb: the database can't be used: .*\n", done.stdout + done.stderr)


def _run(studio: Studio, *arguments: str) -> subprocess.CompletedProcess[str]:
    return _python(studio, "-m", "flowweb.local", *arguments)


def _python(studio: Studio, *arguments: str) -> subprocess.CompletedProcess[str]:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=studio.variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    print(f"{' '.join(arguments)}: {time.monotonic() - started:.1f} s")
    return done


@pytest.mark.long
def test_two_first_starts_at_once_have_a_sandbox_each(tmp_path: Path) -> None:
    """As in two checkouts: nobody has chosen a port for either."""
    studios = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        studios.append(Studio(tmp_path / name))
    try:
        for studio in studios:
            studio.launch()
        for studio in studios:
            studio.until_ready()
        chosen = [ports.of_sandbox(studio.folder / "data") for studio in studios]
        assert len(set(chosen)) == 2
        said = "".join(studio.said for studio in studios)
        assert "starts again" not in said
        assert "in use" not in said
    finally:
        for studio in studios:
            studio.stop()
    assert all(wait_for(lambda studio=studio: studio.processes == {}) for studio in studios)
