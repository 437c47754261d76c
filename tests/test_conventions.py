"""The house rules that a linter doesn't know (CONTRIBUTING.md): each was once a remark made twice."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CODE = sorted(
    path
    for folder in ("apps", "flowweb", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)
TESTS = [path for path in CODE if path.relative_to(ROOT).parts[0] == "tests"]
PRODUCT = [path for path in CODE if path not in TESTS]
APPS = [path for path in PRODUCT if path.relative_to(ROOT).parts[0] == "apps"]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
TEMPLATE_TAGS = re.compile(r"{%\s*comment.*?endcomment\s*%}|{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
ELEMENTS = re.compile(r"<[^>]*>|\bdata-[\w-]+=\"[^\"]*\"")
# Attributes that are read to people, or shown to them.
READ_ALOUD = re.compile(r"\b(?:title|alt|placeholder|aria-label|aria-description)=\"([^\"]*)\"")

LONGEST_FILE, LONGEST_TEST, LONGEST_FUNCTION, LONGEST_TEMPLATE, LONGEST_LINE = 300, 360, 60, 200, 120
# Names that say nothing: the verb belongs on the thing, or in a module named by a noun.
NAMELESS = {
    "utils",
    "util",
    "helpers",
    "helper",
    "services",
    "service",
    "common",
    "misc",
    "managers",
    "selectors",
}
# Wiring that must not load the apps before Django or gunicorn is ready.
IMPORTS_LATE = {"flowweb/celery.py", "flowweb/gunicorn.py"}
REVEALS_TOKENS = {"apps/accounts/crypto.py", "apps/upstream/token.py"}
CHANGES_STATES = {"apps/generation/jobs/transitions.py"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def offenders(paths: list[Path], found_in: Callable[[str], object]) -> dict[str, object]:
    """What was found in the text of a file, by its name."""
    assert paths, "nothing to look at"
    found = {name(path): found_in(path.read_text()) for path in paths}
    return {place: problems for place, problems in found.items() if problems}


def every(pattern: str, flags: int = 0) -> Callable[[str], list[str]]:
    return lambda text: [match[0] for match in re.finditer(pattern, text, flags)]


@cache
def parsed(text: str) -> ast.Module:
    return ast.parse(text)


def functions(text: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = parsed(text)
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


# Code.


def test_files_are_short() -> None:
    assert offenders(PRODUCT, lambda text: max(0, text.count("\n") - LONGEST_FILE)) == {}
    assert offenders(TESTS, lambda text: max(0, text.count("\n") - LONGEST_TEST)) == {}


def test_functions_are_short() -> None:
    long = lambda text: [each.name for each in functions(text) if lines_of(each) > LONGEST_FUNCTION]  # noqa: E731
    assert offenders(CODE, long) == {}


def test_modules_have_names_that_say_something() -> None:
    assert [name(path) for path in CODE if path.stem in NAMELESS] == []


def test_no_two_classes_have_one_name() -> None:
    """One word for one thing. Django asks for one name: `Command`."""
    homes: dict[str, set[str]] = {}
    for path in APPS:
        for node in parsed(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.name != "Command":
                homes.setdefault(node.name, set()).add(name(path))
    assert {each: places for each, places in homes.items() if len(places) > 1} == {}


def test_imports_stand_at_the_top() -> None:
    """A cycle is mended in the design, not hidden in a function."""

    def inside(text: str) -> list[int]:
        nodes = (node for function in functions(text) for node in ast.walk(function))
        return [node.lineno for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]

    assert offenders([path for path in PRODUCT if name(path) not in IMPORTS_LATE], inside) == {}


def test_nothing_is_left_for_later() -> None:
    assert offenders(PRODUCT, every(r"\b(?:TODO|FIXME|HACK|NotImplementedError)\b")) == {}


def test_every_function_says_what_it_returns() -> None:
    silent = lambda text: [each.name for each in functions(text) if each.returns is None]  # noqa: E731
    assert offenders(PRODUCT, silent) == {}


def test_tokens_are_revealed_in_one_place() -> None:
    assert offenders(APPS, every(r"\.reveal\(")).keys() <= REVEALS_TOKENS


def test_a_jobs_state_changes_in_one_place() -> None:
    """Every transition is a conditional UPDATE that is told in the job's story."""
    generation = [path for path in APPS if "generation" in path.parts]
    assert offenders(generation, every(r"\.update\([^)]*\bstate=")).keys() <= CHANGES_STATES


