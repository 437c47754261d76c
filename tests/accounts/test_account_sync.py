"""Only `GET /accounts/{email}` says that an account is gone: no other 404, and no list in which it is missing."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from apps.accounts import account_connection, account_sync, tokens
from apps.accounts.models import ApiToken, FlowAccount
from apps.library.importing import actions, runner
from apps.sandbox.server import Sandbox
from apps.upstream import errors
from apps.upstream.deadline import Deadline
from apps.upstream.token import Token
from tests.accounts.conftest import RAW, People
from tests.generation.relay import Relay
from tests.sandbox_control import order

pytestmark = pytest.mark.django_db(transaction=True)

STUDIO = "studio@sandbox.example"
ITSELF = f"GET /accounts/{STUDIO}"
NOT_FOUND = (404, {"error": "no such route", "code": 404})


@pytest.fixture
def relay(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    with Relay(sandbox.url) as server:
        monkeypatch.setattr(settings, "OPERATOR_ORIGINS", settings.OPERATOR_ORIGINS | {server.origin})
        yield server


@pytest.fixture
def token(people: People, relay: Relay) -> ApiToken:
    endpoint = relay.origin + tokens.PATH
    return tokens.add(Token.parse(RAW), team=people.team, owner=people.owner, endpoint=endpoint).token


def account() -> FlowAccount:
    return FlowAccount.objects.get(email=STUDIO)


def change(token: ApiToken, people: People) -> None:
    account_connection.change(account(), max_jobs=3, token=token, by=people.owner)


def remove(token: ApiToken, people: People) -> None:
    client = tokens.api_clients.of_token(token)
    account_connection.remove(account(), client=client, token=token, by=people.owner, deadline=Deadline(10))


CHANGES = {"POST /accounts": change, f"DELETE /accounts/{STUDIO}": remove}


@pytest.mark.parametrize("name", CHANGES)
def test_a_404_of_a_change_leaves_an_account_that_is_there(
    token: ApiToken, people: People, relay: Relay, name: str
) -> None:
    relay.say(name, *NOT_FOUND)
    with pytest.raises(errors.Gone) as caught:
        CHANGES[name](token, people)
    assert account().block == ""
    assert "no such route" in account_connection.message_for(caught.value, doing="changed")


@pytest.mark.parametrize("name", CHANGES)
def test_an_account_that_is_gone_by_its_own_address_is_gone(
    token: ApiToken, people: People, relay: Relay, name: str
) -> None:
    relay.say(name, *NOT_FOUND)
    relay.say(ITSELF, *NOT_FOUND)
    try:
        CHANGES[name](token, people)
    except errors.Gone:
        assert name.startswith("POST")
    assert account().block == "gone"


def test_a_404_of_the_clips_stops_an_import_and_not_the_account(
    token: ApiToken, people: People, relay: Relay
) -> None:
    relay.say("GET /music", *NOT_FOUND)
    walk = actions.begin(people.team, account(), by=people.owner)
    runner.walk(str(walk.pk))
    walk.refresh_from_db()
    assert (walk.state, account().block) == ("stuck", "")
    assert "no longer connected" not in walk.problem


@pytest.mark.parametrize(
    ("status", "block"),
    [(200, ""), (404, "gone"), (500, ""), (596, "error")],
    ids="there gone away broken".split(),
)
def test_an_account_that_is_missing_from_the_list_is_asked_about(
    token: ApiToken, relay: Relay, status: int, block: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry that can't be read, or a list that was cut, is no reason to stop what waits for the account."""
    monkeypatch.setattr(account_sync, "SECONDS", 2.0)
    relay.say("GET /accounts", 200, {STUDIO: ["odd"], "night+bus@sandbox.example": {"maxJobs": 2}})
    if status != 200:
        relay.say(ITSELF, status, {"error": "x", "code": status})
    assert account_sync.refresh(token) is None
    assert account().block == block
    assert ITSELF in relay.calls


def test_an_account_that_is_known_to_be_gone_is_not_asked_about_again(
    token: ApiToken, relay: Relay, sandbox: Sandbox
) -> None:
    order(sandbox.url, "accounts", email=STUDIO, remove=True)
    account_sync.refresh(token)
    assert account().block == "gone"
    relay.calls.clear()
    account_sync.refresh(token)
    assert ITSELF not in relay.calls
