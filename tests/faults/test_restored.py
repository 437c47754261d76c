"""A backup is restored: what it shows as not sent may have been paid since."""

from collections.abc import Iterable
from io import StringIO

import pytest
from django.core import serializers
from django.core.management import call_command
from django.db.models import Model

from apps.generation import decisions
from apps.generation.models import Job, JobEvent, SeenJob, State
from apps.library.models import Clip, ClipFile, Song
from tests.faults.studio import FaultyStudio

# Parents first; what isn't here did not change since the backup.
KEPT: tuple[type[Model], ...] = (Song, Clip, ClipFile, Job, JobEvent, SeenJob)


def back_up() -> str:
    return serializers.serialize("json", (row for kind in KEPT for row in kind.objects.all()))


def restore(backup: str) -> None:
    for kind in reversed(KEPT):
        kind.objects.all().delete()
    for row in serializers.deserialize("json", backup):
        row.save()


def manage(*arguments: str) -> str:
    output = StringIO()
    call_command("restored", *arguments, stdout=output)
    return output.getvalue()


def test_what_was_sent_since_is_found_and_not_sent_again(studio: FaultyStudio) -> None:
    running = studio.running()
    queued = studio.one()
    backup = back_up()
    studio.dispatch()
    assert studio.remote.charges() == {running.reference: 1, queued.reference: 1}
    restore(backup)
    assert states([running, queued]) == [State.RUNNING, State.QUEUED]
    assert "1 job may have been sent" in manage()
    assert states([running, queued]) == [State.RUNNING, State.UNKNOWN]
    studio.rest()
    assert states([running, queued]) == [State.COMPLETED, State.COMPLETED]
    assert studio.remote.charges() == {running.reference: 1, queued.reference: 1}


def test_without_the_command_it_would_be_paid_twice(studio: FaultyStudio) -> None:
    """Why the command must come first, and that this test could fail."""
    queued = studio.one()
    backup = back_up()
    studio.dispatch()
    restore(backup)
    studio.dispatch()
    assert studio.remote.charges() == {queued.reference: 2}


def test_what_was_never_sent_waits_for_a_person(studio: FaultyStudio) -> None:
    job = studio.one()
    restore(back_up())
    manage()
    studio.rest()
    assert states([job]) == [State.UNKNOWN]
    assert job.looks
    assert "backup" in job.error_text
    assert studio.remote.charges() == {}


def test_nothing_is_sent_until_a_person_lets_it(studio: FaultyStudio) -> None:
    """New wishes and wishes made again wait in line; then each is sent once."""
    old = studio.one()
    manage()
    new = studio.one()
    again = decisions.make_again(Job.objects.get(pk=old.pk), by=studio.user)
    assert again
    with pytest.raises(AssertionError, match="not at rest"):
        studio.rest()
    assert states([old, new, again]) == [State.ABANDONED, State.QUEUED, State.QUEUED]
    assert studio.remote.calls("POST /music") == 0
    assert "Sending goes on" in manage("--resume")
    studio.rest()
    assert states([new, again]) == [State.COMPLETED, State.COMPLETED]
    assert studio.remote.charges() == {new.reference: 1, again.reference: 1}
    assert "was not paused" in manage("--resume")


def test_a_sender_that_was_at_work_sends_nothing(studio: FaultyStudio) -> None:
    """A claim from before the restore is worth nothing afterwards."""
    job = studio.one()
    Job.objects.filter(pk=job.pk).update(state=State.SUBMITTING)
    manage()
    assert states([job]) == [State.UNKNOWN]
    assert job.claim is None


def states(jobs: Iterable[Job]) -> list[str]:
    for job in jobs:
        job.refresh_from_db()
    return [job.state for job in jobs]
