"""Connecting Flow Music accounts, changing them, and whose they are.

Taking one away: tests/generation/account_removal/test_removal.py.
"""

import logging

import pytest

from apps.accounts import account_connection, tokens
from apps.accounts.models import ApiToken, AuditEntry, FlowAccount, Subscription
from apps.sandbox.server import Sandbox
from apps.upstream.token import Token
from tests.accounts.conftest import People, Remote, unasked
from tests.page import Page
from tests.upstream.scripted import ScriptedServer, reply

STUDIO, NIGHT = "studio@sandbox.example", "night+bus@sandbox.example"
ADD = "/flow-accounts/add/"
GOOD, BAD = "sandbox-refresh-velvet", "bad-refresh-CANARY7Q4Z"


def account(email: str = STUDIO) -> FlowAccount:
    return FlowAccount.objects.get(email=email)


def log() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_an_account_is_connected_with_slots_and_credits_at_once(
    people: People, kept: ApiToken, remote: Remote
) -> None:
    client = people.client("owner")
    answer = client.post(ADD, {"refresh_token": f' "{GOOD}" ', "maxJobs": "3", "token": kept.pk})
    new = account("velvet@sandbox.example")
    assert answer.headers["Location"] == f"/flow-accounts/{new.email}/?on={kept.subscription_id}"
    assert (new.max_jobs, new.credits, new.block) == (3, 500, "")
    assert log()[-1] == "account added"
    page = people.client("viewer").get("/flow-accounts/").content.decode()
    assert new.email in page
    assert "don’t sign out there" in client.get(answer.headers["Location"]).content.decode()


@pytest.mark.parametrize("filled", ["", "5"])
def test_a_refused_refresh_token_is_not_put_back_and_the_rest_is(
    people: People, kept: ApiToken, remote: Remote, caplog: pytest.LogCaptureFixture, filled: str
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = people.client("owner").post(ADD, {"refresh_token": BAD, "maxJobs": filled, "token": kept.pk})
    page = Page(answer)
    assert (page.status, page.value("maxJobs")) == (422, filled)
    assert "was not accepted" in page.wrong("refresh_token")
    assert "Refresh Token Not Found" in page.wrong("refresh_token")
    assert page.value("refresh_token") == ""
    assert BAD not in answer.content.decode() + caplog.text
    assert FlowAccount.objects.count() == 2
    assert log() == ["token added"]


@pytest.mark.parametrize("typed", ["", "short", "two words of it are not one token", "9" * 10_001])
def test_what_can_be_no_refresh_token_is_said_before_anything_is_sent(
    people: People, kept: ApiToken, remote: Remote, typed: str
) -> None:
    asked = sum(remote.sandbox.requests().values())
    page = Page(people.client("owner").post(ADD, {"refresh_token": typed, "maxJobs": "99", "token": kept.pk}))
    assert set(page.wrongs) == {"refresh_token", "maxJobs"}
    assert sum(remote.sandbox.requests().values()) == asked


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("401", "no longer accepts your API token"),
        ("no subscription", "subscription of your token has ended"),
        ("500", "may be connected, or not"),
        ("drop after", "may be connected, or not"),
        ("html", "may be connected, or not"),
        ("422", "The account was not connected, and nothing is spent"),
    ],
)
def test_every_other_answer_says_how_it_stands(
    people: People, kept: ApiToken, remote: Remote, scenario: str, words: str
) -> None:
    remote.schedule("add_account", scenario, times=1)
    answer = people.client("owner").post(ADD, {"refresh_token": GOOD, "token": kept.pk})
    assert answer.status_code == 422
    assert words in Page(answer).notice
    assert GOOD not in answer.content.decode()
    assert remote.sandbox.requests("POST", "/accounts") == {"POST /accounts": 1}, "never sent twice"


def test_an_api_that_cannot_be_reached_is_not_asked_for_long(people: People) -> None:
    token = unasked(people.team, people.owner, endpoint="http://127.0.0.1:9/v1/flowmusic")
    answer = people.client("owner").post(ADD, {"refresh_token": GOOD, "token": token.pk})
    assert "could not be reached" in Page(answer).notice


