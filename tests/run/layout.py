"""`python -m tests.run.layout`, or `make format`: Python and templates are laid out, scripts and styles looked through.

The linter of scripts and styles is biome, by npm and in the version of biome.jsonc: without npx, it is left out.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.run.steps import ROOT, TEMPLATES

BIN = Path(sys.executable).parent


def main() -> int:
    """Exit code: 0 when all of it is in its form, 1 when something has to be mended by hand."""
    commands = [
        [sys.executable, "-m", "ruff", "check", "--quiet", "--fix", "."],
        [sys.executable, "-m", "ruff", "format", "--quiet", "."],
        [str(BIN / "djangofmt"), *TEMPLATES],
    ]
    if npx := shutil.which("npx"):
        commands.append([npx, "--yes", f"@biomejs/biome@{biome()}", "lint"])
    else:
        print("scripts and styles: not looked through, because npx is not installed")
    return max([int(subprocess.run(each, cwd=ROOT, check=False).returncode != 0) for each in commands])


def biome() -> str:
    """The version for which biome.jsonc is written, by the address of its schema."""
    without_remarks = re.sub(r"(?<!:)//.*", "", (ROOT / "biome.jsonc").read_text())
    return str(json.loads(without_remarks)["$schema"].split("/")[-2])


if __name__ == "__main__":
    sys.exit(main())
