"""The steps of `make test` and of `make test-all`, in order: what each runs, under which variables, and what it needs.

`make test` is what a change can break, in minutes: all on SQLite, on Postgres what a database can change (the mark
`databases`), a spread of the crash steps on SQLite, the main jobs in a browser. What is marked `long`, the second
database whole, and every crash step are left to `make test-all`: nothing is in neither.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Rooms of the tests with a step of their own.
ROOMS = ("faults", "browser", "bench", "local")
# djangofmt, as `make format` calls it. Two lists open and close by what is in them, and it reads no such templates.
TEMPLATES = (
    "--profile=django",
    "--line-length=120",
    "--extend-exclude=versions.html",
    "--extend-exclude=_versions.html",
    "--quiet",
    "templates",
)
HOSTED = {
    "FLOWWEB_LOCAL": "off",
    "PUBLIC_URL": "https://music.example.com",
    "TRUST_PROXY": "on",
    "USEAPI_BASE_URL": "",
    "MUSICAPI_BASE_URL": "",
}


@dataclass(frozen=True)
class Step:
    """`needs`: "postgres" or "chromium". Steps of different lanes run at the same time."""

    name: str
    group: str
    command: tuple[str, ...]
    needs: str = ""
    lane: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)


def lint() -> list[Step]:
    return [
        _check("format", "ruff", "format", "--check", "--quiet", "."),
        _check("ruff", "ruff", "check", "--quiet", "."),
        _program("templates", "djangofmt", "--check", *TEMPLATES),
        _program("spelling", "typos", "--format", "brief"),
        _check("types", "mypy"),
        Step("import rules", "lint", (sys.executable, "-c", _LINT_IMPORTS)),
        _manage("migrations", "makemigrations", "--check", "--dry-run"),
        _check("wheels", "tests.run.wheels"),
        _check("known weaknesses", "tests.run.audit"),
        _manage("deploy check", "check", "--deploy", "--fail-level", "WARNING", variables=HOSTED),
    ]


_UNIT = ("tests", *(f"--ignore=tests/{room}" for room in ROOMS))
_SHORT, _LONG, _DATABASES = ("-m", "not long"), ("-m", "long"), ("-m", "databases and not long")


def tests() -> list[Step]:
    """What waits most of its time for a start or a browser runs aside of what computes on both cores."""
    return [
        _pytest("unit, SQLite", "unit", *_UNIT, *_SHORT, "-n", "2"),
        _pytest(
            "unit, Postgres", "unit", *_UNIT, *_DATABASES, "-n", "2", "--database-only", needs="postgres"
        ),
        _pytest("local start", "local", "tests/local", *_SHORT, lane="aside"),
        _pytest("browser", "browser", "tests/browser", *_SHORT, needs="chromium", lane="aside"),
        _pytest("faults, SQLite", "faults", "tests/faults", *_SHORT, "-n", "2", lane="aside"),
    ]


def rest(*, soak: bool) -> list[Step]:
    """What `tests` leaves out, and what it tries only some of. `soak`: on Postgres, too, every crash step."""
    every_step = ("tests/faults", "--soak", "-n", "3")
    of_postgres = {} if soak else {"CRASH_STEPS": "half"}
    # One at a time to whoever is free: to steal from each other, xdist 3.8 loses one now and then.
    browser = ("tests/browser", *_LONG, "-n", "2", "--maxschedchunk", "1")
    return [
        _pytest("unit, SQLite, long", "unit", *_UNIT, *_LONG, "-n", "2"),
        _pytest("unit, Postgres, whole", "unit", *_UNIT, "-n", "2", "--database-only", needs="postgres"),
        _pytest("every crash step, SQLite", "faults", *every_step),
        replace(
            _pytest("crash steps, Postgres", "faults", *every_step, needs="postgres"), variables=of_postgres
        ),
        _pytest("local start, long", "local", "tests/local", *_LONG, lane="aside"),
        _pytest("browser, every page", "browser", *browser, needs="chromium"),
    ]


# The console script of import-linter holds the path of the venv; this works after the project was moved, too.
_LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def _check(name: str, module: str, *arguments: str) -> Step:
    return Step(name, "lint", (sys.executable, "-m", module, *arguments))


def _program(name: str, program: str, *arguments: str) -> Step:
    """A program that stands beside the Python of the venv."""
    return Step(name, "lint", (str(Path(sys.executable).with_name(program)), *arguments))


def _manage(name: str, *arguments: str, variables: Mapping[str, str] | None = None) -> Step:
    return Step(name, "lint", (sys.executable, "manage.py", *arguments), variables=variables or {})


def _pytest(name: str, group: str, *arguments: str, needs: str = "", lane: str = "") -> Step:
    return Step(name, group, (sys.executable, "-m", "pytest", "-q", *arguments), needs=needs, lane=lane)
