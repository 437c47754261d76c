"""Whether the database was turned back: what the marks say, what the database says, and what follows.

The five ways of turning one back for real are in tests/faults/test_restored.py.
"""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone
from redis import Redis

from apps.accounts.models import AuditEntry, Role, Team
from apps.generation.dispatch import dispatcher
from apps.generation.jobs import decisions, transitions
from apps.generation.models import Hold, Job, LostSongSearch, SendLedger, State
from apps.generation.queue import fair_order
from apps.generation.recovery import candidates
from apps.generation.restore import guard, marks
from apps.generation.restore.marks import Mark
from tests.faults import restores
from tests.generation.conftest import Studio, member, state

pytestmark = pytest.mark.django_db


@pytest.fixture
def nobody(settings: object) -> Iterator[None]:
    """No Redis answers."""
    marks._redis.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:9"  # type: ignore[attr-defined]
    yield
    marks._redis.cache_clear()


def held(studio: Studio) -> bool:
    return Hold.objects.filter(team=studio.team).exists()


def series() -> UUID:
    return SendLedger.current().series


def sent(studio: Studio) -> Job:
    (job,) = studio.ask()
    assert studio.dispatch() == 1
    return job


def another_database() -> None:
    SendLedger.objects.update(database="server:1 timeline:00000001")


# What is held up, and what isn't.


def test_each_call_leaves_a_mark_in_both_places_that_says_nothing(studio: Studio) -> None:
    (job,) = studio.ask("secret words")
    studio.dispatch()
    (in_files,) = marks.in_files(series()) or []
    assert [in_files] == marks.since(series(), 0)
    assert (in_files.number, in_files.team, in_files.job) == (1, studio.team.pk.hex, job.pk.hex)
    assert marks.newest_in_redis(series()) == SendLedger.current().sent == 1
    for text in (job.reference, "secret"):
        assert text not in str(in_files)


def test_a_fresh_database_and_one_from_before_marks_hold_nothing(studio: Studio) -> None:
    sent(studio)
    assert not held(studio)
    assert SendLedger.current().database


@pytest.mark.parametrize("lose", [restores.lose_redis, restores.lose_files, restores.lose_both])
def test_lost_marks_hold_nothing(studio: Studio, lose: object) -> None:
    sent(studio)
    lose()  # type: ignore[operator]
    sent(studio)
    assert not held(studio)
    assert marks.newest_in_redis(series()) == 2


def test_rows_older_than_the_marks_are_held(studio: Studio) -> None:
    at, job = timezone.now(), sent(studio)
    (other,) = studio.ask()
    Job.objects.filter(pk=job.pk).update(state=State.QUEUED, sent_at=None, jobid=None)
    SendLedger.objects.update(sent=0)
    assert studio.dispatch() == 0
    (hold,) = Hold.objects.all()
    assert (hold.calls, hold.first_at == hold.last_at) == (1, True)
    assert hold.first_at
    assert abs(hold.first_at - at) < timedelta(minutes=1)
    assert [state(each) for each in (job, other)] == [State.UNKNOWN] * 2
    # Of one it is known that it was sent, of the other one that it may have been.
    assert (job.sent_at, other.sent_at) == (hold.first_at, None)
    assert "was sent after" in job.error_text
    assert "may have been sent" in other.error_text
    assert not studio.dispatch(), "held once, it stays held"
    assert SendLedger.current().sent == 1, "the numbers go on behind what was sent"


def test_another_database_without_marks_is_held(studio: Studio) -> None:
    sent(studio)
    another_database()
    restores.lose_both()
    studio.ask()
    assert studio.dispatch() == 0
    assert held(studio)


def test_another_database_with_nothing_open_holds_nobody_up(studio: Studio) -> None:
    job = sent(studio)
    another_database()
    restores.lose_both()
    assert state(job) == State.RUNNING
    assert guard.may_send()
    assert not held(studio)


def test_a_backup_from_before_there_were_marks_is_held(studio: Studio) -> None:
    """It brings no ledger along, so it gets a new one; the marks outside are of another series."""
    job = sent(studio)
    Job.objects.filter(pk=job.pk).update(state=State.QUEUED, sent_at=None, jobid=None)
    SendLedger.objects.all().delete()
    assert studio.dispatch() == 0
    assert Hold.objects.filter(team=studio.team, calls=1).exists()
    assert studio.charged(job) == 1


