"""Every page under /auth/ is in the house's look, and nobody signs up."""

import pytest
from django.core import mail
from django.test import Client

from apps.accounts.models import SignInLink, User
from tests.accounts.conftest import People

OUT = [
    "login/",
    "signup/",
    "password/reset/",
    "password/reset/done/",
    "password/reset/key/done/",
    "inactive/",
]
IN = ["logout/", "email/"]
PASSWORD = "last ferry home"


def check(response, heading: str = "<h1") -> str:
    page = response.content.decode()
    assert response.status_code == 200
    assert heading in page
    for foreign in ("style=", "onclick", "<script>", "lease ", "orry"):
        assert foreign not in page, foreign
    return page


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", [*OUT, "confirm-email/", "confirm-email/none/", "password/reset/key/1-none/"]
)
def test_pages_of_the_signed_out(path: str) -> None:
    page = check(Client().get("/auth/" + path))
    assert 'class="signed-out"' in page


@pytest.mark.parametrize("path", IN)
def test_pages_of_the_signed_in(people: People, path: str) -> None:
    page = check(people.client("member").get("/auth/" + path))
    assert 'aria-label="Main"' in page


def test_pages_of_somebody_with_a_password(people: People) -> None:
    client = with_password(people)
    assert "Change password" in check(client.get("/auth/password/change/"))
    assert "Confirm your password" in check(client.get("/auth/reauthenticate/"))


@pytest.mark.django_db
def test_signup_is_closed() -> None:
    assert "Sign-up is closed" in check(Client().get("/auth/signup/"))
    form = {"email": "eve@elsewhere.example", "password1": PASSWORD, "password2": PASSWORD}
    assert "Sign-up is closed" in check(Client().post("/auth/signup/", form))
    assert not User.objects.exists()


def test_signing_in_and_out(people: People) -> None:
    with_password(people)
    client = Client()
    wrong = client.post("/auth/login/", {"login": people.member.email, "password": "not this one"})
    page = check(wrong)
    assert "notice-heed" in page
    assert people.member.email in page
    assert "not this one" not in page
    right = client.post(
        "/auth/login/",
        {"login": people.member.email.upper(), "password": PASSWORD, "next": "/flow-accounts/"},
    )
    assert right.headers["Location"] == "/flow-accounts/"
    assert client.get("/auth/logout/").status_code == 200
    assert client.get("/flow-accounts/").status_code == 200, "a GET signs nobody out"
    client.post("/auth/logout/")
    assert client.get("/flow-accounts/").status_code == 302


def test_setting_a_first_password(people: People) -> None:
    client = Client()
    client.post(f"/auth/link/{SignInLink.issue(people.member)}/")
    short = check(client.post("/auth/password/set/", {"password1": "12345", "password2": "12345"}))
    assert 'class="wrong"' in short
    done = client.post("/auth/password/set/", {"password1": PASSWORD, "password2": PASSWORD})
    assert done.headers["Location"] == "/"
    assert User.objects.get(pk=people.member.pk).check_password(PASSWORD)


def test_a_forgotten_password(people: People) -> None:
    client = with_password(people)
    client.logout()
    assert client.post("/auth/password/reset/", {"email": people.member.email}).status_code == 302
    (letter,) = mail.outbox
    link = next(word for word in str(letter.body).split() if "/password/reset/key/" in word)
    page = client.get(link.removeprefix("http://testserver"), follow=True)
    assert "New password" in check(page)
    client.post(page.redirect_chain[-1][0], {"password1": "copper rain 9", "password2": "copper rain 9"})
    assert User.objects.get(pk=people.member.pk).check_password("copper rain 9")


def test_nobody_learns_who_has_an_account(people: People) -> None:
    known = Client().post("/auth/password/reset/", {"email": people.member.email}, follow=True)
    unknown = Client().post("/auth/password/reset/", {"email": "who@elsewhere.example"}, follow=True)
    assert check(known).count("on its way") == check(unknown).count("on its way")
    assert known.redirect_chain == unknown.redirect_chain


def with_password(people: People) -> Client:
    people.member.set_password(PASSWORD)
    people.member.save()
    return people.client("member")
