"""The database: all or nothing, and quiet after its end."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from apps.sandbox.server import Sandbox
from apps.sandbox.state import Closed, SandboxState
from tests.sandbox.client import STUDIO, Client


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    state = SandboxState(tmp_path / "state.sqlite3")

    def fail() -> None:
        with state.transaction():
            state.execute("INSERT INTO tenants VALUES ('1', 0)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert state.rows("SELECT * FROM tenants") == []
    with state.transaction():
        state.execute("INSERT INTO tenants VALUES ('1', 0)")
    assert len(state.rows("SELECT * FROM tenants")) == 1
    state.close()


def test_latecomers_are_told_that_it_is_closed(tmp_path: Path) -> None:
    state = SandboxState(tmp_path / "state.sqlite3")
    state.close()
    with pytest.raises(Closed):
        state.rows("SELECT 1")


def test_links_outlive_a_restart_because_the_secret_does(tmp_path: Path) -> None:
    secrets = []
    for _ in range(2):
        state = SandboxState(tmp_path / "state.sqlite3")
        secrets.append(state.secret)
        state.close()
    assert secrets[0] == secrets[1]
    assert len(secrets[0]) == 32


def test_the_log_is_kept_for_a_week(tmp_path: Path) -> None:
    state = SandboxState(tmp_path / "state.sqlite3")
    state.execute("INSERT INTO requests (at, route) VALUES (0, 'GET /jobs')")
    state.log("1", "GET /jobs")
    state.close()
    state = SandboxState(tmp_path / "state.sqlite3")
    assert state.requests() == {"GET /jobs": 1}
    state.close()


FIRST_VERSION = """
CREATE TABLE jobs (
    jobid TEXT PRIMARY KEY, tenant TEXT NOT NULL, number TEXT NOT NULL, email TEXT NOT NULL, mode TEXT NOT NULL,
    base TEXT NOT NULL, request TEXT NOT NULL, reference TEXT NOT NULL, called TEXT NOT NULL,
    charged INTEGER NOT NULL, created REAL NOT NULL, done_at REAL NOT NULL, cancelled_at REAL);
CREATE INDEX jobs_running ON jobs (tenant, done_at);
CREATE TABLE clips (
    uuid TEXT PRIMARY KEY, jobid TEXT NOT NULL REFERENCES jobs, take INTEGER NOT NULL, title TEXT NOT NULL,
    lyrics TEXT NOT NULL, duration_s REAL NOT NULL, timing TEXT);
CREATE INDEX clips_jobid ON clips (jobid, take);
INSERT INTO jobs VALUES ('job:a', '1000', '1000', 'studio@sandbox.example', 'async', 'http://x', '{"prompt": "x"}',
    'mine', '[]', 5, 1000.5, 2000.5, NULL);
INSERT INTO clips VALUES ('00000000-0000-4000-8000-000000000000', 'job:a', 0, 'Old Song', 'la', 30.5, NULL);
"""


def test_a_sandbox_of_the_first_version_keeps_its_songs(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sandbox.sqlite3")) as database:
        database.executescript(FIRST_VERSION)
    for _ in range(2):
        sandbox = Sandbox(tmp_path, speed=1)
        sandbox.start()
        client = Client(sandbox.url)
        (clip,) = client.get("/music").json["clips"]
        assert clip["title"] == "Old Song"
        assert sandbox.charged("mine") == 1
        assert client.get("/accounts/usage", email=STUDIO).json["summary"]["total_charged_credits"] == 5
        sandbox.stop()
    fresh = SandboxState(tmp_path / "fresh.sqlite3")
    with closing(sqlite3.connect(tmp_path / "sandbox.sqlite3")) as old:
        for table in ("jobs", "clips"):
            columns = [row[1] for row in old.execute(f"PRAGMA table_info({table})")]
            assert columns == [row["name"] for row in fresh.rows(f"PRAGMA table_info({table})")]
    fresh.close()
