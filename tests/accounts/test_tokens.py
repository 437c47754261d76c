"""Whose tokens a person may touch, how they leave, and the ways in of the first page."""

import pytest

from apps.accounts import tokens
from apps.accounts.models import ApiToken, AuditEntry
from apps.sandbox.server import Sandbox
from tests.accounts.conftest import RAW, People, Remote, unasked
from tests.accounts.views.test_tokens import PAGE, html, post


def test_removing_asks_first_and_erases(people: People) -> None:
    token = unasked(people.team, people.owner)
    client, url = people.client("owner"), f"{PAGE}{token.pk}/remove/"
    assert "Remove token" in html(client.get(url))
    assert ApiToken.objects.exists()
    assert client.post(url).status_code == 302
    assert not ApiToken.objects.exists()
    place = "Flow Music by useapi.net"
    removed = AuditEntry.objects.get(action="token removed")
    assert (removed.by, removed.subject) == (people.owner, f"token of {people.owner.email} for {place}")


@pytest.mark.parametrize(
    ("name", "seen"),
    [("anonymous", 302), ("stranger", 404), ("member", 404), ("viewer", 404), ("owner", 200)],
)
def test_nobody_touches_another_persons_token(people: People, name: str, seen: int) -> None:
    token = unasked(people.team, people.owner)
    client = people.client(name)
    assert client.get(f"{PAGE}{token.pk}/remove/").status_code == seen
    if name != "owner":
        assert client.post(f"{PAGE}{token.pk}/remove/").status_code == seen
        assert client.post(f"{PAGE}{token.pk}/check/").status_code == seen
        assert ApiToken.objects.filter(pk=token.pk, checked_at=None).exists()
    if name != "anonymous":
        assert (f"…{RAW[-4:]}" in html(client.get(PAGE))) == (name == "owner")


def test_a_viewer_adds_no_token(people: People, remote: Remote) -> None:
    client = people.client("viewer")
    assert post(client).status_code == 403
    assert client.post(PAGE + "sandbox/").status_code == 403
    assert 'name="token"' not in html(client.get(PAGE))
    assert "Open the library" in " ".join(html(client.get(PAGE)).split())


def test_the_first_page(people: People, remote: Remote) -> None:
    client = people.client("member")
    page = html(client.get("/", follow=True))
    assert "Add an API token" in page
    assert 'name="token"' in page
    assert "Try the sandbox" in page
    post(client)
    assert client.get("/").headers["Location"] == "/create/"
    teammate = people.client("owner").get("/", follow=True)
    assert "Add an API token" in html(teammate), "a teammate's token is not one's own"


def test_trying_the_sandbox(people: People, sandbox: Sandbox) -> None:
    client = people.client("member")
    assert client.post(PAGE + "sandbox/").status_code == 302
    token = ApiToken.objects.get()
    assert token.subscription.is_sandbox
    assert token.token().reveal() == tokens.SANDBOX_TOKEN.format(number=tokens.FIRST_NUMBER)
    assert "Try the sandbox" not in html(client.get(PAGE))


def test_a_sandbox_that_does_not_answer_is_told(people: People, settings) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    response = people.client("member").post(PAGE + "sandbox/")
    assert response.status_code == 422
    assert "could not be reached" in html(response)


def test_without_a_sandbox_there_is_no_button(people: People, settings) -> None:
    settings.SANDBOX_URL = ""
    client = people.client("member")
    assert "Try the sandbox" not in html(client.get(PAGE))
    assert client.post(PAGE + "sandbox/").status_code == 404
