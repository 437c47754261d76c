"""What it costs that many watch the panel: CPU of the web processes, while nothing changes and at each change."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.house import House
from tests.bench.visitor import AT_ONCE, Visitor

WATCHERS = 200
ROUNDS = 5
POLL_S = 3.0  # how often a page asks while something runs

Line = tuple[str, str, str]


def lines(home: House, visitor: Visitor) -> list[Line]:
    visitor.read_panel(whole=True)
    unchanged = _cpu_ms(home, lambda: _poll(visitor, 204))
    changed = _cpu_ms(home, lambda: _change_and_poll(home, visitor))
    return [
        (
            f"CPU a poll, {WATCHERS} watchers, nothing new",
            f"{unchanged:.1f} ms",
            f"{_cores(unchanged):.2f} cores for all, each every {POLL_S:.0f} s",
        ),
        (
            f"CPU a poll, {WATCHERS} watchers, one change",
            f"{changed:.1f} ms",
            f"{changed / unchanged:.1f} × nothing new",
        ),
    ]


def _cores(ms: float) -> float:
    return WATCHERS * ms / 1000 / POLL_S


def _cpu_ms(home: House, all_poll: Callable[[], None]) -> float:
    """Of one watcher's poll."""
    all_poll()
    before = _cpu_s(home)
    for _ in range(ROUNDS):
        all_poll()
    return 1000 * (_cpu_s(home) - before) / ROUNDS / WATCHERS


def _change_and_poll(home: House, visitor: Visitor) -> None:
    home.execute("UPDATE generation_panelversion SET version = version + 1")
    _poll(visitor, 200)


def _poll(visitor: Visitor, status: int) -> None:
    """Each watcher once, with the version from before."""

    def watch(_: int) -> None:
        mine = Visitor(visitor.port, visitor.cookies)
        for _ in range(WATCHERS // AT_ONCE):
            answer = mine.get(f"/jobs/panel/?v={visitor.version}")
            assert answer.status == status, answer.status

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(watch, range(AT_ONCE)))


def _cpu_s(home: House) -> float:
    """User and system time of gunicorn and its workers so far."""
    ticks = 0
    for pid in home.studio.pids("web"):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
