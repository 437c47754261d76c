"""What becomes of somebody's token and jobs when they leave the team."""

from datetime import timedelta

import pytest

from apps.accounts import memberships
from apps.accounts.models import ApiToken, AuditEntry, Membership, Role
from apps.generation.models import State
from tests.generation.conftest import Studio, member, state

pytestmark = pytest.mark.databases


@pytest.fixture
def left(studio: Studio) -> Studio:
    """Whose owner handed over, has one song running and one queued, and leaves."""
    owner = member(studio.team, "ada@nightbus.example", Role.OWNER)
    studio.ask(account=studio.account("studio"))
    studio.dispatch()
    studio.ask("a second waltz", account=studio.account("studio"))
    here = Membership.objects.select_related("user", "team").get(user=studio.user)
    by = Membership.objects.select_related("user", "team").get(user=owner)
    memberships.remove(here, by=by)
    return studio


def jobs(studio: Studio) -> list[str]:
    return [job.state for job in studio.team.jobs.order_by("created_at")]


def test_what_runs_is_saved_and_what_is_queued_waits(left: Studio) -> None:
    """The token sends nothing more, and reads until the song that it paid for is here. Then it is erased."""
    running, queued = left.team.jobs.order_by("created_at")
    left.tick()
    assert ApiToken.objects.filter(pk=left.token.pk).exists()
    left.finish(running)
    left.look()
    assert state(running) == State.COLLECTING
    left.save_files(running)
    assert state(running) == State.COMPLETED
    left.tick()
    left.dispatch()
    assert not ApiToken.objects.exists()
    assert (state(queued), left.charged(queued)) == (State.QUEUED, 0)
    assert AuditEntry.objects.filter(team=left.team, action="token removed", by=None).exists()
    assert left.team.jobs.filter(song__isnull=False).count() == 1


def test_it_is_erased_after_a_day_whatever_runs(left: Studio) -> None:
    ApiToken.objects.update(owner_left_at=left.token.added_at - timedelta(hours=25))
    left.tick()
    assert not ApiToken.objects.exists()
    assert jobs(left) == [State.RUNNING, State.QUEUED]


def test_who_comes_back_before_that_has_it_again(left: Studio) -> None:
    Membership.objects.create(team=left.team, user=left.user)
    ApiToken.objects.update(owner_left_at=left.token.added_at - timedelta(hours=25))
    left.tick()
    assert ApiToken.objects.working().filter(pk=left.token.pk).exists()
