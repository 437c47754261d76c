"""What a team sees of accounts ends with its last working token; what was read until then stays, as of then."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import account_lookup, account_sync, learned_prices, tokens
from apps.accounts.models import ApiToken, FlowAccount, Membership, Role, Sight, Team, User
from apps.generation.job_pages import panel
from apps.generation.jobs import pricing
from apps.sandbox import charges
from apps.upstream.token import Token
from tests.generation.conftest import Studio, member, with_token
from tests.generation.pages import BACKEND
from tests.sandbox_control import order

pytestmark = pytest.mark.django_db(transaction=True)

ACCOUNT = "studio@sandbox.example"
TAG = re.compile(r"<[^>]*>")
PAGES = ("/flow-accounts/", f"/flow-accounts/{ACCOUNT}/", "/library/import/", "/create/", "/jobs/")
USAGE = ("/flow-accounts/usage/", f"/flow-accounts/{ACCOUNT}/usage/", "/flow-accounts/usage/usage.csv")


def erased(studio: Studio) -> None:
    tokens.remove(studio.token, by=studio.user)


def refused(studio: Studio) -> None:
    studio.token.refuse(at=timezone.now(), reason="refused")


def left(studio: Studio) -> None:
    studio.user.memberships.all().delete()


def locked_out(studio: Studio) -> None:
    studio.user.is_active = False
    studio.user.save()


Way = Callable[[Studio], None]
WAYS = [erased, refused, left, locked_out]


@pytest.fixture
def mate(studio: Studio) -> User:
    """Of the team, with another subscription of their own: somebody who looks at the pages."""
    ada = member(studio.team, "ada@nightbus.example")
    with_token(studio.sandbox, studio.team, ada, "user:2000-sandboxempty")
    return ada


@pytest.fixture
def there(studio: Studio) -> Studio:
    team = Team.objects.create(name="Elsewhere")
    eve = member(team, "eve@elsewhere.example", Role.OWNER)
    return with_token(studio.sandbox, team, eve, "user:1000-sandboxthere")


def book(studio: Studio, title: str, credits: int) -> None:
    at = timezone.now().timestamp()
    charges.note(studio.sandbox.state, "1000", ACCOUNT, "producer-usage", 12 * credits, at, (title, title))


def read_usage(studio: Studio) -> None:
    FlowAccount.objects.update(usage_asked_at=None)
    learned_prices.learn(studio.subscription.pk, studio.team.pk)


def read(person: User, address: str) -> str:
    browser = Client()
    browser.force_login(person, backend=BACKEND)
    response = browser.get(address)
    assert response.status_code == 200, address
    page = (response.getvalue() if response.streaming else response.content).decode()
    return TAG.sub(" ", page)  # random keys stand in attributes, and may hold any figure


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_what_another_teams_token_reads_later_is_not_seen(
    studio: Studio, there: Studio, mate: User, way: Way
) -> None:
    order(studio.sandbox.url, "accounts", email=ACCOUNT, credits=48_123)
    account_sync.refresh(studio.token)
    (fixed,), (anywhere,) = studio.ask(account=studio.account("studio")), studio.ask()
    assert pricing.balance_of_job(fixed).available
    way(studio)
    order(studio.sandbox.url, "accounts", email=ACCOUNT, credits=32_789)
    order(studio.sandbox.url, "accounts", email="later@sandbox.example", credits=55)
    account_sync.refresh(there.token)

    shown = {address: read(mate, address) for address in PAGES}
    if way is refused:
        shown["own tokens"] = read(studio.user, "/settings/tokens/")
        assert "48,123" in shown["own tokens"]
    assert not [
        address for address, page in shown.items() if "32,789" in page or "32789" in page or "later@" in page
    ]
    assert "48,123" in shown["/flow-accounts/"], "what was read until then stays"
    assert "48,123" in shown[f"/flow-accounts/{ACCOUNT}/"]
    assert "32,789" in read(there.user, "/flow-accounts/")
    seen = FlowAccount.objects.for_team(studio.team) | FlowAccount.objects.owned_by(studio.user, studio.team)
    assert not seen.filter(subscription=studio.subscription).exists()
    membership = Membership.objects.get(user=mate)
    assert studio.subscription.pk not in panel.surroundings(membership).readable
    assert [pricing.balance_of_job(each).available for each in (fixed, anywhere)] == [None, None]


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_usage_stays_as_of_then(studio: Studio, there: Studio, mate: User, way: Way) -> None:
    book(studio, "Copper Rain", 65)
    read_usage(studio)
    way(studio)
    book(there, "Salt and Gravel", 40)
    read_usage(there)
    shown = [read(mate, address) for address in USAGE]
    for page in shown:
        assert "Salt" not in page
        assert not re.search(r"\b105\b", page)
    assert all(re.search(r"\b65\b", page) for page in shown[:2])
    assert ",780,65.0," in shown[2]
    assert ",40.0," not in shown[2]
    if way is refused:
        page = read(studio.user, f"{USAGE[1]}?days=all")
        assert "Copper Rain" in page, "their own token had read it"
        assert "Salt" not in page
        assert "No token of this team works" in page
    assert "Salt" in read(there.user, USAGE[1])


def test_a_teammates_working_token_keeps_sight_but_shows_no_titles_to_who_lost_theirs(studio: Studio) -> None:
    ada = member(studio.team, "ada@nightbus.example")
    second = with_token(studio.sandbox, studio.team, ada, "user:1000-sandboxada")
    studio.token.refuse(at=timezone.now(), reason="refused")
    book(studio, "Salt and Gravel", 40)
    read_usage(second)
    assert FlowAccount.objects.for_team(studio.team).count() == 2
    assert not FlowAccount.objects.owned_by(studio.user, studio.team).exists()
    assert "Salt" in read(ada, USAGE[1])
    page = read(studio.user, USAGE[1])
    assert "40" in page
    assert "Salt" not in page


def test_sight_comes_back_with_the_token(studio: Studio, there: Studio) -> None:
    refused(studio)
    order(studio.sandbox.url, "accounts", email=ACCOUNT, credits=32_789)
    account_sync.refresh(studio.token)
    account = account_lookup.find(ACCOUNT, team=studio.team, user=studio.user)
    assert (account.as_of, account.credits) == (None, 32_789)


@pytest.mark.parametrize("address", ["connect/", "remove/"])
def test_nothing_is_changed_with_a_refused_token(studio: Studio, address: str) -> None:
    refused(studio)
    browser = Client()
    browser.force_login(studio.user, backend=BACKEND)
    calls = studio.sandbox.requests()
    for send in (browser.get, browser.post):
        response = send(f"/flow-accounts/{ACCOUNT}/{address}", {"refresh_token": "sandbox-refresh-mary"})
        assert response.status_code == 403
        assert "Enter the new one first" in response.content.decode()
    assert browser.post(f"/flow-accounts/{ACCOUNT}/", {"maxJobs": "2"}).status_code == 403
    assert studio.sandbox.requests() == calls


# The sandbox: each team has a subscription of its own.


def try_sandbox(team: Team, user: User) -> ApiToken:
    browser = Client()
    browser.force_login(user, backend=BACKEND)
    assert browser.post("/settings/tokens/sandbox/").status_code == 302
    return ApiToken.objects.get(team=team, owner=user)


def test_titles_and_removals_in_the_sandbox_cross_no_teams(studio: Studio, settings) -> None:
    team = Team.objects.create(name="Elsewhere")
    eve = member(team, "eve@elsewhere.example", Role.OWNER)
    token = try_sandbox(team, eve)
    assert token.subscription.number != studio.subscription.number
    book(studio, "Copper Rain", 65)
    read_usage(Studio(studio.sandbox, team, eve, token))
    assert "Copper" not in read(eve, USAGE[1])
    browser = Client()
    browser.force_login(studio.user, backend=BACKEND)
    assert browser.post(f"/flow-accounts/{ACCOUNT}/remove/").status_code == 302
    assert account_sync.refresh(token) is None
    assert FlowAccount.objects.get(email=ACCOUNT, subscription=token.subscription).block == ""
    mate = try_sandbox(team, member(team, "otto@elsewhere.example"))
    assert mate.subscription_id == token.subscription_id


def test_a_team_goes_on_with_the_subscription_that_its_songs_are_on(studio: Studio) -> None:
    """Also one that shared it with others before each had its own, and one that has erased its token since."""
    team = Team.objects.create(name="Elsewhere")
    eve = member(team, "eve@elsewhere.example", Role.OWNER)
    shared = with_token(studio.sandbox, team, eve)
    assert try_sandbox(team, member(team, "otto@elsewhere.example")).subscription == studio.subscription
    ApiToken.objects.filter(team=team).delete()
    assert Sight.objects.filter(team=team).exists()
    assert tokens.of_sandbox(team) == Token.parse("user:1000-sandboxdemo")
    assert shared.subscription == studio.subscription
