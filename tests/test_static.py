"""What the plan of the look asks of styles and icons; vendored files as they came. What a strict CSP asks of
templates and scripts is in test_conventions.py."""

import hashlib
import json
import os
import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from PIL import Image
from pytest_django.fixtures import Settings

from flowweb import static_files
from flowweb.bundles import BUNDLES, COMMENTS, StaticFinder

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
ALONE = ("js/passkeys.js", "js/theme.js")  # on signed-out pages, too
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))
VENDORED = sorted(path for path in (ROOT / "static" / "vendor").iterdir() if path.is_dir())
SPRITE = next((ROOT / "static" / "vendor").glob("bootstrap-icons-*/icons.svg")).read_text()

COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(|\boklch\(")
CLASSES = re.compile(r'\bclass="((?:{%.*?%}|{{.*?}}|[^"])*)"')
ICON = re.compile(r'{%\s*icon\s+"([a-z0-9-]+)"')
SCRIPT_ICON = re.compile(r'"#([a-z]+-fill)"')  # what a script puts in the place of another one


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*STYLES, *SCRIPTS], ids=name)
def test_a_sheet_or_script_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", [path for path in STYLES if path.name != "tokens.css"], ids=name)
def test_colours_are_written_in_tokens_only(path: Path) -> None:
    rules = re.sub(r"/\*.*?\*/|url\([^)]*\)", "", path.read_text(), flags=re.S)
    assert COLOUR.findall(rules) == []


def test_the_sprite_holds_the_icons_that_are_used_and_no_others() -> None:
    """It is a good part of the first view: mend it in tests/vendor.py."""
    used = {icon for path in TEMPLATES for icon in ICON.findall(path.read_text())}
    used |= {icon for path in SCRIPTS for icon in SCRIPT_ICON.findall(path.read_text())}
    there = re.findall(r'<symbol id="([^"]+)"', SPRITE)
    assert there == sorted(used)


def test_no_page_has_a_class_that_was_left_out_of_bootstrap() -> None:
    """Mend it by `python -m tests.vendor`, which keeps the classes that are named somewhere."""
    left_out = set(next((ROOT / "static" / "vendor").glob("bootstrap-5*/LEFT-OUT")).read_text().split())
    assert len(left_out) > 1000
    named = {
        word for path in TEMPLATES for value in CLASSES.findall(path.read_text()) for word in value.split()
    }
    assert len(named) > 200
    assert sorted(named & left_out) == []


def test_text_whose_white_space_is_shown_stands_close_to_its_tags() -> None:
    """A formatter that gives such a text lines of its own would show as an empty line and an indent."""
    rules = "\n".join(path.read_text() for path in STYLES)
    shown = set(re.findall(r"\.([\w-]+) {[^}]*white-space: pre", rules))
    assert shown >= {"asked", "clip-prompt", "lyrics-read"}
    apart = re.compile(rf'class="[^"]*(?<![\w-])(?:{"|".join(shown)})(?![\w-])[^"]*"[^>]*>\s*\n')
    assert [name(path) for path in TEMPLATES if apart.search(path.read_text())] == []


@pytest.mark.parametrize("folder", VENDORED, ids=name)
def test_vendored_files_are_as_they_came(folder: Path) -> None:
    sums = dict(line.split("  ")[::-1] for line in (folder / "CHECKSUMS").read_text().splitlines())
    found = {path.name for path in folder.iterdir()} - {"CHECKSUMS"}
    assert found == set(sums)
    assert "LICENSE" in found
    for file, digest in sums.items():
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest, file


def test_the_vendored_stylesheet_needs_no_data_pictures() -> None:
    sheet = next((ROOT / "static" / "vendor").glob("bootstrap-5*/bootstrap.min.css")).read_text()
    assert "data:" not in sheet
    assert "sourceMappingURL" not in sheet


