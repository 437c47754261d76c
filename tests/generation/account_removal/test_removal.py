"""A Flow Music account is taken away after its jobs are done, and nothing starts on it meanwhile."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEntry, FlowAccount, Role, Team
from apps.generation.account_removal import removal
from apps.generation.jobs import transitions
from apps.generation.models import Job
from apps.generation.queue import blocked_accounts
from apps.upstream.deadline import Deadline
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.token import Token
from tests.generation.conftest import Studio, member, state, with_token
from tests.generation.pages import BACKEND, signed_in
from tests.page import Page
from tests.sandbox_control import order

STUDIO = "studio@sandbox.example"
REMOVE = f"/flow-accounts/{STUDIO}/remove/"
DELETES = "DELETE /accounts/{email}"


@pytest.fixture
def client(studio: Studio) -> Client:
    return signed_in(studio)


def deletes(studio: Studio) -> int:
    return studio.sandbox.requests("DELETE").get(DELETES, 0)


def test_what_is_being_made_holds_it_and_is_named(studio: Studio, client: Client) -> None:
    studio.sandbox.world.speed = 0.01
    account = studio.account("studio")
    (running,) = studio.ask(account=account)
    assert studio.dispatch() == 1
    studio.ask("the next one [short]", account=account)
    page = Page(client.get(REMOVE))
    assert f"/jobs/{running.pk}/" in [each["href"] for each in page.all("a")]
    assert not page.all("button", class_="btn btn-heed")
    assert "queued for this account alone" in page.text
    assert client.post(REMOVE).status_code == 422
    assert (deletes(studio), studio.account("studio").block) == (0, "")


@pytest.mark.parametrize("name", ["unknown", "collecting", "submitting"])
def test_an_outcome_that_is_not_known_holds_it_too(studio: Studio, client: Client, name: str) -> None:
    (job,) = studio.ask()
    Job.objects.filter(pk=job.pk).update(state=name, ran_on=studio.account("studio"), sent_at=timezone.now())
    assert client.post(REMOVE).status_code == 422
    assert deletes(studio) == 0


@pytest.mark.long
def test_after_its_jobs_it_goes_its_songs_stay_and_what_is_queued_waits(
    studio: Studio, client: Client
) -> None:
    account = studio.account("studio")
    (done,) = studio.ask(account=account)
    studio.dispatch()
    studio.finish(done)
    studio.look()
    studio.save_files(done)
    (waiting,) = studio.ask("for this one alone [short]", account=account)
    (free,) = studio.ask("for any of them [short]")
    answer = client.post(REMOVE, follow=True)
    assert "is removed. Its songs stay." in answer.content.decode()
    gone = studio.account("studio")
    assert (gone.block, gone.credits, done.song.takes.count()) == ("gone", None, 2)
    assert api_of(studio).accounts().keys() == {"night+bus@sandbox.example"}
    assert AuditEntry.objects.first().action == "account removed"
    assert studio.dispatch() == 1
    assert (state(waiting), state(free)) == ("queued", "running")
    page = Page(client.get("/flow-accounts/"))
    assert "1 request waits for it" in page.text
    assert "115 credits in all" in page.text  # the other one is paying for the song
    back = client.post(f"/flow-accounts/{STUDIO}/connect/", {"refresh_token": "sandbox-refresh-studio"})
    assert back.status_code == 302
    assert studio.dispatch() == 1
    assert state(waiting) == "running"


def api_of(studio: Studio) -> FlowMusic:
    endpoint = studio.subscription.endpoint
    return FlowMusic(
        endpoint, Token.parse("user:1000-sandboxdemo"), allowed_origins=frozenset({studio.sandbox.url})
    )


def test_a_song_of_another_program_holds_it(studio: Studio, client: Client) -> None:
    """Which only the API knows: nobody has looked since it was started."""
    studio.sandbox.world.speed = 0.01
    order_song(studio)
    assert Page(client.get(REMOVE)).all("button", class_="btn btn-heed")
    answer = client.post(REMOVE)
    assert "A job is running on it" in answer.content.decode()
    assert (deletes(studio), studio.account("studio").block) == (0, "")


def order_song(studio: Studio) -> None:

    api_of(studio).music({"prompt": "elsewhere", "email": STUDIO}, deadline=Deadline(10))


def test_another_teams_job_holds_it_and_is_no_more_than_a_number(studio: Studio, client: Client) -> None:
    team = Team.objects.create(name="Elsewhere")
    other = with_token(studio.sandbox, team, member(team, "eve@elsewhere.example"))
    (theirs,) = other.ask("a secret of theirs [short]")
    Job.objects.filter(pk=theirs.pk).update(state="unknown", ran_on=studio.account("studio"))
    page = client.get(REMOVE).content.decode()
    assert "1 job of people outside this team" in page
    assert str(theirs.pk) not in page
    assert "eve" not in page
    assert client.post(REMOVE).status_code == 422


@pytest.mark.parametrize(
    ("scenario", "block", "words"),
    [
        ("401", "", "no longer accepts your API token"),
        ("no subscription", "", "has ended"),
        ("422", "", "was not removed"),
        ("500", "gone", "may be removed"),
        ("drop after", "gone", "may be removed"),
    ],
)
def test_a_removal_that_goes_wrong_says_how_it_stands(
    studio: Studio, client: Client, scenario: str, block: str, words: str
) -> None:
    """Nothing is sent to an account that may be gone, until the API has said how it stands."""
    order(studio.sandbox.url, "scenario", operation="remove_account", scenario=scenario, times=1)
    answer = client.post(REMOVE, follow=True)
    assert words in answer.content.decode()
    assert (studio.account("studio").block, deletes(studio)) == (block, 1)


def test_one_that_is_not_configured_any_more_is_removed_already(studio: Studio, client: Client) -> None:
    order(studio.sandbox.url, "accounts", email=STUDIO, remove=True)
    assert "is removed" in client.post(REMOVE, follow=True).content.decode()
    assert (studio.account("studio").block, deletes(studio)) == ("gone", 1)


def test_a_removal_that_got_lost_is_looked_into(studio: Studio, client: Client) -> None:
    (waiting,) = studio.ask(account=studio.account("studio"))
    order(studio.sandbox.url, "scenario", operation="remove_account", scenario="500", times=1)
    client.post(REMOVE)
    assert studio.dispatch() == 0

    blocked_accounts.recheck(studio.account("studio").pk)
    assert studio.account("studio").block == "", "it is still there"
    assert studio.dispatch() == 1
    assert state(waiting) == "running"


def test_a_sender_that_was_faster_wins(studio: Studio) -> None:
    """It took a slot after the jobs were counted: the account stays open, or its song would be lost."""
    account, token = studio.account("studio"), studio.token
    (job,) = studio.ask()
    before = account.slot_version
    assert transitions.claim(job, account, slot_version=before)
    with pytest.raises(removal.AccountBusy):
        removal.remove(account, token=token, by=studio.user)
    (second,) = studio.ask()
    assert removal._close(studio.account("night"))
    assert transitions.claim(second, studio.account("night"), slot_version=before) is None, "nor after"


def test_who_may_remove(studio: Studio) -> None:
    elsewhere = Team.objects.create(name="Elsewhere")
    people = {
        404: member(elsewhere, "eve@elsewhere.example", Role.OWNER),
        403: member(studio.team, "jonas@nightbus.example", Role.OWNER),
    }
    for status, person in people.items():
        client = Client()
        client.force_login(person, backend=BACKEND)
        assert client.get(REMOVE).status_code == status
        assert client.post(REMOVE).status_code == status
    assert deletes(studio) == 0
    assert FlowAccount.objects.filter(block="").count() == 2
