"""The flag that says stop, at every loop that sends or copies (apps/shutdown.py)."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from apps import shutdown
from apps.generation import tasks
from apps.generation.jobs import transitions
from apps.generation.models import Job, State
from apps.generation.queue import fair_order
from apps.generation.references import upload_stream
from apps.library.archiving import archiver, backfill
from apps.library.models import ClipFile
from flowweb.celery import app
from tests.generation.conftest import Studio

STOPPED_FOR_GOOD = "The sender stopped while sending. It may have gone through."


@pytest.fixture
def flag(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Of this test alone."""
    flag = threading.Event()
    monkeypatch.setattr(shutdown, "_begun", flag)
    return flag


def begins_after(name: str, module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal comes when that function has just done its work."""
    whole: Callable[..., Any] = getattr(module, name)

    def then_stop(*args: Any, **kwargs: Any) -> Any:
        done = whole(*args, **kwargs)
        shutdown.begin()
        return done

    monkeypatch.setattr(module, name, then_stop)


def test_no_job_is_claimed_after_it(studio: Studio, flag: threading.Event) -> None:
    studio.ask(count=3)
    shutdown.begin()
    assert studio.dispatch() == 0
    assert set(Job.objects.values_list("state", flat=True)) == {State.QUEUED}


def test_a_job_that_was_claimed_just_before_it_goes_back(
    studio: Studio, flag: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = studio.ask(count=3)
    begins_after("claim_next", fair_order, monkeypatch)
    studio.dispatch()
    assert set(Job.objects.values_list("state", "claim")) == {(State.QUEUED, None)}
    assert studio.sandbox.charged(jobs[0].reference) == 0


def test_the_one_that_is_being_sent_is_the_last_one(
    studio: Studio, flag: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.ask(count=3)
    begins_after("mark_sent", transitions, monkeypatch)
    assert studio.dispatch() == 1
    assert sorted(Job.objects.values_list("state", flat=True)) == ["queued", "queued", "running"]


def test_a_sender_that_must_go_says_what_is_known(studio: Studio) -> None:
    unsent, sent = studio.ask(count=2)
    claims = []
    while found := fair_order.claim_next(studio.subscription):
        claims.append(found[2])
    assert transitions.mark_sent(sent, claims[1], hook_hash="")
    for job, claim in zip((unsent, sent), claims, strict=True):
        assert transitions.give_up(job.pk, claim)
        assert not transitions.give_up(job.pk, claim), "once"
        job.refresh_from_db()
    assert (unsent.state, sent.state) == (State.QUEUED, State.UNKNOWN)
    assert sent.story.last().text == STOPPED_FOR_GOOD


def test_what_does_not_end_is_given_up_before_the_process_goes(
    flag: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, gone = [], threading.Event()
    monkeypatch.setattr(shutdown, "UNDER_WAY_S", 0.2)
    monkeypatch.setattr(shutdown, "_leave", gone.set)

    def refuses() -> None:
        raise RuntimeError("the database is away")

    shutdown.watch()
    with shutdown.under_way(refuses), shutdown.under_way(lambda: left.append("written down")):
        shutdown.begin()
        assert gone.wait(20)
    assert left == ["written down"]


def test_every_task_drops_a_message_that_comes_after_it(
    flag: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool works through what it has taken before it ends: nothing of it may begin."""
    app.loader.import_default_modules()
    ours = [task for name, task in app.tasks.items() if not name.startswith("celery.")]
    assert len(ours) > 15
    shutdown.begin()
    for task in ours:
        monkeypatch.setattr(task, "run", lambda *_: pytest.fail("it has begun"))
        assert task("1") is None


def test_nothing_is_copied_after_it(studio: Studio, flag: threading.Event) -> None:
    take = studio.take()
    ClipFile.objects.update(background=True)
    shutdown.begin()
    assert not any(archiver.archive(file.pk) for file in take.files.all())
    assert backfill.run() == 0
    assert not ClipFile.objects.filter(claim_until__isnull=False).exists()


def test_the_tick_ends_between_two_steps(
    studio: Studio, flag: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []

    def step(number: int) -> Callable[[object], None]:
        def run(_now: object) -> None:
            steps.append(number)
            shutdown.begin()

        return run

    monkeypatch.setattr(tasks, "STEPS", (step(1), step(2)))
    studio.tick()
    assert steps == [1]


def test_a_file_that_is_still_coming_in_is_to_be_sent_again(flag: threading.Event) -> None:
    """Rather than cut when the web is killed at last."""
    sink = upload_stream.Sink("drone.mp3", 40_000_000)
    sink.write(b"x" * 100)
    shutdown.begin()
    with pytest.raises(upload_stream.NotWhole, match="being restarted"):
        sink.write(b"x" * 100)
    sink.close()
