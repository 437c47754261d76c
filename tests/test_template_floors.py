"""Templates keep to the floors of the code (docs/design.md, section 2): generation → library → accounts.

A template includes, extends, loads and links what is of its own app or of one below. The shell of every page, at the
top of templates/, may name any of them.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template import engines
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "templates"
FLOORS = ("accounts", "library", "generation")
# Pages of django-allauth, which our own ones stand in for.
HOMES = dict.fromkeys(("account", "allauth", "mfa", "socialaccount"), "accounts") | {
    floor: floor for floor in FLOORS
}

COMMENTS = re.compile(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}", re.DOTALL)
PARTS = re.compile(r"{%\s*(?:include|extends)\s+[\"']([^\"']+)[\"']")
LIBRARIES = re.compile(r"{%\s*load\s+(?:[\w ]+\s+from\s+)?([\w ]+?)\s*%}")
ADDRESSES = re.compile(r"{%\s*url\s+[\"']([^\"']+)[\"']")


def floor_of(path: str) -> str | None:
    """The app of a template, by its folder; None for what stands at the top, and serves all."""
    return HOMES[path.split("/")[0]] if "/" in path else None


def app_of(module: str) -> str | None:
    """generation for apps.generation.jobs; accounts for what django-allauth adds to it."""
    top, _, rest = module.partition(".")
    if top == "allauth":
        return "accounts"
    return rest.split(".")[0] if top == "apps" and rest.split(".")[0] in FLOORS else None


def named_addresses(patterns: list[URLPattern | URLResolver]) -> Iterator[tuple[str, str | None]]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from named_addresses(each.url_patterns)
        elif each.name:
            yield each.name, app_of(each.callback.__module__)


def names_of(text: str) -> Iterator[tuple[str, str | None]]:
    """What a template names of other templates, tag libraries and addresses, and the app that each is of."""
    libraries = engines["django"].engine.libraries  # type: ignore[attr-defined]
    addresses = dict(named_addresses(get_resolver().url_patterns))
    text = COMMENTS.sub("", text)
    yield from ((part, floor_of(part)) for part in PARTS.findall(text))
    for loaded in LIBRARIES.findall(text):
        yield from ((name, app_of(libraries[name])) for name in loaded.split())
    yield from ((name, addresses[name]) for name in ADDRESSES.findall(text))


def above(path: Path) -> list[str]:
    own = floor_of(path.relative_to(TEMPLATES).as_posix())
    if own is None:
        return []
    higher = FLOORS[FLOORS.index(own) + 1 :]
    return [name for name, floor in names_of(path.read_text()) if floor in higher]


@pytest.mark.parametrize("floor", FLOORS)
def test_templates_name_nothing_of_a_floor_above(floor: str) -> None:
    folders = [folder for folder, home in HOMES.items() if home == floor]
    paths = [path for folder in folders for path in (TEMPLATES / folder).rglob("*.*")]
    assert paths
    assert {path.relative_to(ROOT).as_posix(): names for path in paths if (names := above(path))} == {}
