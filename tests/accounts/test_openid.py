"""Signing in by OpenID Connect: who is here already comes in, by an address that the other side has confirmed."""

import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.http import HttpResponse
from django.test import Client

from apps import openid_client
from apps.accounts.models import AuditEntry, User
from flowweb import openid
from flowweb.log_redaction import redact
from tests.accounts.conftest import People
from tests.openid_server import OpenIdServer, openid_server

START = "/auth/openid/sso/login/"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@pytest.fixture
def vouching(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenIdServer]:
    with openid_server() as server:
        for name, value in zip(openid.VARIABLES, (server.url, "flowweb", "s3cret"), strict=True):
            monkeypatch.setenv(name, value)
        settings.OIDC_ISSUER = openid.issuer()
        settings.OPENID_NAME = openid.name(settings.OIDC_ISSUER)
        settings.SOCIALACCOUNT_PROVIDERS = openid.providers(settings.OIDC_ISSUER)
        yield server


@pytest.fixture
def jonas(people: People) -> User:
    EmailAddress.objects.create(user=people.member, email=people.member.email, verified=True, primary=True)
    return people.member


def come_back(client: Client) -> HttpResponse:
    """Through all of it, as a browser goes."""
    there = client.post(f"{START}?next=/jobs/").url
    try:
        urllib.request.build_opener(_Stay).open(there)
    except urllib.error.HTTPError as redirect:
        back = urlsplit(redirect.headers["Location"])
    return client.get(f"{back.path}?{back.query}")


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_who_is_here_comes_in_again_and_again(vouching: OpenIdServer, jonas: User) -> None:
    assert "Sign in with 127.0.0.1" in Client().get("/auth/login/").content.decode()
    vouching.person = {"sub": "7", "email": jonas.email, "email_verified": True}
    for _ in range(2):
        client = Client()
        assert come_back(client).url == "/jobs/"
        assert client.get("/settings/account/").wsgi_request.user == jonas
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert sorted(set(actions)) == ["sign-in provider connected", "signed in"]
    assert User.objects.count() == 4


@pytest.mark.parametrize(
    "person",
    [
        {"email": "nobody@nightbus.example", "email_verified": True},
        {"email": "jonas@nightbus.example", "email_verified": False},
        {"email": "jonas@nightbus.example"},
        {},
    ],
)
def test_nobody_else_does(vouching: OpenIdServer, jonas: User, person: dict[str, object]) -> None:
    vouching.person = {"sub": "8", **person}
    client = Client()
    answer = come_back(client)
    page = answer if answer.status_code == 200 else client.get(answer.url)
    assert page.status_code == 200, page
    assert not is_in(client)
    assert User.objects.count() == 4


def test_who_vouches_may_be_away(vouching: OpenIdServer, jonas: User) -> None:
    vouching.shutdown()
    vouching.server_close()
    page = Client(headers={"accept": "text/html"}).post(START)
    assert page.status_code == 503
    assert "use your password" in page.content.decode()


def test_who_vouches_may_drip(vouching: OpenIdServer, jonas: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes soon enough for a library's time-out; all of them don't."""
    monkeypatch.setattr(openid_client, "TOTAL_S", 0.5)
    vouching.drips = True
    assert Client().post(START).status_code == 503


def test_what_comes_back_is_in_no_log() -> None:
    line = "GET /auth/openid/sso/login/callback/?code=s3cret&state=also HTTP/1.1"
    assert "s3cret" not in redact(line)
    assert "also" not in redact(line)
