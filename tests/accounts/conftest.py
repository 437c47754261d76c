"""A team with one person per role, a stranger with a team of their own, and useapi.net played by the sandbox."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import tokens
from apps.accounts.models import ApiToken, Membership, Role, Subscription, Team, User
from apps.sandbox import charges
from apps.sandbox.server import Sandbox
from apps.upstream.token import Token
from tests.sandbox_control import order

RAW = "user:1000-sandboxcanary7Q4Z"


@dataclass
class People:
    team: Team
    owner: User
    member: User
    viewer: User
    stranger: User

    def client(self, name: str) -> Client:
        """A browser of the person with this role; "anonymous" is nobody."""
        client = Client()
        if name != "anonymous":
            client.force_login(getattr(self, name))
        return client


def person(email: str, team: Team, role: Role) -> User:
    user = User.objects.create_user(email)
    Membership.objects.create(team=team, user=user, role=role)
    return user


@pytest.fixture
def people(db: None) -> People:
    team, other = Team.objects.create(name="Night Bus"), Team.objects.create(name="Elsewhere")
    return People(
        team=team,
        owner=person("mara@nightbus.example", team, Role.OWNER),
        member=person("jonas@nightbus.example", team, Role.MEMBER),
        viewer=person("priya@nightbus.example", team, Role.VIEWER),
        stranger=person("eve@elsewhere.example", other, Role.OWNER),
    )


@dataclass
class Remote:
    """useapi.net as this site's settings name it."""

    sandbox: Sandbox

    @property
    def endpoint(self) -> str:
        return self.sandbox.url + tokens.PATH

    def schedule(self, operation: str, scenario: str, times: int = 99) -> None:
        order(self.sandbox.url, "scenario", operation=operation, scenario=scenario, times=times)

    def book(
        self,
        tokens: int,
        *,
        kind: str = "producer-usage",
        conversation: str | None = None,
        title: str | None = None,
        seconds_ago: float = 0,
        email: str = "studio@sandbox.example",
    ) -> None:
        """One of Flow Music's bookings on an account of the subscription 1000."""
        at = timezone.now().timestamp() - seconds_ago
        charges.note(self.sandbox.state, "1000", email, kind, tokens, at, (conversation, title))

    def set_account(self, email: str, **values: object) -> None:
        order(self.sandbox.url, "accounts", email=email, **values)


@pytest.fixture
def remote(sandbox: Sandbox, settings: Any) -> Remote:
    settings.USEAPI_BASE_URL = sandbox.url
    return Remote(sandbox)


@pytest.fixture
def kept(people: People, remote: Remote) -> ApiToken:
    """The owner's token, with its accounts."""
    return tokens.add(Token.parse(RAW), team=people.team, owner=people.owner, endpoint=remote.endpoint).token


def unasked(
    team: Team, owner: User, raw: str = RAW, endpoint: str = "https://api.useapi.net/v1/flowmusic"
) -> ApiToken:
    """A token that no remote side was asked about."""
    return tokens.save(Token.parse(raw), team=team, owner=owner, endpoint=endpoint).token


def subscription(number: str = "1000") -> Subscription:
    return Subscription.objects.get(number=number)
