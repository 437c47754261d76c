"""kill -9 at every step after a song was taken: finding, following, collecting, saving, stopping."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from apps.generation.jobs import decisions
from apps.generation.models import Job, SeenJob, State
from apps.generation.polling import record_reader
from apps.library.archiving import archiver
from apps.library.models import Song
from tests.faults import children, steps
from tests.faults.children import Ended
from tests.faults.matrix import PARTS, numbers
from tests.faults.studio import FaultyStudio, signed_in

Prepare = Callable[[FaultyStudio], tuple[Job, Callable[[], object]]]


def following(studio: FaultyStudio) -> tuple[Job, Callable[[], object]]:
    job = studio.running()
    studio.remote.finish(job.jobid)
    return job, studio.look


def finding(studio: FaultyStudio) -> tuple[Job, Callable[[], object]]:
    return studio.unknown(), studio.look


def finding_late(studio: FaultyStudio) -> tuple[Job, Callable[[], object]]:
    """Seen in the list while it ran, read when it was finished."""
    job = studio.unknown()
    jobid = studio.remote.jobid(job.reference)
    seen = {"subscription": studio.subscription, "team": studio.team, "first_seen_at": timezone.now()}
    SeenJob.objects.create(jobid=jobid, **seen)
    studio.remote.finish(jobid)
    return job, studio.look


def hearing(studio: FaultyStudio) -> tuple[Job, Callable[[], object]]:
    """A webhook, and the reading that it asks for."""
    job = studio.unknown()
    path = studio.remote.reply_path(job.reference)
    body = {"jobid": studio.remote.jobid(job.reference), "status": "pending"}
    browser = signed_in(studio.user)

    def hear() -> None:
        assert browser.post(path, body, content_type="application/json").status_code == 204
        record_reader.hinted(studio.subscription.pk)

    return job, hear


def closing(studio: FaultyStudio) -> tuple[Job, Callable[[], object]]:
    job = studio.running()
    studio.remote.finish(job.jobid)
    studio.look()
    studio.clock.forward(minutes=11)
    return job, studio.tick


@pytest.mark.long
@pytest.mark.parametrize("shard", PARTS)
@pytest.mark.parametrize("prepare", [following, finding, finding_late, hearing, closing])
def test_killed_while_a_song_is_followed(
    studio: FaultyStudio, prepare: Prepare, shard: int, soak: bool
) -> None:
    """Every one ends completed, with one song kept and one charged."""
    whole = case(studio, prepare, steps.nothing)[1]
    for number in numbers(whole, shard=shard, soak=soak, near=(steps.COMMIT,)):
        job, ended = case(studio, prepare, steps.die_at(number))
        studio.rest()
        job.refresh_from_db()
        where = f"step {number}, {ended.steps[-1]}"
        assert (job.state, studio.remote.charges()) == (State.COMPLETED, {job.reference: 1}), where
        assert Song.objects.count() == 1, where
        assert job.song.takes.count() == 2, where


@pytest.mark.long
@pytest.mark.parametrize("shard", PARTS)
def test_killed_while_a_song_is_stopped(studio: FaultyStudio, shard: int, soak: bool) -> None:
    """Whoever was asked to stop it dies; it is stopped all the same, and never made again."""

    def stopping(studio: FaultyStudio) -> tuple[Job, Callable[[], object]]:
        job = studio.running()

        def stop() -> None:
            decisions.cancel(job, by=studio.user)
            studio.look()

        return job, stop

    whole = case(studio, stopping, steps.nothing)[1]
    for number in numbers(whole, shard=shard, soak=soak, near=(steps.CONNECT,)):
        job, ended = case(studio, stopping, steps.die_at(number))
        job.refresh_from_db()
        decisions.cancel(job, by=studio.user)
        studio.rest()
        job.refresh_from_db()
        where = f"step {number}, {ended.steps[-1]}"
        assert (job.state, studio.remote.charges()) == (State.CANCELLED, {job.reference: 1}), where
        assert studio.remote.calls("DELETE /jobs/{jobid}") in {1, 2}, where


def case(studio: FaultyStudio, prepare: Prepare, plan: steps.Plan) -> tuple[Job, Ended]:
    studio.fresh()
    job, action = prepare(studio)
    return job, children.run(action, plan)


@pytest.mark.long
def test_everything_is_saved_by_whoever_is_left(studio: FaultyStudio) -> None:
    """Each file's first worker is killed at its first write; the sweep brings all of them home."""
    job = studio.running()
    studio.remote.finish(job.jobid)
    studio.look()
    studio.clock.forward(seconds=25)  # audio no longer waits for the cover
    for file in studio.files(job):
        ended = children.run(
            lambda file=file: archiver.archive(file.pk), steps.die_at_first("before saving a file", 1)
        )
        assert ended.killed
    assert archiver.wake_due() == 0, "all in the hands of the dead, and WAV comes later"
    studio.clock.forward(minutes=10)
    assert archiver.wake_due() == 6 + 2
    studio.save_files(job)
    job.refresh_from_db()
    assert (job.state, studio.remote.charged(job.reference)) == (State.COMPLETED, 1)
