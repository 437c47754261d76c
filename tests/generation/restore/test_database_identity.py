"""Which database this is, against what the marks say of what was sent."""

from io import StringIO

import pytest
from django.core.management import call_command

from apps.generation.models import State
from apps.generation.restore import database_identity
from tests.faults import restores
from tests.generation.conftest import Studio, state
from tests.generation.restore.test_guard import another_database, held, sent

pytestmark = pytest.mark.django_db


def test_a_failover_goes_on_where_the_marks_say_that_nothing_is_missing(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(studio)
    another_database()
    monkeypatch.setattr(database_identity, "read", lambda: "server:1 timeline:00000002")
    sent(studio)
    assert not held(studio)


def test_another_database_is_held_though_redis_agrees_with_it(studio: Studio) -> None:
    """Redis may have been put back together with it."""
    sent(studio)
    another_database()
    restores.lose_files()
    (job,) = studio.ask()
    assert studio.dispatch() == 0
    assert (state(job), held(studio)) == (State.UNKNOWN, True)


def test_the_command_is_the_last_word_about_which_database_it_is(studio: Studio) -> None:
    sent(studio)
    another_database()
    call_command("restored", stdout=StringIO())
    call_command("restored", "--resume", stdout=StringIO())
    studio.ask()
    assert studio.dispatch() == 1
    assert not held(studio)