def test_views_ask_for_the_method_before_they_ask_who_it_is() -> None:
    """`@require_…` outside, `@team_view` innermost: a wrong method is 405 for everybody, and costs no query."""

    def astray(text: str) -> list[str]:
        marks = {each.name: [_called(mark) for mark in each.decorator_list] for each in functions(text)}
        ours = {view: names for view, names in marks.items() if "team_view" in names}
        return [
            view
            for view, names in ours.items()
            if names[-1] != "team_view" or not any(each.startswith("require_") for each in names)
        ]

    assert offenders(APPS, astray) == {}


def _called(mark: ast.expr) -> str:
    """The name of a decorator, with or without arguments."""
    return ast.unparse(mark.func if isinstance(mark, ast.Call) else mark)


# Templates, scripts and styles: a strict CSP allows nothing inline.


def test_templates_are_short() -> None:
    assert offenders(TEMPLATES, lambda text: max(0, text.count("\n") - LONGEST_TEMPLATE)) == {}


def test_lines_of_templates_are_short() -> None:
    """Mail is left out: a line of it is a paragraph, which the reader's program wraps."""
    long = lambda text: [line.strip() for line in text.splitlines() if len(line) > LONGEST_LINE]  # noqa: E731
    assert offenders(TEMPLATES, long) == {}


def test_templates_hold_no_style_and_no_script() -> None:
    inline = r"\sstyle\s*=|<style|\son[a-z]+\s*=|javascript:|\shx-on|<script(?![^>]*\ssrc=)"
    assert offenders(TEMPLATES, every(inline)) == {}


def test_templates_escape_everything() -> None:
    assert offenders(TEMPLATES, every(r"\|\s*safe\b|autoescape\s+off")) == {}


def test_times_are_written_for_the_reader_and_for_machines() -> None:
    """By the filters of templatetags/formatting.py: in the reader's zone, as a <time> with its datetime."""
    assert offenders(TEMPLATES, every(r"\|\s*(?:date|time|timesince|naturaltime)\b")) == {}


def test_every_form_that_posts_carries_its_csrf_token() -> None:
    form = re.compile(r"<form[^>]*method=[\"']?post.*?</form>", re.DOTALL | re.IGNORECASE)
    bare = lambda text: [each for each in form.findall(text) if "{% csrf_token %}" not in each]  # noqa: E731
    assert offenders(TEMPLATES, bare) == {}


def visible(template: str) -> str:
    """What a person reads or hears of a template, without the names in its markup."""
    text = TEMPLATE_TAGS.sub(" ", template)
    return " ".join(f"{ELEMENTS.sub(' ', text)} {' '.join(READ_ALOUD.findall(text))}".split())


def test_words_are_plain() -> None:
    """What a person reads, not the names in the markup: no apologies, no marketing, no exclamation mark."""
    foreign = every(r"\b(?:oops|please|sorry|generated?|AI)\b|\w!", re.IGNORECASE)
    assert offenders(TEMPLATES, lambda text: foreign(visible(text))) == {}


