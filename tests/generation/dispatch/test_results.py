"""Answers that are all there is: kept whatever happens around them, and never a reason to pay twice."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from apps.generation import tasks
from apps.generation.dispatch import dispatcher, results
from apps.generation.jobs import decisions
from apps.generation.models import Job, State
from apps.library.models import LyricDraft, LyricVersion
from tests.generation.conftest import Studio, state
from tests.generation.pages import signed_in
from tests.sandbox_control import order

pytestmark = pytest.mark.django_db(transaction=True)


def split(studio: Studio, scenario: str = "") -> Job:
    """Stems of a take, asked for once."""
    job = studio.ask_for("stems", source=studio.take())
    if scenario:
        order(studio.sandbox.url, "scenario", operation="stems", scenario=scenario, times=1)
    studio.dispatch(synchronous=True)
    return job


def test_a_lost_split_is_not_retried_while_it_may_be_under_way(studio: Studio) -> None:
    lost = split(studio, "drop after")
    assert state(lost) == State.UNKNOWN
    assert decisions.mark_as_lost(lost, by=studio.user)
    page = signed_in(studio).get(f"{lost.source.get_absolute_url()}edit/stems/")
    assert "may still be under way" in page.content.decode()
    assert decisions.retry(lost, by=studio.user) is None
    Job.objects.update(sent_at=timezone.now() - Job.STEMS_SETTLE - timedelta(seconds=1))
    again = decisions.retry(Job.objects.get(pk=lost.pk), by=studio.user)
    assert again
    studio.dispatch(synchronous=True)
    assert state(again) == State.COLLECTING
    assert studio.sandbox.charged_operations()["stems"] == 1


def test_two_forms_side_by_side_split_a_take_once(studio: Studio) -> None:
    take = studio.take()
    studio.ask_for("stems", source=take)
    with pytest.raises(Exception, match="requested already"):
        studio.ask_for("stems", source=take)


def test_the_same_stems_once_more_disturb_nobody(studio: Studio) -> None:
    """The song goes to the job that brought it last; the tick goes on for everybody else."""
    first = split(studio)
    assert state(first) == State.COLLECTING
    second = studio.ask_for("stems", source=first.source)
    studio.dispatch(synchronous=True)
    assert (state(first), state(second)) == (State.COMPLETED, State.COLLECTING)
    assert second.song.takes.count() == 4
    studio.tick()


def test_one_step_of_the_tick_that_fails_stops_no_other(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_now: object) -> None:
        raise ValueError("a row that nobody foresaw")

    reached = []
    monkeypatch.setattr(tasks, "STEPS", (fail, reached.append))
    studio.tick()
    assert len(reached) == 1


def test_what_is_free_and_refused_for_want_of_credits_is_asked_later(studio: Studio) -> None:
    job = studio.ask_for("image", prompt="neon")
    order(studio.sandbox.url, "scenario", operation="image", scenario="out of credits", times=9)
    assert studio.dispatch(synchronous=True) == 1
    job.refresh_from_db()
    assert job.state == State.QUEUED
    assert job.not_before > timezone.now()


def test_an_answer_that_can_not_be_kept_is_shown_to_a_person(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise IntegrityError("it does not fit")

    monkeypatch.setattr(results, "save", refuse)
    draft = LyricDraft.objects.create(team=studio.team, made_by=studio.user)
    job = studio.ask_for("lyrics", lyric_draft=draft, prompt="a long road home")
    dispatcher.run(studio.subscription.pk, synchronous=True)
    job.refresh_from_db()
    assert (job.state, LyricVersion.objects.count()) == (State.UNKNOWN, 0)
    assert job.evidence["answer"]["lyrics"]
