"""Whoever comes by a link and has no password sets one before anything else, and then sees what they asked for."""

import time

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from apps.accounts.models import Invitation, Role, SignInLink, User
from tests.accounts.conftest import People
from tests.page import Page

PASSWORD = "last ferry home"
SET, PASSKEY = "/auth/password/set/", "/auth/two-step/webauthn/add/"
FORM = {"password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def client(people: People) -> Client:
    """A browser that has just used the member's link."""
    client = Client()
    client.post(f"/auth/link/{SignInLink.issue(people.member)}/")
    return client


@pytest.mark.parametrize(
    "page", ["/library/?q=rain", "/settings/tokens/", "/library/storage/", "/auth/email/", "/jobs/panel/"]
)
def test_every_page_leads_to_it_and_it_leads_back(client: Client, page: str) -> None:
    away = client.get(page, follow=True)
    assert away.redirect_chain[-1][0].startswith(SET + "?next=")
    assert "Set a password" in away.content.decode()
    back = client.post(SET, FORM | {"next": page})
    assert back.headers["Location"] == page
    assert client.get(page).status_code == 200


def test_the_page_has_no_panel_that_asks_for_news(client: Client) -> None:
    page = client.get(SET).content.decode()
    assert 'class="signed-out"' in page
    assert "hx-get" not in page


def test_what_is_sent_is_not_done(client: Client) -> None:
    assert client.post("/create/", {"prompt": "waltz"}).headers["Location"] == SET
    part = {"HX-Request": "true", "HX-Current-URL": "http://testserver/create/?a=b"}
    answer = client.post("/create/", {"prompt": "waltz"}, headers=part)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, SET + "?next=%2Fcreate%2F%3Fa%3Db")


@pytest.mark.parametrize("page", ["/auth/confirm-email/CANARY/", "/auth/password/reset/key/1-CANARY/"])
def test_an_address_that_is_a_secret_is_in_no_other(client: Client, page: str) -> None:
    answer = client.get(page)
    assert "CANARY" not in answer.headers.get("Location", "")
    assert not answer.headers.get("Location", "").startswith(SET)


def test_signing_out_is_open(client: Client) -> None:
    client.post("/auth/logout/")
    assert client.get("/library/").headers["Location"].startswith("/auth/login/")


def test_the_sign_in_page_works_with_it_afterwards(client: Client, people: People) -> None:
    client.post(SET, FORM)
    again = Client()
    again.post("/auth/login/", {"login": people.member.email, "password": PASSWORD})
    assert again.get("/library/").status_code == 200


def test_a_browser_that_was_left_open_sets_none(
    client: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no password yet to ask for again: after an hour it takes a fresh link."""
    now = time.time()
    monkeypatch.setattr("apps.accounts.middleware.time.time", lambda: now + 3601)
    answer = client.post(SET, FORM, follow=True)
    assert "Use a fresh link" in answer.content.decode()
    assert not User.objects.get(pk=people.member.pk).has_usable_password()
    assert "_auth_user_id" not in client.session


def test_a_session_that_came_by_no_link_sets_none(people: People) -> None:
    client = people.client("member")
    client.post(SET, FORM)
    assert not User.objects.get(pk=people.member.pk).has_usable_password()


def test_a_password_that_was_set_meanwhile_is_enough(client: Client, people: People) -> None:
    """By the operator, or by mail; that ends this session as well, so they sign in with it."""
    people.member.set_password(PASSWORD)
    people.member.save()
    assert client.get("/library/").headers["Location"].startswith("/auth/login/")


def passkey(user: User) -> None:
    """As if a device had made it; a real one is in tests/browser/test_passkeys.py."""
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "Phone", "credential": {}})


def test_a_passkey_is_enough(client: Client, people: People) -> None:
    assert f'href="{PASSKEY}"' in client.get(SET).content.decode()
    page = client.get(PASSKEY).content.decode()
    assert 'class="signed-out"' in page
    assert f'href="{SET}"' in page
    passkey(people.member)
    assert client.get("/library/").status_code == 200


def test_a_browser_that_was_left_open_adds_no_passkey(
    client: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr("apps.accounts.middleware.time.time", lambda: now + 3601)
    assert "Use a fresh link" in client.get(PASSKEY, follow=True).content.decode()
    assert "_auth_user_id" not in client.session


def test_beside_a_passkey_a_password_is_set_once_it_was_asked_for(people: People) -> None:
    passkey(people.member)
    client = people.client("member")
    assert (
        client.get(SET).headers["Location"].startswith("/auth/reauthenticate/?next=%2Fauth%2Fpassword%2Fset")
    )
    client.post(SET, FORM)
    assert not User.objects.get(pk=people.member.pk).has_usable_password()


def test_somebody_new_joins_without_a_password(people: People) -> None:
    invitation = Invitation.begin(people.team, email="nele@x.example", role=Role.MEMBER, by=people.owner)
    path, client = f"/auth/invitation/{invitation.renew(mailed=False)}/", Client()
    assert client.post(path, {"do": "passkey", "name": ""}).status_code == 422
    assert client.post(path, {"do": "passkey", "name": "Nele"}).headers["Location"] == PASSKEY
    nele = User.objects.get(email="nele@x.example")
    assert not nele.has_usable_password()
    assert client.get("/library/").headers["Location"].startswith(SET), "not before there is a way in"
    passkey(nele)
    assert "Welcome to Night Bus" in Page(client.get("/library/?welcome=1")).text
