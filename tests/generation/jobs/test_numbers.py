"""The songs of one request are numbered: 1/3 to 3/3 among the jobs and in the library, retried or found later, too."""

import importlib

import pytest
from django.apps import apps
from django.db import connection

from apps.generation.jobs import decisions, titles
from apps.generation.models import Job, State
from apps.library.models import Song
from tests.generation.conftest import Studio

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]

fill = importlib.import_module("apps.generation.migrations.0013_numbers_of_songs")


def made(studio: Studio, *jobs: Job) -> list[str]:
    """The numbers of their songs, once Flow Music has made them."""
    studio.dispatch()
    for job in jobs:
        studio.finish(job)
    studio.look()
    return [Job.objects.get(pk=job.pk).song.number for job in jobs]


def test_a_song_has_the_number_of_its_job_and_a_retry_keeps_it(studio: Studio) -> None:
    first, second, third = studio.ask("Copper Rain", count=3)
    assert titles.numbered(second) == "“Copper Rain” 2/3"
    Job.objects.filter(pk=third.pk).update(state=State.FAILED)
    again = decisions.retry(third, by=studio.user)
    assert again
    assert titles.numbered(again) == "“Copper Rain” 3/3"
    assert made(studio, first, second, again) == ["1/3", "2/3", "3/3"]


def test_a_single_song_has_none(studio: Studio) -> None:
    (job,) = studio.ask("Copper Rain")
    assert titles.numbered(job) == "“Copper Rain”"
    assert made(studio, job) == [""]


def test_songs_of_before_get_their_numbers(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of batches, whatever their number, some at a time; the others stay as they are."""
    jobs = [*studio.ask(count=4), *studio.ask()]
    made(studio, *jobs)
    Song.objects.update(batch_index=0, batch_size=1)
    monkeypatch.setattr(fill, "AT_ONCE", 3)
    with connection.schema_editor() as editor:
        fill.number(apps, editor)
    songs = Song.objects.in_bulk([Job.objects.get(pk=job.pk).song_id for job in jobs])
    numbers = [songs[Job.objects.get(pk=job.pk).song_id].number for job in jobs]
    assert numbers == ["1/4", "2/4", "3/4", "4/4", ""]
