"""The table at the end of `make test`, from real runs of pytest."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.run import outcome
from tests.run.outcome import Outcome

FILE = """
import pytest
def test_well(): pass
def test_bad(): assert False
def test_broken(nothing): pass
@pytest.mark.skip(reason="no moon tonight")
def test_skipped(): pass
@pytest.mark.xfail(reason="not yet")
def test_expected(): assert False
"""


def run(folder: Path, content: str) -> Outcome:
    (folder / "test_some.py").write_text(content)
    report = folder / "report.xml"
    options = ("-q", "-p", "no:django", "-c", "/dev/null", f"--rootdir={folder}", f"--junitxml={report}")
    code = subprocess.run(
        [sys.executable, "-m", "pytest", *options, folder], cwd=folder, capture_output=True, check=False
    ).returncode
    return outcome.of_pytest("unit", report, code=code, seconds=1)


def test_every_test_is_counted_once(tmp_path: Path) -> None:
    found = run(tmp_path, FILE)

    assert (found.passed, found.failed) == (2, 2)
    assert found.not_run == [("test_some.test_skipped", "no moon tonight")]


def test_a_run_that_collects_nothing_has_failed(tmp_path: Path) -> None:
    assert (run(tmp_path, "").passed, run(tmp_path, "").failed) == (0, 1)


def test_a_file_that_cant_be_imported_has_failed(tmp_path: Path) -> None:
    assert run(tmp_path, "import nowhere").failed == 1


def test_a_crash_without_a_report_has_failed(tmp_path: Path) -> None:
    assert outcome.of_pytest("unit", tmp_path / "none.xml", code=-11, seconds=1).failed == 1


@pytest.mark.parametrize(
    ("strict", "last", "well"), [(False, "3 passed, 0 failed", True), (True, "3 passed, 2 failed", False)]
)
def test_what_did_not_run_is_named_and_fails_in_ci(strict: bool, last: str, well: bool) -> None:
    steps = [
        Outcome("ruff", passed=1),
        Outcome("unit", passed=2, not_run=[("tests.test_a", "no moon")]),
        Outcome("browser", not_run=[("all of it", "no chromium here")]),
    ]

    text, fine = outcome.table(steps, strict=strict)

    assert fine is well
    assert text.splitlines()[-1] == last
    assert "  browser: all of it: no chromium here" in text
    assert "  unit: tests.test_a: no moon" in text


def test_a_failed_step_fails_the_whole() -> None:
    text, fine = outcome.table([outcome.of_command("types", code=1, seconds=0.5)], strict=False)

    assert (fine, text.splitlines()[-1]) == (False, "0 passed, 1 failed")
    assert "FAILED" in text