def test_an_account_in_error_is_connected_again(people: People, kept: ApiToken, remote: Remote) -> None:
    remote.set_account(STUDIO, error="refresh token rejected")
    client = people.client("owner")
    client.post(f"/flow-accounts/{STUDIO}/check/")
    assert account().block == "error"
    page = Page(client.get(f"/flow-accounts/{STUDIO}/connect/"))
    assert page.value("maxJobs") == "4"
    assert "Don’t sign out" in page.text
    client.post(f"/flow-accounts/{STUDIO}/connect/", {"refresh_token": "sandbox-refresh-studio"})
    assert (account().block, account().credits) == ("", 500)
    assert log()[-1] == "account connected again"


def test_the_refresh_token_of_another_account_says_whose_it_is(
    people: People, kept: ApiToken, remote: Remote
) -> None:
    answer = people.client("owner").post(
        f"/flow-accounts/{STUDIO}/connect/", {"refresh_token": GOOD}, follow=True
    )
    assert f"belongs to velvet@sandbox.example. {STUDIO} still needs its own" in answer.content.decode()
    assert account("velvet@sandbox.example").credits == 500


def test_the_number_at_once_is_changed_alone(people: People, kept: ApiToken, remote: Remote) -> None:
    client = people.client("owner")
    assert client.post(f"/flow-accounts/{NIGHT}/", {"maxJobs": "16"}).status_code == 302
    assert (account(NIGHT).max_jobs, account(NIGHT).credits) == (16, 120)
    assert log()[-1] == "account set to 16 parallel jobs"
    for wrong in ("0", "17", "2.5", ""):
        assert Page(client.post(f"/flow-accounts/{NIGHT}/", {"maxJobs": wrong})).wrongs == ["maxJobs"]
    assert remote.sandbox.requests("POST", "/accounts") == {"POST /accounts": 1}


def test_an_older_server_wants_the_refresh_token_and_the_number_stays(
    people: People, kept: ApiToken, remote: Remote
) -> None:
    remote.schedule("add_account", "old server", times=1)
    client = people.client("owner")
    assert not Page(client.get(f"/flow-accounts/{STUDIO}/")).all(name="refresh_token")
    page = Page(client.post(f"/flow-accounts/{STUDIO}/", {"maxJobs": "9"}))
    assert (page.status, page.value("maxJobs"), page.value("refresh_token")) == (422, "9", "")
    assert "only together with the account’s refresh token" in page.wrong("refresh_token").replace("'", "’")
    assert account().max_jobs == 4
    form = {"maxJobs": "9", "refresh_token": BAD}
    page = Page(client.post(f"/flow-accounts/{STUDIO}/", form))
    assert (page.status, page.value("maxJobs")) == (422, "9")
    form |= {"refresh_token": "sandbox-refresh-studio"}
    assert client.post(f"/flow-accounts/{STUDIO}/", form).status_code == 302
    assert account().max_jobs == 9


def test_a_change_of_an_account_that_is_gone_says_so(people: People, kept: ApiToken, remote: Remote) -> None:
    remote.set_account(STUDIO, remove=True)
    answer = people.client("owner").post(f"/flow-accounts/{STUDIO}/", {"maxJobs": "9"})
    assert "not changed" in Page(answer).notice
    assert account().block == "gone"


CHANGES = {
    "": {"maxJobs": "9"},
    "connect/": {"refresh_token": GOOD},
    "check/": {},
    "remove/": {},
}


@pytest.mark.parametrize("part", CHANGES)
def test_only_whose_own_token_it_is_may_change_it(
    people: People, kept: ApiToken, remote: Remote, part: str
) -> None:
    """A teammate sees it; with a token of another subscription too. A stranger doesn't learn that it is there."""
    unasked(people.team, people.member, "user:2000-sandboxother", endpoint=remote.endpoint)
    unasked(people.team, people.viewer, endpoint=remote.endpoint)
    asked = sum(remote.sandbox.requests().values())
    for name, status in {"stranger": 404, "member": 403, "viewer": 403, "anonymous": 302}.items():
        client = people.client(name)
        assert client.post(f"/flow-accounts/{STUDIO}/{part}", CHANGES[part]).status_code == status, name
        if name in {"member", "viewer"}:
            assert client.get(f"/flow-accounts/{STUDIO}/").status_code == 200, name
            assert b"maxJobs" not in client.get(f"/flow-accounts/{STUDIO}/").content, name
    assert sum(remote.sandbox.requests().values()) == asked