def test_every_sheet_and_script_is_in_the_file_that_pages_load() -> None:
    parts = [part for name, bundle in BUNDLES.items() if name != "icons.svg" for part in bundle]
    there = [name(path).removeprefix("static/") for path in [*STYLES, *SCRIPTS]]
    assert sorted([*parts, *ALONE]) == sorted(there)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("/favicon.ico", "image/x-icon"),
        ("/apple-touch-icon.png", "image/png"),
        ("/manifest.webmanifest", "application/manifest+json"),
    ],
)
def test_browsers_and_phones_find_the_icons_at_the_top_of_the_site(address: str, kind: str) -> None:
    answer = Client().get(address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
    assert answer.getvalue()
    answer.close()


def test_the_manifest_names_icons_of_the_size_that_it_says() -> None:
    for icon in json.loads((ROOT / "static/root/manifest.webmanifest").read_text())["icons"]:
        with Image.open(ROOT / "static/root" / icon["src"].removeprefix("/")) as picture:
            assert "x".join(map(str, picture.size)) == icon["sizes"]


@pytest.mark.parametrize("path", [*STYLES, *SCRIPTS], ids=name)
def test_what_is_left_out_of_the_joined_files_is_comments(path: Path) -> None:
    """A comment that a text held would be cut out of it; and what is between two of them stays."""
    text = path.read_bytes()
    left_out = b"".join(COMMENTS.findall(text))
    assert left_out.count(b"/*") == left_out.count(b"*/") == len(COMMENTS.findall(text))
    assert b"`" not in left_out or text.count(b"`") % 2 == left_out.count(b"`") % 2 == 0


def test_the_joined_files_are_collected_in_place_of_their_parts() -> None:
    collected = dict(StaticFinder().list([]))
    scripts, sheets = (collected[path].open(path).read() for path in ("js/pages.js", "css/pages.css"))
    app, imports = (ROOT / "static/js/app.js").read_bytes(), (ROOT / "static/css/imports.css").read_bytes()
    assert scripts.startswith(COMMENTS.sub(b"", app))
    assert sheets.endswith(COMMENTS.sub(b"", imports))
    assert {path for path in collected if path.startswith(("css/", "js/"))} == {*BUNDLES, *ALONE} - {
        "icons.svg"
    }
    assert collected["icons.svg"].open("icons.svg").read() == SPRITE.encode()
    assert not [path for path in collected if path.startswith("vendor/") and path.endswith("icons.svg")]
    assert not [path for path in collected if path.startswith("root/")]


@pytest.fixture
def page(tmp_path: Path, settings: Settings) -> Path:
    """A site with one static file."""
    page = tmp_path / "static" / "page.css"
    page.parent.mkdir()
    page.write_text("a { color: red }")
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATICFILES_DIRS, settings.STATIC_ROOT = [page.parent], tmp_path / "collected"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    return page


def collected(settings: Settings, **options: object) -> dict[str, int]:
    """What is there after the command of a start, and when each was written."""
    call_command("collectstatic", interactive=False, verbosity=0, **options)
    there = (path for path in Path(settings.STATIC_ROOT).rglob("*") if not path.name.startswith("."))
    return {path.name: path.stat().st_mtime_ns for path in there}


def test_a_start_collects_nothing_when_nothing_has_changed(page: Path, settings: Settings) -> None:
    before = collected(settings)
    assert len(before) > 2, "plain, hashed, and the manifest"
    os.utime(page, ns=(0, 0))  # unpacked anew: its time is another one, what it holds is the same
    assert collected(settings) == before
    page.write_text("a { color: blue }")
    after = collected(settings)
    assert set(after) - set(before), "another hash"
    assert collected(settings) == after


def test_what_was_not_collected_to_its_end_is_collected_again(page: Path, settings: Settings) -> None:
    before = collected(settings)
    page.write_text("a { background: url(missing.png) }")
    for _ in range(2):
        with pytest.raises(Exception, match="missing"):
            collected(settings)
    page.write_text("a { color: red }")
    assert not (Path(settings.STATIC_ROOT) / static_files.STAMP).exists()
    assert set(collected(settings)) >= set(before)


def test_a_part_of_them_does_not_count_as_collected(page: Path, settings: Settings) -> None:
    assert collected(settings, dry_run=True) == {}
    assert set(collected(settings, post_process=False)) == {"page.css"}
    assert len(collected(settings)) > 2
    again = collected(settings)
    assert collected(settings, clear=True) != again, "whoever asks for it in so many words"
