from __future__ import annotations

import time

import pytest

from apps.upstream.deadline import Deadline


def test_counts_down() -> None:
    deadline = Deadline(10)
    assert 9.5 < deadline.left() <= 10
    assert Deadline(0).left() == 0
    assert Deadline(-5).left() == 0


@pytest.mark.parametrize("clock", ["time", "monotonic"])
def test_either_clock_ends_it(clock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A suspended machine stops the one clock, a stopped process neither."""
    deadline = Deadline(10)
    later = getattr(time, clock)() + 11
    monkeypatch.setattr(time, clock, lambda: later)
    assert deadline.left() == 0


def test_a_wall_clock_set_back_does_not_prolong_it(monkeypatch: pytest.MonkeyPatch) -> None:
    deadline = Deadline(10)
    earlier = time.time() - 3600
    monkeypatch.setattr(time, "time", lambda: earlier)
    assert deadline.left() <= 10