def test_an_address_means_the_persons_own_account_first(
    people: People, kept: ApiToken, remote: Remote
) -> None:
    """The team has the same e-mail under two subscriptions; a third one is another team's."""
    theirs = keep(people, "member", "user:2000-sandboxother", remote)
    keep_elsewhere(people, remote)
    FlowAccount.objects.filter(subscription=theirs.subscription).update(credits=41)
    FlowAccount.objects.filter(subscription=kept.subscription).update(credits=1_234)
    for name, credits in {"owner": "1,234", "member": "41"}.items():
        client = people.client(name)
        assert credits in client.get(f"/flow-accounts/{STUDIO}/").content.decode(), name
        links = [each["href"] for each in Page(client.get("/flow-accounts/")).all("a")]
        for token in (kept, theirs):
            assert f"/flow-accounts/{STUDIO}/?on={token.subscription_id}" in links
    mine = people.client("owner")
    assert b">41<" in mine.get(f"/flow-accounts/{STUDIO}/?on={theirs.subscription_id}").content
    assert (
        mine.post(f"/flow-accounts/{STUDIO}/?on={theirs.subscription_id}", {"maxJobs": 2}).status_code == 403
    )
    other = Subscription.objects.exclude(pk__in=[kept.subscription_id, theirs.subscription_id]).get()
    for on in (other.pk, "x", "9" * 30, "-1"):
        assert mine.get(f"/flow-accounts/{STUDIO}/?on={on}").status_code == 404


def keep(people: People, name: str, raw: str, remote: Remote) -> ApiToken:
    owner = getattr(people, name)
    return tokens.add(Token.parse(raw), team=people.team, owner=owner, endpoint=remote.endpoint).token


def keep_elsewhere(people: People, remote: Remote) -> None:
    team = people.stranger.teams.get()
    tokens.add(
        Token.parse("user:3000-sandboxthird"), team=team, owner=people.stranger, endpoint=remote.endpoint
    )


def test_whose_token_is_used_is_chosen_where_there_is_a_choice(
    people: People, kept: ApiToken, remote: Remote
) -> None:
    client = people.client("owner")
    assert Page(client.get(ADD)).one(name="token")["type"] == "hidden"
    second = keep(people, "owner", "user:2000-sandboxempty", remote)
    assert Page(client.get(ADD)).one(name="token").tag == "select"
    client.post(ADD, {"refresh_token": GOOD, "token": second.pk})
    assert account("velvet@sandbox.example").subscription_id == second.subscription_id
    foreign = keep(people, "member", "user:4000-sandboxempty", remote)
    page = Page(client.post(ADD, {"refresh_token": GOOD, "token": foreign.pk}))
    assert page.wrongs == ["token"]


def test_the_page_asks_once_when_what_it_knows_is_old(people: People, kept: ApiToken, remote: Remote) -> None:
    client = people.client("owner")
    (form,) = Page(client.get("/flow-accounts/")).all("form", action="/flow-accounts/check/")
    assert form["hx-trigger"] == "submit"
    ApiToken.objects.update(checked_at=kept.added_at.replace(year=2020))
    (form,) = Page(client.get("/flow-accounts/")).all("form", action="/flow-accounts/check/")
    assert form["hx-trigger"] == "load, submit"
    remote.set_account(STUDIO, credits=77, maxJobs=2)
    part = client.post("/flow-accounts/check/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert ">77<" in part
    assert "load, submit" not in part


def test_an_answer_that_repeats_the_refresh_token_is_cleaned(
    people: People, sandbox: Sandbox, settings: object
) -> None:
    def parrot(conn: object, request: bytes) -> None:
        reply(400, {"error": f"bad refresh_token {BAD}", "code": 400})(conn, request)  # type: ignore[arg-type]

    with ScriptedServer(parrot) as server:
        settings.OPERATOR_ORIGINS |= {server.origin}  # type: ignore[attr-defined]
        token = unasked(people.team, people.owner, endpoint=f"{server.origin}/v1/flowmusic")
        answer = people.client("owner").post(ADD, {"refresh_token": BAD, "token": token.pk})
        assert any(BAD.encode() in request for request in server.requests), "it was handed on"
    assert BAD not in answer.content.decode()
    assert account_connection.SECONDS == 10