def test_the_tick_finds_it_out_when_nothing_is_queued(studio: Studio) -> None:
    sent(studio)
    SendLedger.objects.update(sent=0)
    studio.tick()
    assert held(studio)


# The last step before the socket.


def test_a_call_whose_number_was_used_already_is_not_made(studio: Studio) -> None:
    sent(studio)
    (job,) = studio.ask()
    claim = fair_order.claim_next(studio.subscription)
    assert claim
    marks.leave(series(), Mark(2, timezone.now(), studio.team.pk.hex, job.pk.hex[::-1]))
    dispatcher.submit(*claim)
    assert (state(job), studio.charged(job)) == (State.UNKNOWN, 0)
    assert held(studio)


def test_a_claim_from_before_the_hold_sends_nothing(studio: Studio) -> None:
    (job,) = studio.ask()
    claim = fair_order.claim_next(studio.subscription)
    assert claim
    guard.hold()
    dispatcher.submit(*claim)
    assert (state(job), studio.charged(job)) == (State.UNKNOWN, 0)
    assert not transitions.mark_sent(job, claim[2], hook_hash="")


def test_without_redis_the_file_store_is_enough(studio: Studio, nobody: None) -> None:
    sent(studio)
    sent(studio)
    assert len(marks.in_files(series()) or []) == 2


def test_without_the_file_store_redis_is_enough(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_storage._wrapped, "save", refuse)  # type: ignore[attr-defined]
    sent(studio)
    assert marks.newest_in_redis(series()) == 1


