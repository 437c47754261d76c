"""A clone answers every reference.

What comments and docstrings cite stands in docs/, and every file that they name exists.
"""

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowweb.bundles import BUNDLES

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
CITING = sorted(
    path
    for folder in ("apps", "flowweb", "static/js", "static/css", "templates", "tests")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".js", ".css", ".html", ".txt"}
)
PAPERS = [
    *sorted(DOCS.rglob("*.md")),
    *(ROOT / f"{each}.md" for each in ("README", "CONTRIBUTING", "SECURITY")),
]
FILES = {
    "/" + path.relative_to(ROOT).as_posix()
    for folder in ("apps", "docs", "flowweb", "static", "templates", "tests")
    for path in (ROOT / folder).rglob("*.*")
} | {f"/{path.name}" for path in ROOT.glob("*.*")}

# What is cited of docs/, by section, point or page.
SECTION = re.compile(r"docs/(design|look)\.md,\s+sections?\s+(\d+)")
POINT = re.compile(r"docs/api\.md,\s+points?\s+(\d+)(?:\s*[-–]\s*(\d+))?")
PAGE = re.compile(r"\b(?:(?:get|post|delete|put|patch|setup)-flowmusic|api-flowmusic)[a-z0-9-]*")
FILE = re.compile(r"(?<![\w/*<.:-])((?:[\w-]+/)*[\w-]+\.(?:md|py|html|js|css))\b")
FOLDER = re.compile(r"(?<![\w/*<.:-])((?:apps|docs|flowweb|static|templates|tests)/(?:[\w-]+/)+)(?![\w*<{…])")
# Papers that lie outside a clone.
ELSEWHERE = re.compile(
    r"\.\./shared|\b(?:DESIGN|CAREFUL|ROOMS|LOOK|WORDS|STYLE|CASES)\b[.,\s]*(?:md|section|\d)"
)


@functools.cache
def remarks(path: Path) -> str:
    """The comments and docstrings of a file, whatever its language."""
    text = path.read_text()
    if path.suffix == ".py":
        return "\n".join(_python(text))
    if path.suffix in {".html", ".txt"}:
        return "\n".join(re.findall(r"{#.*?#}|{% comment %}.*?{% endcomment %}|<!--.*?-->", text, re.DOTALL))
    lines = r"|(?:^|\s)//[^\n]*" if path.suffix == ".js" else ""
    return "\n".join(re.findall(rf"/\*.*?\*/{lines}", text, re.DOTALL | re.MULTILINE))


def _python(text: str) -> Iterator[str]:
    yield from (
        token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    )
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, documented):
            yield ast.get_docstring(node) or ""


def cited(pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    for path in CITING:
        for match in pattern.finditer(remarks(path)):
            yield path.relative_to(ROOT).as_posix(), match


def test_every_section_that_is_cited_is_written() -> None:
    unanswered = []
    for place, match in cited(SECTION):
        headings = re.findall(r"^## (\d+)\.", (DOCS / f"{match[1]}.md").read_text(), re.MULTILINE)
        if match[2] not in headings:
            unanswered.append((place, match[0]))
    assert unanswered == []


def test_every_point_of_the_api_that_is_cited_is_written() -> None:
    points = {int(each) for each in re.findall(r"^(\d+)\. ", (DOCS / "api.md").read_text(), re.MULTILINE)}
    wanted = [(place, {int(each) for each in match.groups() if each}) for place, match in cited(POINT)]
    assert wanted
    assert [each for each in wanted if not each[1] <= points] == []


def test_every_page_of_the_api_that_is_cited_is_described() -> None:
    described = set(PAGE.findall((DOCS / "api.md").read_text()))
    wanted = list(cited(PAGE))
    assert wanted
    assert [(place, match[0]) for place, match in wanted if match[0] not in described] == []


@pytest.mark.parametrize("pattern", [FILE, FOLDER])
def test_every_file_that_is_named_exists(pattern: re.Pattern[str]) -> None:
    """By its path from the root or the end of it; pages of the API stand in docs/api.md, bundles are made."""
    named = list(cited(pattern))
    assert named
    assert [(place, match[1]) for place, match in named if not exists(match[1])] == []


def test_every_file_that_papers_name_exists() -> None:
    named = [
        (path.name, match[1])
        for path in PAPERS
        for pattern in (FILE, FOLDER)
        for match in pattern.finditer(path.read_text())
    ]
    assert named
    assert [each for each in named if not exists(each[1])] == []


def exists(reference: str) -> bool:
    if PAGE.match(reference) or reference in BUNDLES:
        return True
    if reference.endswith("/"):
        return (ROOT / reference).is_dir()
    return any(file.endswith("/" + reference) for file in FILES)


def test_nothing_is_cited_that_a_clone_does_not_have() -> None:
    papers = [(path.name, found) for path in PAPERS if (found := ELSEWHERE.search(path.read_text()))]
    assert papers == []
    assert [(place, match[0]) for place, match in cited(ELSEWHERE)] == []


def test_every_decision_says_what_guards_it() -> None:
    for decision in sorted((DOCS / "decisions").glob("*.md")):
        text = decision.read_text()
        assert all(f"**{each}" in text for each in ("Decision.", "Why.", "What it costs.", "Guarded by"))


def test_the_ways_of_a_newcomer_lead_somewhere() -> None:
    """Two hops, by the names alone: a folder, and a module in it."""
    ways = re.findall(
        r"^\| [^|`]+ \| `([^`]+)` \| `([^`]+)`.*\|$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE
    )
    assert len(ways) == 6
    assert [
        way for way in ways if not (exists(way[0]) and exists(way[1]) and way[1].startswith(way[0]))
    ] == []


def test_the_plan_names_every_module_of_the_engine() -> None:
    plan = re.findall(r"^    (\w+)/ +([\w, ]+)$", (DOCS / "design.md").read_text(), re.MULTILINE)
    said = {folder: set(re.findall(r"\w+", names)) for folder, names in plan}
    engine = ROOT / "apps" / "generation"
    built = {folder: {path.stem for path in (engine / folder).glob("*.py")} - {"__init__"} for folder in said}
    assert "dispatch" in said
    assert said == built
