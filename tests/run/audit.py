"""`python -m tests.run.audit`: whether a pinned requirement has a known weakness. pip-audit asks PyPI's own list.

Once a day, and when the pins have changed. Where that list is not to be had it says so, and ends with NOT_TOLD: that is
neither yes nor no, and nobody's fault.
"""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.run.outcome import NOT_TOLD

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "requirements-dev.txt"  # holds what the two others hold
UNHEARD = "the package index here tells of no weaknesses, known or not"


def main(pins: Path = PINS) -> int:
    """Exit code: 0 when none is known, 1 with a line for each that is, NOT_TOLD when it can't be known."""
    text = pins.read_text()
    stamp = ROOT / ".venv" / f".audit-{_fingerprint(text)}"
    if stamp.exists():
        return 0
    # One pin first: where nothing is told of it, nobody need ask about the other hundred.
    if not _told(_first(text)) or not (told := _told(text)):
        print(UNHEARD)
        return NOT_TOLD
    if weak := [line for each in told for line in _lines(each)]:
        print("\n".join(weak))
        return 1
    stamp.touch()
    return 0


def _first(text: str) -> str:
    """The first requirement with its hashes."""
    return re.split(r"\n(?=\S)", text, maxsplit=1)[0] + "\n"


def _fingerprint(text: str) -> str:
    return hashlib.sha256(f"{datetime.now(UTC):%Y-%m-%d}{text}".encode()).hexdigest()[:16]


def _told(requirements: str) -> list[dict[str, Any]]:
    """Those of which the list knows something, also that they are well: name, version, vulns."""
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder, "pins.txt")
        pins.write_text(requirements)
        asked = ("-r", str(pins), "--require-hashes", "--disable-pip", "--progress-spinner", "off")
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", "--format", "json", "--timeout", "10", *asked],
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return []
    return [each for each in found if "vulns" in each]


def _lines(each: dict[str, Any]) -> list[str]:
    """One for each weakness: what it is called, and where it is mended."""
    return [
        f"{each['name']} {each['version']}: {weakness['id']}, mended in "
        f"{', '.join(weakness['fix_versions']) or 'no version yet'}"
        for weakness in each["vulns"]
    ]


if __name__ == "__main__":
    sys.exit(main())
