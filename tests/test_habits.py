"""What is frozen in several places is frozen to the same: hooks, workflow, formatter, pins."""

import re
from pathlib import Path

from tests.run import layout, steps, wheels

ROOT = Path(__file__).resolve().parents[1]
HOOKS = (ROOT / ".pre-commit-config.yaml").read_text()
WORKFLOWS = [path.read_text() for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
LOCKS = sorted(ROOT.glob("requirements*.txt"))


def test_hooks_have_the_versions_of_the_pins() -> None:
    pins = set(re.findall(r"^([a-z0-9-]+==\S+)", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE))
    frozen = set(re.findall(r"\[([a-z0-9-]+==[^\]]+)\]", HOOKS))
    assert {each.split("==")[0] for each in frozen} == {"ruff", "djangofmt", "typos"}
    assert frozen <= pins
    assert re.findall(r"@biomejs/biome@([\d.]+)", HOOKS) == [layout.biome()]


def test_hooks_lay_templates_out_as_lint_wants_them() -> None:
    (entry,) = re.findall(r"entry: djangofmt (.*)", HOOKS)
    assert set(entry.split()) <= set(steps.TEMPLATES)
    (left_out,) = re.findall(r"exclude: (\^templates/\S+)", HOOKS)
    names = {each.partition("=")[2] for each in steps.TEMPLATES if each.startswith("--extend-exclude")}
    found = {path for path in (ROOT / "templates").rglob("*.html") if path.name in names}
    assert {path.name for path in found} == names
    assert all(re.fullmatch(left_out, path.relative_to(ROOT).as_posix()) for path in found)


def test_the_workflow_runs_on_every_python() -> None:
    versions = [
        tuple(re.findall(r'"([\d.]+)"', each)) for each in re.findall(r"python: \[(.*)\]", *WORKFLOWS)
    ]
    assert set(versions) == {wheels.VERSIONS}


def test_what_the_workflow_uses_is_frozen() -> None:
    used = [each for workflow in WORKFLOWS for each in re.findall(r"uses: (\S+)", workflow)]
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each)] == []


def test_pins_name_no_host() -> None:
    assert LOCKS
    assert [path.name for path in LOCKS if re.search(r"://|--index-url|--find-links", path.read_text())] == []
