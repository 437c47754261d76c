"""What one start runs with: data folder, ports, addresses and secrets. The environment always wins."""

import fcntl
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from flowweb import env
from flowweb.local import keys, ports, redis_server
from flowweb.local.errors import StartError

ROOT = Path(__file__).resolve().parents[2]
# How many times as fast as the real API: songs are ready in 4 to 15 seconds instead of 40 to 150.
SANDBOX_SPEED = 10
LOCK = "running.pid"


@dataclass(frozen=True)
class Start:
    """`redis_socket` and `sandbox` are None where the environment names a server of one's own.

    `web` and `sandbox` listen already, for the processes that will answer there. `nonce`: what those echo.
    """

    data: Path
    web: socket.socket
    redis_socket: Path | None
    sandbox: socket.socket | None
    sandbox_speed: int
    nonce: str
    environment: Mapping[str, str]

    @property
    def public_url(self) -> str:
        return self.environment["PUBLIC_URL"]

    @property
    def port(self) -> int:
        return ports.number(self.web)

    def close(self) -> None:
        """Nothing listens any more."""
        self.web.close()
        if self.sandbox:
            self.sandbox.close()


def data_folder() -> Path:
    """FLOWWEB_DATA, made private if this start makes it. A folder that was there keeps its permissions."""
    default = ROOT / "var"
    wish = Path(env.text("FLOWWEB_DATA", str(default))).expanduser()
    ours = not wish.exists() or wish.resolve() == default
    folder = env.folder("FLOWWEB_DATA", default)
    if ours:
        folder.chmod(0o700)
    return folder


def lock(folder: Path) -> int:
    """Held until this process ends, whatever ends it. Raises StartError while another start holds it.

    Returns the open file: the lock is gone as soon as nobody has it.
    """
    file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        pid = os.read(file, 20).decode().strip() or "unknown"
        os.close(file)
        raise StartError(
            f"it already runs at {folder} (process {pid}). Stop that one, or set another FLOWWEB_DATA."
        ) from None
    os.ftruncate(file, 0)
    os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
    return file


def plan(folder: Path) -> Start:
    """What can be wrong is found out here, before a process starts. Raises SettingError, StartError."""
    speed = env.integer("SANDBOX_SPEED", SANDBOX_SPEED, least=1, most=1000)
    port = env.integer("PORT", 8000, least=1, most=65535)
    redis_socket = None if env.text("REDIS_URL", "") else redis_server.socket_path(folder)
    web = ports.for_web(port)
    sandbox = None if env.text("USEAPI_BASE_URL", "") else ports.for_sandbox(folder, web_port=port)
    sandbox_port = None if sandbox is None else ports.number(sandbox)
    nonce = secrets.token_hex(16)
    known = variables(folder, _given(), port=port, sandbox_port=sandbox_port, redis_socket=redis_socket)
    return Start(folder, web, redis_socket, sandbox, speed, nonce, known | {"FLOWWEB_START": nonce})


def variables(
    folder: Path,
    given: Mapping[str, str],
    *,
    port: int,
    sandbox_port: int | None,
    redis_socket: Path | None,
) -> dict[str, str]:
    """The environment of every process of this start. `given`: what the shell sets, which wins."""
    ours = {
        "PUBLIC_URL": f"http://{ports.HOST}:{port}",
        "DATABASE_URL": f"sqlite:///{quote(str(folder / 'flowweb.sqlite3'))}",
    }
    if os.geteuid() == 0:
        # Celery's five lines about root at every start; in a container there is nobody else.
        ours["PYTHONWARNINGS"] = "ignore:You're running the worker"
    if redis_socket:
        ours["REDIS_URL"] = f"unix://{redis_socket}"
    if sandbox_port:
        ours |= {"SANDBOX_URL": f"http://{ports.HOST}:{sandbox_port}", "WEBHOOKS": "on"}
    fixed = {
        "FLOWWEB_LOCAL": "on",
        "FLOWWEB_DATA": str(folder),
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        # The sandbox of this start, never one that the shell happens to name.
        "SANDBOX_URL": ours.get("SANDBOX_URL", ""),
    }
    return ours | _secrets(folder, given) | dict(given) | fixed


def running(folder: Path) -> dict[str, str]:
    """The environment of the start that runs on this folder, for one command beside it; of the next one, if none does.

    A running start is asked what it was started with: nobody has to say its PORT or DATABASE_URL a second time.
    """
    given = _given_to(_holder(folder)) or _given()
    port = env.integer("PORT", 8000, least=1, most=65535, variables=given)
    sandbox_port = None if given.get("USEAPI_BASE_URL") else ports.of_sandbox(folder)
    redis_socket = None if given.get("REDIS_URL") else redis_server.socket_path(folder)
    return variables(folder, given, port=port, sandbox_port=sandbox_port, redis_socket=redis_socket)


def _given() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if value.strip()}


def _given_to(pid: int | None) -> dict[str, str]:
    """The variables with which a process of ours was started; {} if that can't be read (not Linux, another user)."""
    try:
        text = Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return {}
    pairs = (line.partition("=") for line in text.split("\0"))
    return {name: value for name, equals, value in pairs if equals and value.strip()}


def _holder(folder: Path) -> int | None:
    """The process that runs on this folder, None if nothing does."""
    try:
        os.close(lock(folder))
    except StartError:
        text = (folder / LOCK).read_text().strip()
        return int(text) if text.isdecimal() else None
    return None


def _secrets(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """From the file, unless the environment has both: then no file is needed."""
    return {} if {"SECRET_KEY", "FIELD_KEYS"} <= given.keys() else keys.load(folder)
