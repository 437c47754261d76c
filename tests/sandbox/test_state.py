"""The database: all or nothing, and quiet after its end."""

from pathlib import Path

import pytest

from apps.sandbox.state import Closed, State


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    state = State(tmp_path / "state.sqlite3")

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
    state = State(tmp_path / "state.sqlite3")
    state.close()
    with pytest.raises(Closed):
        state.rows("SELECT 1")


def test_links_outlive_a_restart_because_the_secret_does(tmp_path: Path) -> None:
    secrets = []
    for _ in range(2):
        state = State(tmp_path / "state.sqlite3")
        secrets.append(state.secret)
        state.close()
    assert secrets[0] == secrets[1]
    assert len(secrets[0]) == 32


def test_the_log_is_kept_for_a_week(tmp_path: Path) -> None:
    state = State(tmp_path / "state.sqlite3")
    state.execute("INSERT INTO requests (at, route) VALUES (0, 'GET /jobs')")
    state.log("1", "GET /jobs")
    state.close()
    state = State(tmp_path / "state.sqlite3")
    assert state.requests() == {"GET /jobs": 1}
    state.close()
