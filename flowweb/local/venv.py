"""Makes `.venv` and installs what a requirements file pins, if that isn't done yet.

    python3 -I flowweb/local/venv.py requirements.txt

Run by the Makefile with any Python of at least 3.11: standard library only, since nothing is installed yet.
"""

import fcntl
import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def main(requirements: str) -> int:
    """Exit code: 0 when everything that the file pins is installed, 2 after one line saying why not."""
    pins = ROOT / requirements
    stamp = VENV / f".{requirements}.sha256"
    with (ROOT / "requirements.txt").open() as queue:
        # Two starts at once would install over each other.
        fcntl.flock(queue, fcntl.LOCK_EX)
        wanted = hashlib.sha256(pins.read_bytes()).hexdigest()
        if _starts("") and stamp.is_file() and stamp.read_text() == wanted:
            return 0
        problem = _make() or _install(pins)
        if problem:
            print(f"flowweb: {problem}", file=sys.stderr)
            return 2
        stamp.write_text(wanted)
    return 0


def _starts(code: str) -> bool:
    """Whether `.venv` holds a Python that is new enough and runs this line."""
    check = f"import sys; assert sys.version_info >= (3, 11); {code}"
    try:
        return subprocess.run([PYTHON, "-I", "-c", check], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _make() -> str:
    """A `.venv` with pip in it. Returns what is in the way, "" for nothing."""
    if _starts("import pip"):
        return ""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if importlib.util.find_spec("ensurepip") is None:
        return f"this Python can't make a venv. On Debian and Ubuntu: apt install python{version}-venv"
    print(f"making .venv with Python {version}", flush=True)
    # The base interpreter: a broken .venv can't clear itself away while it is running.
    base = getattr(sys, "_base_executable", sys.executable)
    made = subprocess.run([base, "-m", "venv", "--clear", VENV], capture_output=True, text=True, check=False)
    return "" if made.returncode == 0 else f"making .venv failed: {_last_line(made.stderr or made.stdout)}"


def _install(pins: Path) -> str:
    """Everything that the file pins, checked against its hashes. Returns what went wrong, "" for nothing."""
    print(f"installing {pins.name} (the first time takes a minute or two)", flush=True)
    quietly = ("-q", "--disable-pip-version-check", "--no-input")
    done = subprocess.run(
        [PYTHON, "-m", "pip", "install", *quietly, "--require-hashes", "-r", pins], check=False
    )
    return "" if done.returncode == 0 else f"{pins.name} could not be installed; pip says why above."


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
