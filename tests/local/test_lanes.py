"""Steps of `make test` side by side, with small real programs instead of pytest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.processes import wait_for, with_variable
from tests.run import lanes
from tests.run.outcome import Outcome
from tests.run.steps import ROOT, Step

REPORT = """
import pathlib, sys
path = sys.argv[1].partition("=")[2]
pathlib.Path(path).write_text('<testsuite><testcase classname="a" name="b"/></testsuite>')
"""
# Each goes on only when the other one has begun.
MEET = """
import pathlib, sys, time
print(f"{sys.argv[0]}{me} begins", flush=True)
pathlib.Path(me).touch()
while not pathlib.Path(other).exists(): time.sleep(0.01)
print(f"{me} ends")
"""
SLEEP = "import time; time.sleep(600)"


def step(name: str, code: str, lane: str = "") -> Step:
    return Step(name, "unit", (sys.executable, "-c", code), lane=lane)


def run(steps: list[Step], folder: Path, *, limit: float = 60) -> list[Outcome]:
    return lanes.run(steps, folder, lambda _: {**os.environ, "FLOWWEB_TEST_MARK": str(folder)}, limit=limit)


def test_two_lanes_at_once_each_output_in_one_piece(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    left, right = str(tmp_path / "left"), str(tmp_path / "right")
    meet = [
        f"me, other = {left!r}, {right!r}{MEET}{REPORT}",
        f"me, other = {right!r}, {left!r}{MEET}{REPORT}",
    ]

    found = run([step("one", meet[0]), step("two", meet[1], "aside"), step("three", REPORT)], tmp_path)

    assert [(one.name, one.passed, one.failed) for one in found] == [
        ("one", 1, 0),
        ("two", 1, 0),
        ("three", 1, 0),
    ]
    said = capfd.readouterr().out
    for name, path in (("one", left), ("two", right)):
        assert f"== {name}\n-c{path} begins\n{path} ends\n" in said


def test_a_step_that_takes_too_long_is_stopped_and_has_failed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = run([step("late", SLEEP), step("later", SLEEP, "aside")], tmp_path, limit=0.5)

    assert [(one.passed, one.failed) for one in found] == [(0, 1), (0, 1)]
    assert capfd.readouterr().out.count("stopped after") == 2
    assert wait_for(lambda: with_variable(f"FLOWWEB_TEST_MARK={tmp_path}") == {})


def test_whoever_ends_it_ends_the_steps(tmp_path: Path) -> None:
    """Also by kill -9: the steps have sessions of their own, so no terminal would end them."""
    code = (
        "from tests.local.test_lanes import *\n"
        f"run([step('a', SLEEP), step('b', SLEEP, 'aside')], Path({str(tmp_path)!r}))"
    )
    runner = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL)
    mark = f"FLOWWEB_TEST_MARK={tmp_path}"
    assert wait_for(lambda: len(with_variable(mark)) == 2)

    runner.kill()
    runner.wait()

    assert wait_for(lambda: with_variable(mark) == {})