# Words that are out (docs/words.md), with what is said instead.
OUT_OF_TEXT = {
    r"wish(?:es)?": "prompt, request",
    r"wait(?:s|ing)? in line|in (?:the|your|my) line|keep back|let go on": "queue, queued; pause, resume",
    r"turns?(?! (?:up|off|on)\b)": "its place in the queue",
    r"drops?(?! (?:files|before|after)\b)|puts? (?:it|them) back": "remove from queue; undo",
    r"bring(?:s|ing)? (?:in|back|a token)|brought in": "import; restore; add an API token",
    r"lamps|made on|goes to": "parallel jobs, account",
    r"keepers|family": "variations, versions",
    r"opinions?|take off": "favourite, rating, tags; remove",
    r"bin": "trash",
    r"purse|offer|held": "credits: available, reserved",
    r"sheets?|desk|shelf": "lyric draft, references",
    r"makes? (?:a |it |\d+ |more |your |this )?(?:songs?|again)": "create; retry",
    r"stop waiting|look now|look for it|close it": "cancel; check now; search Flow Music; mark as lost",
    r"change the words|ask for words|ask again": "edit the prompt; write lyrics; rewrite",
    r"keep it|throw it away": "cancel, delete, discard",
    r"go on|goes on": "continue",
    r"asked for": "requested",
    r"words(?! in titles)": "lyrics; search terms; message",
    r"kept|keeps?(?! (?:running|working)\b)": "credits: reserved; audio: saved",
    r"(?<!normally )(?<!for )(?<!was )(?<!is )(?<!are )free(?! slot|, starter|\.joe)": "credits: available",
    r"pictures?": "image",
    r"at once": "parallel jobs; right away",
    r"runs? on|not here": "account; not found, deleted, elsewhere",
    r"changes? it|makes? it|leave it(?! empty)": "edit the prompt; create; cancel",
    r"collect(?:s|ed|ing)?": "add to collection",
    r"hides?": "dismiss",
    r"(?<!arrow )(?<!old )keys": "shortcuts",
    r"hear it|over and over": "preview, loop",
    r"works no more|look into your mail": "link expired; check your email",
}
# In names of modules, classes and functions.
OUT_OF_NAMES = {
    "request": {"wish", "wishes", "asking"},
    "queue": {"turns"},
    "parallel jobs, slots": {"lamp", "lamps"},
    "balance, quote, highest price": {"purse", "offer", "dearest"},
    "lyric draft, mixer": {"sheet", "sheets", "desk"},
    "references": {"shelf"},
    "ratings, favourites": {"opinion", "opinions"},
    "lineage": {"family"},
    "trash": {"bin"},
    "stored, saved, reserved": {"kept", "held"},
    "images": {"picture", "pictures"},
    "responses": {"answers"},
    "variations": {"keeper", "keepers"},
    "removed from the queue": {"dropped", "drop"},
    "error_mapping": {"reaction", "reactions"},
    "recovery": {"looking", "looks", "adopting"},
    "prerequisites, progress": {"footing", "standing"},
    "nouns of the field instead of gerunds": {
        "sweeping",
        "leaving",
        "choosing",
        "tagging",
        "hearing",
        "searching",
        "seeding",
        "charging",
        "connecting",
        "mending",
    },
}
# What is sung, or what is looked for in prompts: no text of ours.
NO_TEXT = {f"apps/sandbox/songs/{each}.py" for each in ("brief", "drafts", "words")} | {
    "apps/sandbox/schema.py"
}


def test_words_are_the_fields_own() -> None:
    """One word for one thing, on pages and in code: each pattern above names what is said instead."""
    out = re.compile(rf"\b(?:{'|'.join(OUT_OF_TEXT)})\b", re.IGNORECASE)
    found = lambda text: [match[0] for match in out.finditer(text)]  # noqa: E731
    mails = sorted((ROOT / "templates").rglob("*.txt"))
    assert offenders(TEMPLATES + mails, lambda text: found(visible(text))) == {}
    spoken = [path for path in APPS if name(path) not in NO_TEXT]
    assert offenders(spoken, lambda text: [word for said in sentences(text) for word in found(said)]) == {}

    forbidden = {word for words in OUT_OF_NAMES.values() for word in words}
    assert [name(path) for path in APPS if parts(path.stem) & forbidden] == []
    assert offenders(APPS, lambda text: [each for each in named(text) if parts(each) & forbidden]) == {}


def sentences(text: str) -> Iterator[str]:
    """Strings with a space in them that are no docstrings."""
    tree = parsed(text)
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in silent:
            continue
        if " " in node.value.strip():
            yield node.value


def named(text: str) -> list[str]:
    """Classes and functions."""
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return [node.name for node in ast.walk(parsed(text)) if isinstance(node, kinds)]


def parts(each: str) -> set[str]:
    """The words of a name in snake or camel case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", each)}


def test_scripts_bring_no_text_to_life_and_set_no_style() -> None:
    risky = r"\beval\(|new Function\(|\.innerHTML\b|insertAdjacentHTML|document\.write|\.style\b"
    assert offenders(SCRIPTS, every(risky)) == {}


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert offenders(SCRIPTS + STYLES, every(r"https?://(?!www\.w3\.org/)|data:image")) == {}
    assert offenders(STYLES, every(r"@import|url\([\"']?(?://|data:)")) == {}
