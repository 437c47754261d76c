"""`python -m tests`: every check and every test that a change can break, then a table. `--rest`: what that leaves out.

`--only <group>` for a part of either: lint, unit, local, faults, browser.

What can't run on this machine is listed by name with the reason; with CI set that is a failure.
TEST_DATABASE_URL names a Postgres to use instead of a private one. The last line is `N passed, N failed`.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests import migrated, variables
from tests.run import chromium, lanes, outcome, postgres, steps
from tests.run.outcome import Outcome
from tests.run.steps import Step

GROUPS = ("lint", "unit", "local", "faults", "browser")
# No step comes near to this; a hanging one must end all the same.
LONGEST_STEP = 1200
LONGEST_OF_REST = 2400


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0 when nothing failed, 1 otherwise."""
    options = _options(arguments)
    folder = variables.make_folder()
    folder.chmod(
        0o711
    )  # on the way to the data of a Postgres that a test starts: as root it runs as another user
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        os.environ.pop("DATABASE_URL", None)
        variables.use(folder)
        possible = steps.rest(soak=options.only == ["faults"]) if options.rest else steps.tests()
        chosen = [step for step in possible if step.group in options.only]
        supply = {"postgres": os.environ.get("TEST_DATABASE_URL", ""), "chromium": ""}
        problems = _get_servers(chosen, supply, cleanup)
        outcomes = _lint() if "lint" in options.only and not options.rest else []
        limit = LONGEST_OF_REST if options.rest else LONGEST_STEP
        outcomes += _test(chosen, folder, supply, problems, limit=limit)
    text, well = outcome.table(outcomes, strict=_in_ci())
    print(text, flush=True)
    return 0 if well else 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests")
    parser.add_argument("--only", action="append", choices=GROUPS, help="only this group of steps")
    parser.add_argument("--rest", action="store_true", help="what is left out without it; takes long")
    options = parser.parse_args(arguments)
    options.only = options.only or GROUPS
    return options


def _get_servers(chosen: Sequence[Step], supply: dict[str, str], cleanup: ExitStack) -> dict[str, str]:
    """Fills `supply` with what the steps need. Returns, by need, why something is not to be had."""
    needs = {step.needs for step in chosen}
    makers: dict[str, Callable[[], str]] = {
        "postgres": lambda: cleanup.enter_context(postgres.private_server()).url,
        "chromium": chromium.find_or_install,
    }
    problems: dict[str, str] = {}
    for need in sorted(needs & makers.keys()):
        try:
            supply[need] = supply[need] or makers[need]()
        except (postgres.NoPostgres, chromium.NoChromium) as error:
            problems[need] = str(error)
    return problems


def _lint() -> list[Outcome]:
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
        seconds = time.monotonic() - started
        found = outcome.of_command(step.name, code=done.returncode, seconds=seconds, said=done.stdout)
        _announce(found, done.stdout if found.failed else "")
        return found

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(check, steps.lint()))


def _test(
    chosen: Sequence[Step], folder: Path, supply: dict[str, str], problems: dict[str, str], *, limit: float
) -> list[Outcome]:
    possible = [step for step in chosen if step.needs not in problems]
    done = lanes.run(possible, folder, lambda step: _environment(step, supply, folder), limit=limit)
    found = dict(zip(possible, done, strict=True))
    return [
        found.get(step) or Outcome(step.name, not_run=[("all of it", problems[step.needs])])
        for step in chosen
    ]


def _environment(step: Step, supply: dict[str, str], folder: Path) -> dict[str, str]:
    """The tests make their own folders, inside ours; of our servers they take the database."""
    inherited = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}
    }
    if step.needs == "postgres":
        inherited["DATABASE_URL"] = supply["postgres"]
    shared = {"TMPDIR": str(folder), migrated.VARIABLE: str(folder / "migrated.sqlite3")}
    return {**inherited, **shared, **step.variables}


def _announce(found: Outcome, output: str) -> None:
    print(f"== {outcome.line(found)}\n{output}".rstrip(), flush=True)


def _in_ci() -> bool:
    return os.environ.get("CI", "").lower() not in {"", "0", "false", "off", "no"}


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupt)  # ends as by Ctrl-C: nothing is left running
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("interrupted")
