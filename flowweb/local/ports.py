"""Which ports of 127.0.0.1 are free."""

import errno
import random
import socket
import time
from pathlib import Path

from flowweb.local.errors import StartError

HOST = "127.0.0.1"
SANDBOX_PORT = 8765
_SANDBOX_FILE = "sandbox-port"
# Linux takes the ports of outgoing connections from 32768 on: one of those could be gone while a killed server
# waits for its restart.
_FOR_SERVERS = range(20_000, 32_768)


def problem(port: int) -> str:
    """Why nothing can listen on this port, "" if something can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return f"port {port} is reserved for the system"
        except OSError as error:
            return (
                f"port {port} is in use"
                if error.errno == errno.EADDRINUSE
                else f"port {port}: {error.strerror}"
            )
    return ""


def unused() -> int:
    """A port that was free a moment ago, and that no outgoing connection takes."""
    return next(port for port in random.sample(_FOR_SERVERS, len(_FOR_SERVERS)) if not problem(port))


def require(port: int, *, chosen: bool = True, patience: float = 2.0) -> None:
    """Raises StartError unless the port is or becomes free; processes of a killed start need a moment to go.

    `chosen`: a person may choose another one by PORT.
    """
    deadline = time.monotonic() + patience
    while found := problem(port):
        if time.monotonic() > deadline:
            other = (
                f", or choose another one: make run PORT={unused()}" if chosen else "; the sandbox needs it."
            )
            raise StartError(f"{found}. Stop what uses it{other}")
        time.sleep(0.1)


def for_sandbox(folder: Path, *, web_port: int) -> int:
    """The sandbox's port in this data folder: chosen on the first start, then always the same.

    Its address is kept with every token, job and clip of the sandbox, so a new port would orphan them.
    """
    known = of_sandbox(folder)
    if known is None:
        wish = SANDBOX_PORT if web_port != SANDBOX_PORT and not problem(SANDBOX_PORT) else unused()
        (folder / _SANDBOX_FILE).write_text(f"{wish}\n")
        return wish
    if known == web_port:
        raise StartError(f"port {known} belongs to the sandbox of {folder}: choose another PORT.")
    require(known, chosen=False)
    return known


def of_sandbox(folder: Path) -> int | None:
    """The port chosen by the first start with a sandbox, None before it."""
    file = folder / _SANDBOX_FILE
    if not file.exists():
        return None
    text = file.read_text().strip()
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise StartError(f"{file} should hold a port number, but holds {text[:20]!r}.")
    return int(text)
