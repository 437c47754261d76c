"""The database goes away around a POST: its answer is written down all the same, and nothing is sent in vain."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from django.db import connection

from apps.generation.models import Job, State
from tests.faults import children, outages, steps
from tests.faults.studio import FaultyStudio

pytestmark = pytest.mark.long

Outage = Callable[[], None]


@pytest.fixture(autouse=True)
def _short_patience() -> Iterator[None]:
    """A lock of SQLite is waited for a tenth of a second instead of twenty."""
    before = connection.settings_dict["OPTIONS"]
    if connection.vendor == "sqlite":
        connection.settings_dict["OPTIONS"] = before | {"timeout": 0.1}
    yield
    connection.close()
    connection.settings_dict["OPTIONS"] = before


@pytest.mark.long
@pytest.mark.parametrize("answer", ["", "busy", "drop after", "422", "moderated now"])
@pytest.mark.parametrize("outage", outages.HERE)
def test_the_answer_is_written_down_through_it(studio: FaultyStudio, outage: Outage, answer: str) -> None:
    """Between the last byte of the answer and its first statement."""
    calm = send(studio, answer, steps.nothing)
    studio.fresh()
    job = send(studio, answer, steps.once(steps.RECEIVED, outage))
    assert job.state == calm.state
    assert (job.jobid is None) == (calm.jobid is None)
    assert studio.remote.calls("POST /music") == 1


def send(studio: FaultyStudio, answer: str, plan: steps.Plan) -> Job:
    """One song sent; the sender itself sees no error."""
    job = studio.one()
    if answer:
        studio.remote.play(answer)
    children.run(studio.dispatch, plan)
    job.refresh_from_db()
    return job


@pytest.mark.parametrize("outage", outages.HERE)
@pytest.mark.parametrize("step", [*outages.INSIDE, steps.COMMITTED])
def test_away_in_the_middle_of_writing_it_down(studio: FaultyStudio, outage: Outage, step: str) -> None:
    """Before and after the first change that the answer makes: the rest follows."""
    job = studio.one()
    with suppress(AssertionError):  # what the sender does after it has written the answer may fail
        children.run(studio.dispatch, steps.behind(steps.RECEIVED, steps.once(step, outage)))
    job.refresh_from_db()
    assert job.state == State.RUNNING
    studio.rest()
    job.refresh_from_db()
    assert (job.state, studio.remote.charges()) == (State.COMPLETED, {job.reference: 1})


@pytest.mark.parametrize("outage", outages.HERE)
def test_away_before_sending(studio: FaultyStudio, outage: Outage) -> None:
    """The sender fails; nothing was sent, and the sweep puts the job back in line."""
    job = studio.one()
    with pytest.raises(AssertionError, match="OperationalError"):
        children.run(studio.dispatch, steps.once(steps.COMMITTED, outage))
    assert studio.remote.calls("POST /music") == 0
    studio.rest()
    job.refresh_from_db()
    assert (job.state, studio.remote.charges()) == (State.COMPLETED, {job.reference: 1})


@pytest.mark.parametrize("outage", outages.HERE)
def test_away_while_songs_are_searched_for(studio: FaultyStudio, outage: Outage) -> None:
    """The look fails; the next one finds it."""
    job = studio.unknown()
    with pytest.raises(AssertionError, match="OperationalError"):
        children.run(studio.look, steps.once(steps.RECEIVED, outage))
    studio.rest()
    job.refresh_from_db()
    assert (job.state, studio.remote.charges()) == (State.COMPLETED, {job.reference: 1})
