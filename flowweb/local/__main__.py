"""`python -m flowweb.local`: start everything, say where it is, keep it running until Ctrl-C.

`python -m flowweb.local manage <command>` runs one command of manage.py beside it, on the same data.
"""

import http
import http.client
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import NoReturn
from urllib.parse import urlsplit

from flowweb.env import SettingError
from flowweb.local import environment, ports, processes, redis_server
from flowweb.local.environment import Start
from flowweb.local.errors import StartError
from flowweb.local.processes import SIGN_IN
from flowweb.local.supervisor import Supervisor
from flowweb.local.terminal import Terminal

# Longer than this, and it is said once that something is slow; it goes on trying.
SLOW_START = 60.0


def main(arguments: list[str]) -> int:
    """Exit code: 0 after Ctrl-C, 2 when something is in the way of a start (one line says what)."""
    started = time.monotonic()
    os.umask(0o077)
    try:
        folder = environment.data_folder()
        if arguments[:1] == ["manage"]:
            _become_manage(environment.running(folder), arguments[1:])
        if arguments:
            raise StartError(f"unknown argument {arguments[0]!r}: only `manage <command>` is known.")
        running = environment.lock(folder)
        try:
            with closing(environment.plan(folder)) as start:
                return run(start, started=started)
        finally:
            os.close(running)
    except (SettingError, StartError) as error:
        print(f"flowweb: {error}", file=sys.stderr)
        return 2


def run(start: Start, *, started: float) -> int:
    """Until somebody asks to stop. Raises StartError when Redis does not come up."""
    terminal = Terminal()
    with Supervisor(terminal, environment=start.environment, folder=environment.ROOT) as supervisor:
        code = _get_ready(start, supervisor, terminal, started=started)
        if code == 0:
            supervisor.serve()
            terminal.say("\nstopping (Ctrl-C again: immediately)")
    if code == 0:
        terminal.say("stopped: nothing is left running")
    return code


def _get_ready(start: Start, supervisor: Supervisor, terminal: Terminal, *, started: float) -> int:
    """Starts everything in order. 0 when it answers or somebody asked to stop, else the failed code."""
    if socket := start.redis_socket:
        supervisor.start(processes.redis(socket))
        if (
            not supervisor.until(lambda: redis_server.responds(socket), within=10)
            and not supervisor.stop_requests
        ):
            raise StartError("the private Redis does not answer. Set REDIS_URL to use another one.")
    said: list[str] = []
    code = supervisor.finish(processes.prepare(), _listener(terminal, said))
    if code or supervisor.stop_requests:
        return code or 0
    if start.sandbox:
        supervisor.start(
            processes.sandbox(start.sandbox.fileno(), start.data / "sandbox", speed=start.sandbox_speed)
        )
    for spec in processes.site(start.web.fileno()):
        supervisor.start(spec)
    while not supervisor.until(lambda: _responds(start), within=SLOW_START) and not supervisor.stop_requests:
        terminal.say("still not ready; the lines above may say why")
    if not supervisor.stop_requests:
        _welcome(start, terminal, said, seconds=time.monotonic() - started)
    return 0


def _listener(terminal: Terminal, said: list[str]) -> Callable[[str, str], None]:
    """Shows the lines of the preparation as they are; the one with the sign-in link is kept for the end."""

    def heard(_name: str, line: str) -> None:
        if line.startswith(SIGN_IN):
            said.append(line.removeprefix(SIGN_IN))
        else:
            terminal.say(line)

    return heard


def _responds(start: Start) -> bool:
    """Whether the site is alive and ready, and the sandbox answers: those of this start, and no others."""
    address = urlsplit(start.public_url)
    headers = {"Host": address.netloc, "X-Forwarded-Proto": address.scheme}
    site = all(_is_well(start, start.port, path, headers) for path in ("/healthz", "/readyz"))
    return site and (start.sandbox is None or _is_well(start, ports.number(start.sandbox), "/", {}))


def _is_well(start: Start, port: int, path: str, headers: Mapping[str, str]) -> bool:
    """Whether one GET is answered with 200. Raises StartError if somebody else answers it."""
    connection = http.client.HTTPConnection(ports.HOST, port, timeout=2)
    try:
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        if answer.headers["X-Flowweb-Start"] != start.nonce:
            raise StartError(
                f"port {port} is answered by something else, such as another studio. Stop that, or choose "
                f"another one: make run PORT={ports.unused()}"
            )
        return answer.status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _welcome(start: Start, terminal: Terminal, said: list[str], *, seconds: float) -> None:
    terminal.say(f"\nready in {seconds:.1f} s: {terminal.strong(start.public_url)}")
    for link in said:
        terminal.say(f"sign in, once, with this link: {terminal.strong(link)}")
    terminal.say("Ctrl-C stops everything\n")


def _become_manage(variables: Mapping[str, str], arguments: list[str]) -> NoReturn:
    manage = str(environment.ROOT / "manage.py")
    os.execve(sys.executable, [sys.executable, manage, *arguments], dict(variables))  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
