"""The steps of `make test`, in order: what each runs, under which variables, and what it needs."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
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


def tests(*, soak: bool) -> list[Step]:
    """What waits most of its time for a start or a browser runs aside of what computes on both cores."""
    aside = tuple(f"--ignore=tests/{room}" for room in ROOMS)
    unit = ("tests", *aside, "-n", "2")
    faults = ("tests/faults", "--soak") if soak else ("tests/faults", "-n", "3")
    return [
        _pytest("unit, SQLite", "unit", *unit),
        _pytest("unit, Postgres", "unit", *unit, "--database-only", needs="postgres"),
        _pytest("local start", "local", "tests/local", lane="aside"),
        _pytest("faults, SQLite", "faults", *faults),
        _pytest("faults, Postgres", "faults", *faults, needs="postgres"),
        _pytest("browser", "browser", "tests/browser", "-n", "2", "--dist", "worksteal", needs="chromium"),
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
