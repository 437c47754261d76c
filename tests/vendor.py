"""Copies what the browser needs from npm packages into static/vendor/, each with its licence and checksums.

    npm install --prefix FOLDER bootstrap@5.3 bootstrap-icons@1.13 @fontsource-variable/instrument-sans@5 purgecss@7
    python -m tests.vendor FOLDER/node_modules

Two things are changed on the way, for the strict CSP and the 150 kB of the first view: Bootstrap's stylesheet loses its
`data:` pictures (our own sheet draws the arrow and the check), its source map and the rules for classes that no page
has (LEFT-OUT names these classes), and of 2,000 icons a sprite holds those named here: the used ones, no others.
tests/test_static.py compares files with CHECKSUMS, sprite and LEFT-OUT with templates.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
# Where a class of Bootstrap may be named.
PAGES = ("templates/**/*.html", "static/js/**/*.js", "apps/**/*.py")

ICONS = """
activity arrow-bar-right arrow-clockwise arrow-counterclockwise arrow-down arrow-right arrow-up bandaid
bookmark box-arrow-in-right box-arrow-right chat-quote check-lg chevron-down chevron-expand chevron-left
chevron-up circle-half clock-history cloud-arrow-down collection dash disc download exclamation-circle
exclamation-octagon eye-slash folder-plus grip-vertical hdd hourglass hourglass-split image
info-circle key keyboard layout-sidebar-inset-reverse list-ol lock magic mic mic-mute music-note
music-note-beamed music-note-list pause-fill pencil person play-fill plus plus-circle plus-lg question-lg
repeat repeat-1 search send shield-x skip-end skip-start slash-circle sliders soundwave star star-fill tag
three-dots trash upload vinyl volume-mute volume-up wallet2 x-lg
""".split()


def main(modules: Path) -> None:
    bootstrap(modules / "bootstrap")
    icons(modules / "bootstrap-icons")
    font(modules / "@fontsource-variable" / "instrument-sans")


def bootstrap(package: Path) -> None:
    folder = fresh("bootstrap", package)
    whole = package / "dist" / "css" / "bootstrap.min.css"
    css = used(whole)
    css = re.sub(r'url\("data:[^"]*"\)', "none", css)
    css = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", css)
    (folder / "bootstrap.min.css").write_text(css)
    (folder / "LEFT-OUT").write_text("\n".join(sorted(classes(whole.read_text()) - classes(css))) + "\n")
    seal(folder)


def used(sheet: Path) -> str:
    """The sheet without the rules for classes that no page has."""
    program = sheet.parents[3] / ".bin" / "purgecss"
    found = subprocess.run(
        [program, "--css", sheet, "--content", *PAGES], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return str(json.loads(found.stdout)[0]["css"])


def classes(css: str) -> set[str]:
    return set(re.findall(r"\.([a-z][\w-]*)", re.sub(r"url\([^)]*\)", "", css)))


def icons(package: Path) -> None:
    folder = fresh("bootstrap-icons", package)
    symbols = [symbol(name, (package / "icons" / f"{name}.svg").read_text()) for name in sorted(set(ICONS))]
    sprite = '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"
    (folder / "icons.svg").write_text(sprite)
    seal(folder)


def symbol(name: str, svg: str) -> str:
    inside = re.sub(r"\s*\n\s*", "", svg[svg.index(">") + 1 : svg.rindex("</svg>")])
    return f'<symbol id="{name}" viewBox="0 0 16 16">{inside}</symbol>'


def font(package: Path) -> None:
    folder = fresh("instrument-sans", package)
    shutil.copy(package / "files" / "instrument-sans-latin-wght-normal.woff2", folder)
    seal(folder)


def fresh(name: str, package: Path) -> Path:
    """An empty static/vendor/<name>-<version>/ with the licence; other versions of the package go."""
    for old in VENDOR.glob(f"{name}-[0-9]*"):
        shutil.rmtree(old)
    version = json.loads((package / "package.json").read_text())["version"]
    folder = VENDOR / f"{name}-{version}"
    folder.mkdir(parents=True)
    shutil.copy(package / "LICENSE", folder)
    return folder


def seal(folder: Path) -> None:
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(folder.iterdir())
    ]
    (folder / "CHECKSUMS").write_text("".join(lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