def test_with_neither_nothing_is_sent_and_it_is_tried_again(
    studio: Studio, nobody: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(default_storage._wrapped, "save", refuse)  # type: ignore[attr-defined]
    (job,) = studio.ask()
    credits = studio.account("studio").credits
    studio.dispatch()
    assert (state(job), studio.charged(job)) == (State.QUEUED, 0)
    assert job.not_before
    assert "Nothing was sent" in job.wait_reason
    assert studio.account("studio").credits == credits


def refuse(*_arguments: object) -> None:
    raise OSError("away")


def test_a_list_that_did_not_come_is_no_empty_list(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows were turned back and Redis is empty: only the file store knows, and it does not answer at first."""
    job = sent(studio)
    sent(studio)
    Job.objects.filter(pk=job.pk).update(state=State.QUEUED, sent_at=None, jobid=None)
    SendLedger.objects.update(sent=1)
    restores.lose_redis()
    guard._read_series.clear()
    with monkeypatch.context() as away:
        away.setattr(default_storage._wrapped, "listdir", refuse)  # type: ignore[attr-defined]
        assert studio.dispatch() == 0
        assert (state(job), held(studio)) == (State.QUEUED, False)
    assert studio.dispatch() == 0
    assert (state(job), held(studio)) == (State.UNKNOWN, True)


def test_a_file_store_that_hangs_delays_one_call_and_then_none(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an S3 that takes the connection and never answers."""
    sent(studio)
    over = threading.Event()
    monkeypatch.setattr(marks, "_store", marks._Store())
    monkeypatch.setattr(marks, "STORE_S", 0.4)
    monkeypatch.setattr(default_storage._wrapped, "save", lambda *_: over.wait(60))  # type: ignore[attr-defined]
    took = []
    for number in range(2, 10):
        began = time.monotonic()
        marks.leave(series(), Mark(number, timezone.now(), "", f"{number}"))
        took.append(time.monotonic() - began)
    over.set()
    assert took[0] >= 0.4
    assert max(took[1:]) < 0.2
    assert marks.newest_in_redis(series()) == 9


def test_many_at_once_leave_all_their_marks(studio: Studio) -> None:
    """In any order: an older one that comes late takes nothing back."""
    numbers = [5, 3, 9, 1, 7, 2, 8, 6, 4]
    threads = [
        threading.Thread(target=marks.leave, args=(series(), Mark(each, timezone.now(), "", f"{each}")))
        for each in numbers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert marks.newest_in_redis(series()) == 9
    assert [mark.number for mark in marks.since(series(), 4)] == [5, 6, 7, 8, 9]


def test_old_marks_are_cleared_away(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "MOST_MARKS", 3)
    monkeypatch.setattr(marks, "TIDIED_EVERY", 5)
    for number in range(1, 11):
        marks.leave(series(), Mark(number, timezone.now(), "", f"{number}"))
    assert [mark.number for mark in marks.in_files(series()) or []] == [8, 9, 10]
    with Redis.from_url(settings.REDIS_URL) as redis:
        assert redis.zcard(f"flowweb:{marks.FOLDER}:{series().hex}") == 3


# A person decides.


def restored(studio: Studio, count: int = 1) -> list[Job]:
    jobs = studio.ask(count=count)
    guard.hold()
    for job in jobs:
        assert state(job) == State.UNKNOWN
    return jobs


def test_requeued_it_is_sent_once_for_who_was_to_pay(studio: Studio) -> None:
    (job,) = restored(studio)
    chief = member(studio.team, "admin@nightbus.example", Role.ADMIN)
    assert decisions.requeue(job, by=chief)
    assert not decisions.requeue(job, by=chief)
    assert studio.dispatch() == 0, "held until it is resumed"
    assert guard.resume(studio.team, by=chief)
    assert studio.dispatch() == 1
    assert (state(job), job.asked_by, job.token, studio.charged(job)) == (
        State.RUNNING, studio.user, studio.token, 1,
    )  # fmt: skip
    entry = AuditEntry.objects.get(team=studio.team, action="sending resumed")
    assert entry.by == chief


def test_only_what_is_from_a_backup_is_requeued(studio: Studio) -> None:
    job = sent(studio)
    Job.objects.filter(pk=job.pk).update(state=State.UNKNOWN, jobid=None, unknown_since=timezone.now())
    job.refresh_from_db()
    assert not decisions.requeue(job, by=studio.user)
    assert state(job) == State.UNKNOWN


def test_found_before_it_was_sent_again_it_is_not_sent(studio: Studio) -> None:
    (job,) = restored(studio)
    decisions.requeue(job, by=studio.user)
    assert transitions.accept(job, "job:found")
    guard.resume(studio.team, by=studio.user)
    assert studio.dispatch() == 0
    assert studio.charged(job) == 0


def test_one_team_resumes_for_itself(studio: Studio) -> None:
    other = Team.objects.create(name="Elsewhere")
    restored(studio)
    assert guard.resume(studio.team, by=studio.user)
    assert list(Hold.objects.values_list("team", flat=True)) == [other.pk]
    assert not guard.resume(studio.team, by=studio.user)


def test_a_row_that_knows_no_account_is_searched_for_on_all_of_them(studio: Studio) -> None:
    (job,) = restored(studio)
    assert job.ran_on is None
    candidates.start_search(job, by=studio.user)
    assert candidates.search(str(job.pk))
    look = LostSongSearch.objects.get(job=job)
    assert look.problem == ""
    lists = [each for each in studio.sandbox.requests() if each == "GET /music"]
    assert lists


def test_the_command_does_the_same_for_a_machine_that_was_turned_back_whole(studio: Studio) -> None:
    (job,) = studio.ask()
    assert "1 job may have been sent" in command()
    assert (state(job), held(studio), studio.dispatch()) == (State.UNKNOWN, True, 0)
    resumed = command("--resume")
    assert "Sending is resumed." in resumed
    assert "The outcome of 1 job is still unknown." in resumed
    assert "was not paused" in command("--resume")
    assert not held(studio)


def test_any_number_of_attempts_is_counted_as_far_as_the_column_goes(studio: Studio) -> None:
    (job,) = studio.ask()
    Job.objects.filter(pk=job.pk).update(attempts=transitions.MOST_COUNTED)
    assert studio.dispatch() == 1
    assert (state(job), job.attempts) == (State.RUNNING, transitions.MOST_COUNTED)


def command(*arguments: str) -> str:
    output = StringIO()
    call_command("restored", *arguments, stdout=output)
    return output.getvalue()
