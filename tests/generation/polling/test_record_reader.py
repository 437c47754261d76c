"""Who reads what becomes of a job: its own team's token, and one reader at a time."""

import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts import account_sync, api_clients, tokens
from apps.accounts.models import Membership, Role, Team
from apps.generation.jobs import poll_times
from apps.generation.models import Job, State
from apps.generation.polling import record_reader, webhooks
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.token import Token
from tests.generation.conftest import Studio, member, state, with_token
from tests.generation.pages import BACKEND, signed_in
from tests.sandbox_control import order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]

HERE, THERE = "user:1000-sandboxhere", "user:1000-sandboxthere"
RECORD = "/jobs/{jobid}"


@pytest.fixture
def here(studio: Studio) -> Studio:
    """The first team, with a token of its own text."""
    return with_token(studio.sandbox, studio.team, studio.user, HERE)


@pytest.fixture
def there(here: Studio) -> Studio:
    """Another team with a token of the same subscription."""
    team = Team.objects.create(name="Elsewhere")
    return with_token(here.sandbox, team, member(team, "eve@elsewhere.example", Role.OWNER), THERE)


def running(studio: Studio, prompt: str) -> Job:
    (job,) = studio.ask(f"{prompt} [hook never]", account=studio.account("studio"))
    studio.dispatch()
    assert state(job) == "running"
    return job


def read(studio: Studio, token: str) -> int:
    """How many records were asked for with it."""
    return studio.sandbox.requests("GET", RECORD, token=token).get(f"GET {RECORD}", 0)


def lists(studio: Studio) -> int:
    return sum(studio.sandbox.requests("GET", "/jobs").values())


def test_one_list_for_all_teams_and_each_record_with_its_own_teams_token(here: Studio, there: Studio) -> None:
    ours, theirs = running(here, "ours"), running(there, "theirs")
    here.finish(ours)
    there.finish(theirs)
    here.look()
    assert (state(ours), state(theirs)) == ("collecting", "collecting")
    assert lists(here) == 1
    assert (read(here, HERE), read(here, THERE)) == (1, 1)


@pytest.mark.parametrize("how", ["refused", "removed", "left"])
def test_a_job_of_a_team_without_a_token_waits_says_so_and_goes_on(
    here: Studio, there: Studio, how: str
) -> None:
    ours, theirs = running(here, "ours"), running(there, "theirs [slow]")
    here.finish(ours)
    viewer = member(here.team, "vera@nightbus.example", Role.VIEWER)
    if how == "refused":
        here.token.refuse(at=timezone.now(), reason="refused")
    elif how == "removed":
        tokens.remove(here.token, by=here.user)
    else:
        here.user.memberships.all().delete()
    for _ in range(3):
        there.look()
    assert (state(ours), state(theirs)) == ("running", "running")
    assert read(here, HERE) == read(here, THERE) == 0
    browser = Client()
    browser.force_login(viewer, backend=BACKEND)
    page = browser.get("/jobs/").content.decode()
    assert ("no longer accepts the token" if how == "refused" else "No token of this team works") in page
    Job.objects.filter(pk=theirs.pk).update(state=State.COMPLETED)
    poll_times.poll_now(here.subscription.pk)
    assert not poll_times.due(timezone.now()).exists(), "nobody is asked for those who have no token"

    if how == "left":
        Membership.objects.create(team=here.team, user=here.user, role=Role.OWNER)
    else:
        endpoint = here.sandbox.url + tokens.PATH
        tokens.add(Token.parse(HERE), team=here.team, owner=here.user, endpoint=endpoint)
        account_sync.refresh(here.team.tokens.get())
    assert poll_times.due(timezone.now()).exists()
    here.look()
    assert state(ours) == "collecting"
    assert read(here, THERE) == 0


def test_a_lost_job_that_another_teams_list_shows_is_read_by_its_own(here: Studio, there: Studio) -> None:
    (lost,) = here.ask("lost [drop after] [slow] [hook never]", account=here.account("studio"))
    here.dispatch()
    assert state(lost) == "unknown"
    Job.objects.update(created_at=timezone.now())
    running(there, "theirs [slow]")
    Job.objects.filter(pk=lost.pk).update(created_at=timezone.now())  # so the other one's token lists
    there.look()
    assert state(lost) == "running"
    assert (read(here, THERE), read(here, HERE)) == (1, 1)


