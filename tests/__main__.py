"""`python -m tests`: every check and every test, then a table. `--only <group>` for a part of it.

What can't run on this machine is listed by name with the reason; with CI set that is a failure.
TEST_DATABASE_URL names a Postgres to use instead of a private one. The last line is `N passed, N failed`.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests import variables
from tests.run import chromium, outcome, postgres, steps
from tests.run.outcome import Outcome
from tests.run.steps import Step

GROUPS = ("lint", "unit", "local", "faults", "browser")
# No step comes near to this; a hanging one must not take the whole quarter of an hour.
LONGEST_STEP = 600
LONGEST_SOAK = 3 * 3600


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0 when nothing failed, 1 otherwise."""
    wishes = _wishes(arguments)
    folder = variables.make_folder()
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        os.environ.pop("DATABASE_URL", None)
        variables.use(folder)
        chosen = [step for step in steps.tests(soak=wishes.soak) if step.group in wishes.only]
        supply = {"postgres": os.environ.get("TEST_DATABASE_URL", ""), "chromium": ""}
        problems = _get_servers(chosen, supply, cleanup)
        outcomes = _lint(folder) if "lint" in wishes.only else []
        limit = LONGEST_SOAK if wishes.soak else LONGEST_STEP
        outcomes += [_test(step, folder, supply, problems, limit=limit) for step in chosen]
    text, well = outcome.table(outcomes, strict=_in_ci())
    print(text, flush=True)
    return 0 if well else 1


def _wishes(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests")
    parser.add_argument("--only", action="append", choices=GROUPS, help="only this group of steps")
    parser.add_argument("--soak", action="store_true", help="the long form of the fault tests")
    wishes = parser.parse_args(arguments)
    wishes.only = wishes.only or GROUPS
    return wishes


def _get_servers(chosen: Sequence[Step], supply: dict[str, str], cleanup: ExitStack) -> dict[str, str]:
    """Fills `supply` with what the steps need. Returns, by need, why something is not to be had."""
    needs = {step.needs for step in chosen}
    makers: dict[str, Callable[[], str]] = {
        "postgres": lambda: cleanup.enter_context(postgres.private_server()),
        "chromium": chromium.find_or_install,
    }
    problems: dict[str, str] = {}
    for need in sorted(needs & makers.keys()):
        try:
            supply[need] = supply[need] or makers[need]()
        except (postgres.NoPostgres, chromium.NoChromium) as error:
            problems[need] = str(error)
    return problems


def _lint(folder: Path) -> list[Outcome]:
    """Two at a time; what each says is shown when it is done."""

    def check(step: Step) -> Outcome:
        started = time.monotonic()
        done = subprocess.run(
            step.command,
            cwd=steps.ROOT,
            env={**os.environ, **step.variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        found = outcome.of_command(step.name, code=done.returncode, seconds=time.monotonic() - started)
        _announce(step, found, done.stdout if found.failed else "")
        return found

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(check, steps.lint()))


def _test(
    step: Step, folder: Path, supply: dict[str, str], problems: dict[str, str], *, limit: float
) -> Outcome:
    """Runs pytest with its output on the terminal."""
    if reason := problems.get(step.needs):
        return Outcome(step.name, not_run=[("all of it", reason)])
    report = folder / f"{step.name.replace(', ', '-').replace(' ', '-')}.xml"
    print(f"\n== {step.name}", flush=True)
    started = time.monotonic()
    try:
        code = subprocess.run(
            [*step.command, f"--junitxml={report}"],
            cwd=steps.ROOT,
            env=_environment(step, supply),
            check=False,
            timeout=limit,
        ).returncode
    except subprocess.TimeoutExpired:
        print(f"stopped after {limit} s", flush=True)
        code = 1
    return outcome.of_pytest(step.name, report, code=code, seconds=time.monotonic() - started)


def _environment(step: Step, supply: dict[str, str]) -> dict[str, str]:
    """The tests make their own folder; of ours they take the database and the browser."""
    inherited = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}
    }
    if step.needs == "postgres":
        inherited["DATABASE_URL"] = supply["postgres"]
    return {**inherited, **step.variables}


def _announce(step: Step, found: Outcome, output: str) -> None:
    print(f"== {step.name}: {found.word}\n{output}".rstrip(), flush=True)


def _in_ci() -> bool:
    return os.environ.get("CI", "").lower() not in {"", "0", "false", "off", "no"}


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("interrupted")
