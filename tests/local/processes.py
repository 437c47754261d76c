"""Looking at real processes from outside."""

import time
from collections.abc import Callable
from pathlib import Path

# Nobody waits so long on a free machine; a busy one may need it. What comes sooner is seen at once.
PATIENCE_S = 60


def alive(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def parent(pid: int) -> int:
    """0 for a process that has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def with_variable(line: str) -> dict[int, str]:
    """Every process whose environment has this NAME=value: its pid and its command line."""
    return _commands(lambda folder: line.encode() in (folder / "environ").read_bytes().split(b"\0"))


def working_in(path: Path) -> dict[int, str]:
    """Every process with this current folder: its pid and its command line."""
    return _commands(lambda folder: (folder / "cwd").readlink() == path)


def wait_for(condition: Callable[[], object], *, within: float = PATIENCE_S) -> bool:
    """Whether it became true in time."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def _commands(wanted: Callable[[Path], bool]) -> dict[int, str]:
    found = {}
    for folder in (path for path in Path("/proc").iterdir() if path.name.isdecimal()):
        try:
            if wanted(folder) and alive(int(folder.name)):
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ").strip()
        except OSError:
            continue  # it has ended meanwhile, or is somebody else's
    return found
