"""Ctrl-C in the middle of a song, and the next start: it is finished, and paid once."""

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
import requests

from flowweb.local.supervisor import PATIENCE
from tests.local.processes import wait_for
from tests.local.studio import Studio
from tests.sandbox_control import ask, order


class Visitor:
    """A browser without scripts: keeps cookies, fills in the forms that it was given."""

    def __init__(self, studio: Studio) -> None:
        self.session = requests.Session()
        self.at(studio)

    def at(self, studio: Studio) -> None:
        self.address = f"http://127.0.0.1:{studio.port}"

    def get(self, path: str) -> str:
        return self.session.get(self.address + path, timeout=30).text

    def send(self, path: str, **values: str) -> None:
        page = self.get(path)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        headers = {"Referer": self.address + path}
        answer = self.session.post(self.address + path, data=hidden | values, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text[:2000]

    def states(self) -> list[str]:
        return re.findall(r'data-job="[^"]+" data-state="(\w+)"', self.get("/jobs/panel/"))


@pytest.mark.long
def test_a_song_in_flight_is_finished_by_the_next_start(tmp_path: Path) -> None:
    first = Studio(tmp_path, SANDBOX_SPEED="60")
    first.start()
    visitor = Visitor(first)
    visitor.send(re.search(r"with this link: http://[^/]+(/\S+)", first.said)[1])  # type: ignore[index]
    visitor.send("/auth/password/set/", password1="last ferry home", password2="last ferry home")
    assert wait_for(lambda: "studio@sandbox.example" in visitor.get("/flow-accounts/"))
    visitor.send("/create/", prompt="a slow waltz, 90 bpm [slow] [short] [hook never]", count="2")
    assert wait_for(lambda: visitor.states() and {*visitor.states()} == {"running"}), visitor.states()

    assert first.stop() == 0
    assert wait_for(lambda: first.processes == {}), first.processes

    second = Studio(tmp_path, SANDBOX_SPEED="60")
    second.start()
    visitor.at(second)
    try:
        assert wait_for(lambda: {*visitor.states()} == {"completed"}, within=120), visitor.states()
        sandbox = re.search(r"ready on (http://\S+),", second.said)[1]  # type: ignore[index]
        assert sorted(ask(sandbox, "charges").values()) == [1, 1]
    finally:
        second.stop()
    assert wait_for(lambda: second.processes == {}), second.processes


@pytest.mark.long
def test_ctrl_c_while_a_call_hangs(tmp_path: Path) -> None:
    """The worker writes down that its outcome is not known, and ends by itself before it is killed."""
    house = Studio(tmp_path, SANDBOX_SPEED="60")
    house.start()
    visitor = Visitor(house)
    visitor.send(re.search(r"with this link: http://[^/]+(/\S+)", house.said)[1])  # type: ignore[index]
    visitor.send("/auth/password/set/", password1="last ferry home", password2="last ferry home")
    assert wait_for(lambda: "studio@sandbox.example" in visitor.get("/flow-accounts/"))
    sandbox = re.search(r"ready on (http://\S+),", house.said)[1]  # type: ignore[index]
    # Or it would be found in the list while the call still hangs.
    order(sandbox, "scenario", operation="jobs", scenario="500", times=99)
    visitor.send("/create/", prompt="a slow waltz, 90 bpm [hang]", count="1")
    assert wait_for(lambda: sorted(ask(sandbox, "charges").values()) == [1])
    began = time.monotonic()
    assert house.stop() == 0
    assert time.monotonic() - began < PATIENCE
    assert wait_for(lambda: house.processes == {}), house.processes
    with closing(sqlite3.connect(tmp_path / "data" / "flowweb.sqlite3")) as database:
        assert database.execute("SELECT state FROM generation_job").fetchall() == [("unknown",)]
