"""A team, a remote side that outlives it, and a clock that only goes forward."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings

from apps.accounts.models import Role, Team
from tests.faults.remote import Remote
from tests.faults.studio import FaultyStudio
from tests.generation.conftest import member, with_token


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs tables that other processes see."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.django_db(transaction=True))


class Clock:
    """Moved forward for this process and the children that it forks; the remote side keeps the real time."""

    def __init__(self) -> None:
        self._moved = timedelta()
        self._traveller: time_machine.travel | None = None

    def forward(self, **amount: float) -> None:
        self.stop()
        self._moved += timedelta(**amount)
        self._traveller = time_machine.travel(datetime.now(UTC) + self._moved, tick=True)
        self._traveller.start()

    def stop(self) -> None:
        if self._traveller:
            self._traveller.stop()
            self._traveller = None


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.stop()


@pytest.fixture(scope="session")
def _remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    remote = Remote(tmp_path_factory.mktemp("remote"))
    yield remote
    remote.stop()


@pytest.fixture
def remote(_remote: Remote, monkeypatch: pytest.MonkeyPatch) -> Remote:
    _remote.reset()
    monkeypatch.setattr(settings, "SANDBOX_URL", _remote.url)
    monkeypatch.setattr(settings, "OPERATOR_ORIGINS", settings.OPERATOR_ORIGINS | {_remote.url})
    monkeypatch.setattr(settings, "WEBHOOKS", True)
    return _remote


@pytest.fixture
def studio(db: None, transactional_db: None, remote: Remote, clock: Clock) -> FaultyStudio:
    team = Team.objects.create(name="Night Bus")
    made = with_token(remote, team, member(team, "mara@nightbus.example", Role.OWNER))
    return FaultyStudio(made.sandbox, made.team, made.user, made.token, clock)


@pytest.fixture
def soak(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--soak"))


@pytest.fixture(autouse=True)
def _is_the_parent() -> Iterator[None]:
    """A child that came back into pytest would run the rest of the tests a second time."""
    pid = os.getpid()
    yield
    if os.getpid() != pid:
        os._exit(3)
