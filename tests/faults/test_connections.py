"""Real processes take no more connections to the database than they have threads (README, *Host it*)."""

import http.client
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest
from celery import current_app
from django.db import connection

from tests.faults.remote import Remote
from tests.faults.site import Site
from tests.local.processes import wait_for, with_variable

THREADS = 3
FOR_S = 4.0


@pytest.fixture
def site(remote: Remote, tmp_path: Path) -> Iterator[Site]:
    site = Site(remote, tmp_path)
    names = ("WEB_THREADS", "WORKER_THREADS", "SLOW_THREADS")
    # Postgres knows them by this name, the kernel by the variable.
    site.environment |= dict.fromkeys(names, str(THREADS)) | {"PGAPPNAME": str(tmp_path)[-60:]}
    yield site
    site.stop()


def connections(site: Site) -> int:
    """How many there are now, of all processes of the site."""
    name = site.environment["PGAPPNAME"]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [name])
            return int(cursor.fetchone()[0])
    file = Path(connection.settings_dict["NAME"])
    return sum(_opened(pid).count(file) for pid in with_variable(f"PGAPPNAME={name}"))


def _opened(pid: int) -> list[Path]:
    found = []
    with suppress(OSError):
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.append(each.readlink())
    return found


def most(site: Site, work: Callable[[], object]) -> int:
    """The most that were seen at once while there was more work than threads."""
    seen, until = 0, time.monotonic() + FOR_S
    with ThreadPoolExecutor(4 * THREADS) as pool:
        while time.monotonic() < until:
            done = [pool.submit(work) for _ in range(4 * THREADS)]
            while not all(each.done() for each in done):
                seen = max(seen, connections(site))
    return max(seen, connections(site))


def test_web(site: Site) -> None:
    site.start("web")

    def visit() -> None:
        visitor = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
        visitor.request("GET", "/readyz")
        assert visitor.getresponse().read().startswith(b"ready")
        visitor.close()

    assert 1 < most(site, visit) <= THREADS


@pytest.mark.parametrize(
    ("name", "task", "ids"),
    # The second asks the database each time: a sweep that isn't due asks Redis alone.
    [("worker", "generation.tick", ()), ("slow", "generation.look", (str(UUID(int=0)),))],
)
def test_workers(site: Site, name: str, task: str, ids: tuple[str, ...]) -> None:
    site.start(name)
    assert wait_for(lambda: site.listening() == 1)
    assert 0 < most(site, lambda: current_app.send_task(task, ids)) <= THREADS


def test_beat_takes_none(site: Site) -> None:
    site.start("beat")
    assert most(site, lambda: time.sleep(0.2)) == 0
