"""`python -m tests.run.wheels`: whether every pinned requirement is to be had as a wheel, wherever flowweb runs.

Else `make run` would need a compiler there. Asks the package index for each Python on each kind of processor, and only
again when the pins have changed. Without an index it says so, and ends with NOT_HERE: that is neither yes nor no.
"""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

from tests.run.outcome import NOT_HERE

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "requirements-dev.txt"  # holds what the two others hold
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28")
# What uv says when the index has answered, and has no wheel.
NO_WHEEL = "No solution found"


def main(pins: Path = PINS) -> int:
    """Exit code: 0 when there are all, 1 with a line for each that isn't, NOT_HERE when it can't be known."""
    stamp = ROOT / ".venv" / f".wheels-{_fingerprint(pins)}"
    if stamp.exists():
        return 0
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda each: _ask(pins, *each), product(VERSIONS, PLATFORMS)))
    missing = [line for code, line in answers if code and NO_WHEEL in line]
    unknown = [line for code, line in answers if code and NO_WHEEL not in line]
    for line in missing or unknown[:1]:
        print(line)
    if missing:
        return 1
    if unknown:
        return NOT_HERE
    stamp.touch()
    return 0


def _fingerprint(pins: Path) -> str:
    asked = repr((VERSIONS, PLATFORMS)).encode() + pins.read_bytes()
    return hashlib.sha256(asked).hexdigest()[:16]


def _ask(pins: Path, version: str, platform: str) -> tuple[int, str]:
    """uv's exit code, and what it says in one line. Nothing is installed, and nothing but descriptions is fetched."""
    with tempfile.TemporaryDirectory() as target:
        where = ("--python-version", version, "--python-platform", platform, "--target", target)
        wheels_alone = ("--no-deps", "--only-binary", ":all:", "-r", str(pins))
        done = subprocess.run(
            [sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--quiet", *where, *wheels_alone],
            capture_output=True,
            text=True,
            check=False,
        )
    said = " ".join(_lines(done.stderr)) or f"uv ended with code {done.returncode}"
    return done.returncode, f"Python {version}, {platform}: {said}"


def _lines(text: str) -> Iterator[str]:
    """Without uv's hints, which repeat it."""
    for line in text.splitlines():
        if line.startswith("hint:"):
            return
        if line.strip():
            yield line.strip()


if __name__ == "__main__":
    sys.exit(main())
