"""kill -9 at every step of sending an edit: charged once at most, as a song is.

Stems block until they are there and leave no record: what became of them only a person asks again, and asking again
gives the same four.
"""

import threading

import pytest

from apps.accounts import api_clients
from apps.generation.models import Job, State
from apps.library.models import Clip, Song
from apps.upstream.deadline import Deadline
from tests.faults import children, steps
from tests.faults.children import Ended
from tests.faults.matrix import PARTS, numbers
from tests.faults.studio import FaultyStudio
from tests.local.processes import wait_for
from tests.sandbox_control import ask


@pytest.fixture
def clip(studio: FaultyStudio) -> Clip:
    clip = studio.take()
    studio.rest()
    return clip


@pytest.mark.parametrize("shard", PARTS)
def test_killed_while_an_edit_is_sent(studio: FaultyStudio, clip: Clip, shard: int, soak: bool) -> None:
    """The way of an answer is that of songs (test_crash_submission.py): here it gets lost in the long form only."""
    for answer in ["", "drop after"] if soak else [""]:
        whole = send_cover(studio, clip, answer, steps.nothing)[1]
        assert whole.steps.count(steps.SENT) == 2
        for number in numbers(whole, shard=shard, soak=soak, near=(steps.CONNECT, steps.RECEIVED)):
            job, ended = send_cover(studio, clip, answer, steps.die_at(number))
            judge_cover(studio, job, ended)


def send_cover(studio: FaultyStudio, clip: Clip, answer: str, plan: steps.Plan) -> tuple[Job, Ended]:
    forget_edits()
    job = studio.ask_for("cover", source=clip, instruction="bossa nova", strength=0.5)
    if answer:
        studio.remote.play(answer, operation="cover")
    ended = children.run(studio.dispatch, plan)
    studio.remote.play_no_more()
    job.refresh_from_db()
    return job, ended


def forget_edits() -> None:
    Job.objects.exclude(operation="music").delete()
    Song.objects.exclude(operation="music").delete()


def judge_cover(studio: FaultyStudio, job: Job, ended: Ended) -> None:
    where = f"step {len(ended.steps)}, {ended.steps[-1]}"
    begun = ended.killed and job.state == State.SUBMITTING and job.sent_at is not None
    taken = ended.steps.count(steps.SENT) == 2
    if taken:
        studio.remote.wait_until_charged(job.reference)
    studio.rest()
    job.refresh_from_db()
    if begun and not taken:
        assert (job.state, studio.remote.charged(job.reference)) == (State.UNKNOWN, 0), where
        job = studio.decide_to_pay_again(job)
    assert (job.state, studio.remote.charged(job.reference)) == (State.COMPLETED, 1), where
    assert (job.song.source_id, job.song.takes.count()) == (job.source_id, 1), where


@pytest.mark.long
@pytest.mark.parametrize("shard", PARTS)
def test_killed_while_stems_are_split(studio: FaultyStudio, clip: Clip, shard: int, soak: bool) -> None:
    split_at_the_remote_side(studio, clip)
    whole = send_stems(studio, clip, steps.nothing)[1]
    assert whole.steps.count(steps.SENT) == 2
    for number in numbers(whole, shard=shard, soak=soak, near=(steps.CONNECT, steps.RECEIVED)):
        posts = studio.remote.calls("POST /music/edit")
        job, ended = send_stems(studio, clip, steps.die_at(number))
        judge_stems(studio, job, ended, posts)
    assert ask(studio.remote.url, "charges?by=operation")["stems"] == 1


def split_at_the_remote_side(studio: FaultyStudio, clip: Clip) -> None:
    """Once, so that every later call answers at once, as the page says."""
    client = api_clients.of_token(studio.token)
    splitting = threading.Thread(target=lambda: client.stems({"clip": clip.clip_id}, deadline=Deadline(60)))
    splitting.start()

    def is_over() -> bool:
        for job in ask(studio.remote.url, "jobs"):
            if (job["operation"], job["status"]) == ("stems", "pending"):
                studio.remote.finish(job["jobid"])
        return not splitting.is_alive()

    assert wait_for(is_over)


def send_stems(studio: FaultyStudio, clip: Clip, plan: steps.Plan) -> tuple[Job, Ended]:
    forget_edits()
    job = studio.ask_for("stems", source=clip)
    ended = children.run(lambda: studio.dispatch(synchronous=True), plan)
    job.refresh_from_db()
    return job, ended


def judge_stems(studio: FaultyStudio, job: Job, ended: Ended, posts: int) -> None:
    """One call for each time that a person asked; four stems, once, whoever brought them."""
    where = f"step {len(ended.steps)}, {ended.steps[-1]}"
    begun = ended.killed and job.state == State.SUBMITTING and job.sent_at is not None
    studio.rest()
    job.refresh_from_db()
    if begun:
        assert job.state == State.UNKNOWN, where
        job = studio.decide_to_pay_again(job)
    assert job.state == State.COMPLETED, where
    assert studio.remote.calls("POST /music/edit") - posts <= 1 + begun, where
    stems = Clip.objects.filter(song=job.song).order_by("take").values_list("stem_type", flat=True)
    assert list(stems) == ["vocals", "drums", "bass", "other"], where
