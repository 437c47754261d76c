"""A database is turned back, in every way there is: what it shows as not sent may have been paid since.

Nobody runs a command. The books of the remote side are the judge: never more than one song for one request.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from apps.generation.dispatch import dispatcher
from apps.generation.jobs import decisions
from apps.generation.models import Hold, Job, State
from apps.generation.queue import fair_order
from apps.generation.restore import database_identity, guard
from tests.faults import children, restores
from tests.faults.restores import PutBack, Way
from tests.faults.studio import FaultyStudio
from tests.run.postgres import Server

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def _same_place() -> Iterator[None]:
    with restores.same_place():
        yield


@dataclass
class Lived:
    """A job in each state at the time of the backup, and what became of them in the time that is lost."""

    studio: FaultyStudio
    done: Job
    running: Job
    lost: Job
    claimed: Job
    next: Job
    never: Job

    @classmethod
    def until(cls, studio: FaultyStudio, back_up: Callable[[], PutBack]) -> tuple["Lived", PutBack]:
        done = studio.one()
        studio.dispatch()
        studio.rest()
        lost, running = studio.unknown(), studio.running()
        claimed, following, never = studio.one("one"), studio.one("two"), studio.one("three")
        claim = fair_order.claim_next(studio.subscription)
        put_back = back_up()
        assert claim
        dispatcher.submit(*claim)
        # One more is sent; for the third there is no slot.
        assert studio.dispatch() == 1
        lived = cls(studio, done, running, lost, claimed, following, never)
        assert studio.remote.charges() == dict.fromkeys([job.reference for job in lived.paid], 1)
        return lived, put_back

    @property
    def paid(self) -> list[Job]:
        return [self.done, self.running, self.lost, self.claimed, self.next]

    def is_held(self) -> None:
        """Ticks and dispatchers send nothing, and say why."""
        for _ in range(3):
            self.studio.round()
        assert Hold.objects.filter(team=self.studio.team).exists()
        assert states([self.claimed, self.next, self.never]).count(State.QUEUED) == 0
        assert self.studio.remote.charges() == dict.fromkeys([job.reference for job in self.paid], 1)

    def ends_well(self) -> None:
        """What was sent is found; the rest is paid when a person says so, and then once."""
        self.studio.rest()
        assert set(states(self.paid)) == {State.COMPLETED}
        assert states([self.never]) == [State.UNKNOWN]
        assert decisions.requeue(self.never, by=self.studio.user)
        assert guard.resume(self.studio.team, by=self.studio.user)
        self.studio.rest()
        assert states([self.never]) == [State.COMPLETED]
        assert self.studio.remote.charges() == dict.fromkeys(
            [job.reference for job in [*self.paid, self.never]], 1
        )


@pytest.mark.long
@pytest.mark.parametrize("lose", [restores.lose_nothing, restores.lose_redis, restores.lose_files])
@pytest.mark.parametrize("way", restores.HERE)
def test_nothing_is_paid_twice(
    studio: FaultyStudio, tmp_path: Path, way: Way, lose: Callable[[], None]
) -> None:
    lived, put_back = Lived.until(studio, lambda: way(tmp_path))
    put_back()
    if way is not restores.the_whole_folder:
        lose()
    lived.is_held()
    lived.ends_well()


@pytest.mark.postgres
@pytest.mark.parametrize("way", restores.SERVER)
def test_nothing_is_paid_twice_after_the_server_was_turned_back(
    studio: FaultyStudio, way: Callable[[Server], PutBack]
) -> None:
    with restores.own_server() as server:
        lived, put_back = Lived.until(studio, lambda: way(server))
        put_back()
        lived.is_held()
        lived.ends_well()


@pytest.mark.parametrize("way", [way for way in restores.HERE if way is not restores.rows_of_a_dump][:1])
def test_another_database_is_known_without_marks(studio: FaultyStudio, tmp_path: Path, way: Way) -> None:
    lived, put_back = Lived.until(studio, lambda: way(tmp_path))
    put_back()
    restores.lose_both()
    lived.is_held()
    lived.ends_well()


@pytest.mark.parametrize("way", restores.HERE)
def test_put_back_when_nothing_was_sent_since_it_goes_on(
    studio: FaultyStudio, tmp_path: Path, way: Way
) -> None:
    """The marks say that nothing is missing. Of another database they can't: they may have been put back with it."""
    studio.running()
    queued = studio.one()
    studio.tick()
    before = database_identity.read()
    put_back = way(tmp_path)
    put_back()
    is_another = database_identity.is_another(before, database_identity.read())
    assert studio.dispatch() == (0 if is_another else 1)
    assert studio.remote.charged(queued.reference) <= 1


@pytest.mark.postgres
def test_a_failover_that_lost_nothing_goes_on(studio: FaultyStudio) -> None:
    with restores.own_server() as server:
        studio.running()
        queued = studio.one()
        studio.tick()
        before = database_identity.read()
        restores.a_failover(server)()
        assert database_identity.is_another(before, database_identity.read())
        assert studio.dispatch() == 1
        assert studio.remote.charged(queued.reference) == 1


@pytest.mark.parametrize("lose", [restores.lose_redis, restores.lose_files, restores.lose_both])
def test_losing_marks_alone_holds_nothing_up(studio: FaultyStudio, lose: Callable[[], None]) -> None:
    studio.running()
    queued = studio.one()
    studio.tick()
    lose()
    studio.round()
    studio.rest()
    assert states([queued]) == [State.COMPLETED]
    assert not Hold.objects.exists()
    assert studio.remote.charged(queued.reference) == 1


def test_turned_back_under_a_sender_at_work(studio: FaultyStudio, tmp_path: Path) -> None:
    """Between its look and its call: the number of the call is taken already, so it isn't made."""
    queued = studio.one()
    put_back = restores.HERE[0](tmp_path)
    studio.dispatch()
    assert studio.remote.charged(queued.reference) == 1
    put_back()
    claim = fair_order.claim_next(studio.subscription)
    assert claim, "it is queued again, and nobody has looked"
    dispatcher.submit(*claim)
    assert studio.remote.charges() == {queued.reference: 1}
    assert states([queued]) == [State.UNKNOWN]
    assert Hold.objects.filter(team=studio.team).exists()


def test_many_that_find_out_at_once(studio: FaultyStudio, tmp_path: Path) -> None:
    jobs = [studio.one() for _ in range(3)]
    put_back = restores.HERE[0](tmp_path)
    studio.dispatch()
    paid = studio.remote.charges()
    put_back()
    children.race([studio.dispatch] * 4)
    studio.round()
    assert studio.remote.charges() == paid
    assert set(states(jobs)) <= {State.UNKNOWN, State.RUNNING}
    assert Hold.objects.filter(team=studio.team, calls=len(paid)).exists()


def test_killed_anywhere_while_it_holds(studio: FaultyStudio, tmp_path: Path) -> None:
    """In one piece or not at all: the next one to look does it."""
    job = studio.one()
    put_back = restores.HERE[0](tmp_path)
    studio.dispatch()
    put_back()
    children.run(guard.may_send, children.steps.die_at_first(children.steps.COMMIT))
    assert states([job]) == [State.QUEUED]
    studio.round()
    assert Hold.objects.filter(team=studio.team).exists()
    assert studio.remote.charges() == {job.reference: 1}


def states(jobs: list[Job]) -> list[str]:
    for job in jobs:
        job.refresh_from_db()
    return [job.state for job in jobs]