def test_without_a_token_a_lost_job_stays_lost_until_there_is_one(here: Studio, there: Studio) -> None:
    (lost,) = here.ask("lost [drop after] [slow] [hook never]", account=here.account("studio"))
    here.dispatch()
    here.token.refuse(at=timezone.now(), reason="refused")
    running(there, "theirs [slow]")
    there.look()
    there.look()
    assert state(lost) == "unknown"
    assert (lost.times_checked, read(here, THERE), read(here, HERE)) == (0, 1, 0)
    assert "No token of this team works" in signed_in(here).get("/jobs/").content.decode()
    long_ago = timezone.now() - 3 * Job.SEARCH_LASTS
    Job.objects.filter(pk=lost.pk).update(unknown_since=long_ago)
    account_sync.refresh(here.token)
    Job.objects.exclude(pk=lost.pk).delete()
    here.look()
    assert state(lost) == "running"


def test_a_job_that_nobody_could_search_for_is_searched_for_once_its_time_is_over(here: Studio) -> None:
    here.ask()
    long_ago = timezone.now() - 3 * Job.SEARCH_LASTS
    Job.objects.update(state=State.UNKNOWN, sent_at=long_ago, unknown_since=long_ago)
    poll_times.poll_now(here.subscription.pk)
    assert poll_times.due(timezone.now()).exists()
    here.look()
    poll_times.poll_now(here.subscription.pk)
    assert not poll_times.due(timezone.now()).exists()


def test_a_refused_token_of_one_team_holds_up_no_other(here: Studio, there: Studio) -> None:
    ours, theirs = running(here, "ours"), running(there, "theirs")
    there.finish(theirs)
    order(here.sandbox.url, "scenario", operation="jobs", scenario="401", times=1)
    here.look()
    here.token.refresh_from_db()
    assert here.token.refused_at
    assert (state(ours), state(theirs)) == ("running", "collecting")


@pytest.mark.parametrize(("tag", "ends"), [("", "collecting"), ("[moderated]", "failed")])
def test_what_the_list_shows_as_ended_is_read(here: Studio, tag: str, ends: str) -> None:
    job = running(here, f"a waltz [short] [stays listed] {tag}")
    here.look()
    assert read(here, HERE) == 0, "while it runs its record says no more than the list"
    here.finish(job)
    listed = api_clients.of_token(here.token).jobs()
    assert [each.status for slots in listed.values() for each in slots.jobs] != ["pending"]
    here.look()
    assert state(job) == ends
    here.look()
    assert read(here, HERE) == 1
    assert here.account("studio").elsewhere == 0


@pytest.mark.long
def test_a_record_has_one_reader_at_a_time(here: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has left the list, and while it is read the webhook says so too."""
    monkeypatch.setitem(FlowMusic.job.__kwdefaults__, "deadline_s", 3)
    job = running(here, "a waltz")
    here.finish(job)
    order(here.sandbox.url, "scenario", operation="job", scenario="hang", times=99)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(_look, here)
        while not read(here, HERE):
            time.sleep(0.01)
        webhooks.take_hint(job, str(job.jobid))
        assert Job.objects.get().check_at <= timezone.now()
        record_reader.hinted(here.subscription.pk)
        here.look()
        assert not first.done()
        assert read(here, HERE) == 1
        first.result()
    urllib.request.urlopen(
        urllib.request.Request(f"{here.sandbox.url}/_sandbox/scenario", method="DELETE")
    ).close()
    assert state(job) == "running"
    here.look()
    assert state(job) == "collecting"


def test_a_reader_that_died_holds_nothing_up_for_long(here: Studio) -> None:
    job = running(here, "a waltz")
    here.finish(job)
    now = timezone.now()
    Job.objects.update(check_at=now, reader_until=now + record_reader.READING)
    here.look()
    assert state(job) == "running"
    Job.objects.update(reader_until=now - timedelta(seconds=1))
    here.look()
    assert state(job) == "collecting"
    assert job.reader_until is None


def _look(studio: Studio) -> None:
    try:
        studio.look()
    finally:
        connection.close()
