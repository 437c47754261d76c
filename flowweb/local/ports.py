"""Which ports of 127.0.0.1 are free."""

import errno
import random
import socket
import time
from contextlib import suppress
from pathlib import Path

from flowweb.local.errors import StartError

HOST = "127.0.0.1"
SANDBOX_PORT = 8765
_SANDBOX_FILE = "sandbox-port"
# Linux takes the ports of outgoing connections from 32768 on: one of those could be gone while a killed server
# waits for its restart.
_FOR_SERVERS = range(20_000, 32_768)


def _problem(port: int, error: OSError) -> str:
    """Why nothing can listen on this port."""
    if isinstance(error, PermissionError):
        return f"port {port} is reserved for the system"
    return f"port {port} is in use" if error.errno == errno.EADDRINUSE else f"port {port}: {error.strerror}"


def is_free(port: int) -> bool:
    try:
        listen(port).close()
    except OSError:
        return False
    return True


def unused() -> int:
    """A port that was free a moment ago, and that no outgoing connection takes."""
    return next(port for port in random.sample(_FOR_SERVERS, len(_FOR_SERVERS)) if is_free(port))


def listen(port: int) -> socket.socket:
    """A socket that listens on this port from now on. Raises OSError.

    It is held for as long as the start lives, and handed to the process that answers there: between two starts that
    look for a port in the same moment only one gets it, and while that process is restarted nobody else can take it.
    """
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        # At once: two sockets may be bound to a port in the same way, but only one may listen.
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    return listener


def number(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def hold(port: int, *, otherwise: str, patience: float = 2.0) -> socket.socket:
    """`listen`, and for a while again: processes of a killed start need a moment to go.

    Raises StartError with `otherwise`, which says what else can be done.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return listen(port)
        except OSError as error:
            if time.monotonic() > deadline:
                raise StartError(f"{_problem(port, error)}. Stop what uses it, or {otherwise}") from None
        time.sleep(0.1)


def for_web(port: int, *, patience: float = 2.0) -> socket.socket:
    return hold(port, otherwise=f"choose another one: make run PORT={unused()}", patience=patience)


def for_sandbox(folder: Path, *, web_port: int, patience: float = 2.0) -> socket.socket:
    """Listens on the sandbox's port in this data folder: chosen on the first start, then always the same.

    Its address is kept with every token, job and clip of the sandbox, so a new port would orphan them.
    """
    known = of_sandbox(folder)
    file = folder / _SANDBOX_FILE
    if known is None:
        listener = _listen_somewhere(but=web_port)
        file.write_text(f"{number(listener)}\n")
        return listener
    if known == web_port:
        raise StartError(f"port {known} belongs to the sandbox of {folder}: choose another PORT.")
    otherwise = (
        f"remove {file}: then the sandbox gets another port. Its songs are still there, "
        "and its accounts begin anew."
    )
    return hold(known, otherwise=otherwise, patience=patience)


def _listen_somewhere(*, but: int) -> socket.socket:
    """On the usual port, else on any that is free: whoever comes second in the same moment takes the next."""
    others = random.sample(_FOR_SERVERS, len(_FOR_SERVERS))
    for port in (SANDBOX_PORT, *others):
        if port != but:
            with suppress(OSError):
                return listen(port)
    raise StartError("no port of 127.0.0.1 is free for the sandbox.")


def of_sandbox(folder: Path) -> int | None:
    """The port chosen by the first start with a sandbox, None before it."""
    file = folder / _SANDBOX_FILE
    if not file.exists():
        return None
    text = file.read_text().strip()
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise StartError(f"{file} should hold a port number, but holds {text[:20]!r}.")
    return int(text)
