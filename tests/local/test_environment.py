import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from flowweb import database
from flowweb.env import SettingError
from flowweb.local import environment, ports, processes
from flowweb.local.environment import Start
from flowweb.local.errors import StartError

Plan = Callable[[Path], Start]


@pytest.fixture
def plan() -> Iterator[Plan]:
    """What listens for a start is closed after the test."""
    with ExitStack() as cleanup:
        yield lambda folder: cleanup.enter_context(closing(environment.plan(folder)))


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A person's shell that sets nothing but the data folder and a free port."""
    for name in ("SECRET_KEY", "FIELD_KEYS", "DATABASE_URL", "REDIS_URL", "USEAPI_BASE_URL", "PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FLOWWEB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PORT", str(ports.unused()))
    return monkeypatch


def test_by_itself_everything_is_private(shell: pytest.MonkeyPatch, plan: Plan) -> None:
    folder = environment.data_folder()
    start = plan(folder)

    assert folder.stat().st_mode & 0o777 == 0o700
    assert start.environment["PUBLIC_URL"] == f"http://127.0.0.1:{start.port}"
    assert start.environment["REDIS_URL"] == f"unix://{folder}/redis.sock"
    assert start.environment["SANDBOX_URL"] == f"http://127.0.0.1:{ports.number(start.sandbox)}"
    assert start.environment["WEBHOOKS"] == "on"
    assert start.environment["FLOWWEB_LOCAL"] == "on"
    assert {"SECRET_KEY", "FIELD_KEYS"} <= start.environment.keys()


def test_the_database_address_survives_odd_folder_names(
    shell: pytest.MonkeyPatch, plan: Plan, tmp_path: Path
) -> None:
    folder = tmp_path / "my songs 100% #1?"
    shell.setenv("FLOWWEB_DATA", str(folder))

    start = plan(environment.data_folder())

    shell.setenv("DATABASE_URL", start.environment["DATABASE_URL"])
    assert database.config("DATABASE_URL", "")["NAME"] == str(folder / "flowweb.sqlite3")


def test_the_environment_wins(shell: pytest.MonkeyPatch, plan: Plan) -> None:
    given = {
        "SECRET_KEY": "mine",
        "FIELD_KEYS": "mine too",
        "DATABASE_URL": "postgres://localhost/songs",
        "REDIS_URL": "redis://localhost:6379",
        "USEAPI_BASE_URL": "https://api.example.com",
        "PUBLIC_URL": "http://127.0.0.1:9999",
        "WEBHOOKS": "off",
    }
    for name, value in given.items():
        shell.setenv(name, value)
    folder = environment.data_folder()

    start = plan(folder)

    assert given.items() <= start.environment.items()
    assert (start.redis_socket, start.sandbox, start.environment["SANDBOX_URL"]) == (None, None, "")
    assert not (folder / "secrets.env").exists()


def test_a_folder_that_was_there_keeps_its_permissions(shell: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)

    assert environment.data_folder().stat().st_mode & 0o777 == 0o755


def test_one_start_per_folder(tmp_path: Path) -> None:
    held = environment.lock(tmp_path)

    with pytest.raises(StartError, match=rf"already runs at {tmp_path} \(process {os.getpid()}\)"):
        environment.lock(tmp_path)

    os.close(held)
    os.close(environment.lock(tmp_path))


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_wrong_port_is_a_setting_error(shell: pytest.MonkeyPatch, port: str) -> None:
    shell.setenv("PORT", port)

    with pytest.raises(SettingError, match="PORT"):
        environment.plan(environment.data_folder())


@pytest.mark.parametrize("speed", ["0", "fast", "1001"])
def test_a_wrong_speed_of_the_sandbox_is_a_setting_error(shell: pytest.MonkeyPatch, speed: str) -> None:
    shell.setenv("SANDBOX_SPEED", speed)

    with pytest.raises(SettingError, match="SANDBOX_SPEED"):
        environment.plan(environment.data_folder())


def test_the_sandbox_gets_the_speed_that_was_asked_for(shell: pytest.MonkeyPatch, plan: Plan) -> None:
    shell.setenv("SANDBOX_SPEED", "3")

    start = plan(environment.data_folder())

    command = processes.sandbox(8765, start.data, speed=start.sandbox_speed).command
    assert command[command.index("--speed") + 1] == "3"


def test_a_command_beside_a_start_is_told_what_that_was_started_with(
    shell: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The start is this process, whose first environment the kernel remembers: what is set now doesn't count."""
    folder = environment.data_folder()
    held = environment.lock(folder)
    try:
        shell.setenv("PORT", "9999")
        beside = environment.running(folder)
    finally:
        os.close(held)
    assert beside["PORT"] == "8000"
    assert environment.running(folder)["PORT"] == "9999", "nothing runs: what the next start would have"
