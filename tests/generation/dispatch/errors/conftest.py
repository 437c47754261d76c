"""A studio whose calls go through the relay, so that a test can say what the remote side answers."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from apps.accounts import tokens
from apps.accounts.models import Role, Team
from apps.sandbox.server import Sandbox
from apps.upstream.token import Token
from tests.generation.conftest import Studio, member
from tests.generation.relay import Relay


@pytest.fixture
def relay(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    with Relay(sandbox.url) as server:
        monkeypatch.setattr(settings, "OPERATOR_ORIGINS", settings.OPERATOR_ORIGINS | {server.origin})
        yield server


@pytest.fixture
def studio(db: None, sandbox: Sandbox, relay: Relay) -> Studio:
    team = Team.objects.create(name="Night Bus")
    user = member(team, "mara@nightbus.example", Role.OWNER)
    endpoint = relay.origin + tokens.PATH
    taken = tokens.add(Token.parse("user:1000-sandboxdemo"), team=team, owner=user, endpoint=endpoint)
    return Studio(sandbox, team, user, taken.token)
