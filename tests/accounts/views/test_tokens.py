"""/settings/tokens/ and the first page, against the sandbox on a socket."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts import account_sync
from apps.accounts.models import ApiToken, AuditEntry, FlowAccount, Subscription
from tests.accounts.conftest import RAW, People, Remote
from tests.page import Page

PAGE = "/settings/tokens/"
CREDITS_OF_STUDIO = 500


def post(client: Client, raw: str = RAW, **more: str):
    return client.post(PAGE, {"provider": "flowmusic", "token": raw, **more})


def html(response) -> str:
    return response.content.decode()


def test_adding_shows_the_accounts_under_it(people: People, remote: Remote) -> None:
    client = people.client("owner")
    response = post(client)
    assert (response.status_code, response.headers["Location"]) == (302, PAGE)
    page = html(client.get(PAGE))
    for words in (
        "studio@sandbox.example",
        "night+bus@sandbox.example",
        "Plus",
        "Starter",
        "4 parallel jobs",
        "500 credits",
    ):
        assert words in Page(client.get(PAGE)).text
    assert f"…{RAW[-4:]}" in page
    assert RAW not in page
    assert RAW[:-4] not in page
    token = ApiToken.objects.get()
    assert token.checked_at is not None
    assert token.token().reveal() == RAW
    assert (token.subscription.number, token.subscription.endpoint) == ("1000", remote.endpoint)


def test_the_token_is_stored_encrypted_and_audited_without_its_text(people: People, remote: Remote) -> None:
    post(people.client("owner"))
    for model in (ApiToken, Subscription, FlowAccount, AuditEntry):
        assert RAW.partition("-")[2] not in str(list(model.objects.values()))
    entry = AuditEntry.objects.get(action="token added")
    assert (entry.by, entry.team) == (people.owner, people.team)
    assert RAW[-4:] not in entry.subject, "an admin reads none of it"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("", "Paste your token here"),
        ("   ", "Paste your token here"),
        ("user:1000", "looks like user:1234-"),
        ("user:abc-def", "looks like user:1234-"),
        ("user:1000-sand box", "no spaces"),
        ("user:1000-" + "a" * 500, "too long"),
    ],
)
def test_what_is_no_token_is_told_beside_the_field(
    people: People, remote: Remote, raw: str, words: str
) -> None:
    response = post(people.client("owner"), raw)
    assert response.status_code == 422
    assert words in html(response)
    assert not raw.strip() or raw not in html(response)
    assert 'aria-invalid="true"' in html(response)
    assert remote.sandbox.requests() == {}
    assert not ApiToken.objects.exists()


def test_another_provider_is_told(people: People, remote: Remote) -> None:
    response = people.client("owner").post(PAGE, {"provider": "musicapi", "token": RAW})
    assert response.status_code == 422
    assert "this provider" in html(response)
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("user:1000-unknown7", "does not know this token"),
        ("user:402-sandboxlapsed", "subscription of this token has ended"),
    ],
)
def test_what_the_api_refuses_is_told_and_not_kept(
    people: People, remote: Remote, raw: str, words: str
) -> None:
    response = post(people.client("owner"), raw)
    assert response.status_code == 422
    assert words in html(response)
    assert "paste it again" in html(response)
    assert raw not in html(response)
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("scenario", ["500", "502", "html", "truncated", "drop before", "hang"])
def test_a_remote_side_that_gives_nothing_usable_is_told(
    people: People, remote: Remote, scenario: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_sync, "SECONDS", 0.7)
    remote.schedule("accounts", scenario)
    response = post(people.client("owner"))
    assert response.status_code == 422
    assert "not checked and not saved" in html(response)
    assert RAW not in html(response)
    assert not ApiToken.objects.exists()


def test_a_remote_side_that_is_not_there_is_told(people: People) -> None:
    response = post(people.client("owner"))
    assert response.status_code == 422
    assert "could not be reached" in html(response)


def test_an_address_that_leads_inwards_is_told(people: People, settings) -> None:
    settings.USEAPI_BASE_URL, settings.OPERATOR_ORIGINS = "https://127.0.0.1:9", frozenset()
    assert "one that flowweb does not call" in html(post(people.client("owner")))


def test_all_of_it_takes_no_longer_than_its_deadline(
    people: People, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_sync, "SECONDS", 0.8)
    with silent_server() as url:
        settings.USEAPI_BASE_URL = url
        settings.OPERATOR_ORIGINS = settings.OPERATOR_ORIGINS | {url}
        before = timezone.now()
        assert "not checked and not saved" in html(post(people.client("owner")))
    assert (timezone.now() - before).total_seconds() < 8


def test_the_same_token_again_is_asked_about_again(people: People, remote: Remote) -> None:
    client = people.client("owner")
    post(client)
    remote.set_account("studio@sandbox.example", credits=77)
    assert "was already here" in html(client.post(PAGE, {"token": RAW}, follow=True))
    assert ApiToken.objects.count() == 1
    assert FlowAccount.objects.get(email__startswith="studio").credits == 77
    assert AuditEntry.objects.filter(action__startswith="token").count() == 1


def test_a_new_token_of_the_subscription_replaces_the_refused_one_in_its_row(
    people: People, remote: Remote
) -> None:
    client = people.client("owner")
    post(client)
    old = ApiToken.objects.get()
    old.refuse(at=timezone.now(), reason="useapi.net no longer accepts this token.")
    assert "no longer accepts this token" in html(client.get(PAGE))
    post(client, "user:1000-sandboxnew9X2Y")
    new = ApiToken.objects.get()
    assert (new.pk, new.refused_at, new.refused_reason, new.last4) == (old.pk, None, "", "9X2Y")
    assert new.token().reveal() == "user:1000-sandboxnew9X2Y"
    assert AuditEntry.objects.filter(action="token replaced").exists()


def test_each_person_and_each_team_has_an_own_token_of_a_subscription(people: People, remote: Remote) -> None:
    for name in ("owner", "member", "stranger"):
        assert post(people.client(name)).status_code == 302
    assert ApiToken.objects.count() == 3
    assert Subscription.objects.count() == 1
    assert len({token.ciphertext for token in ApiToken.objects.all()}) == 3


def test_a_token_without_accounts_says_how_to_connect_one(people: People, remote: Remote) -> None:
    page = html(people.client("owner").post(PAGE, {"token": "user:7-sandboxempty"}, follow=True))
    assert "No Flow Music account is connected" in page
    assert "/flow-accounts/add/" in page


def test_an_account_in_error_says_how_to_mend_it(people: People, remote: Remote) -> None:
    page = html(people.client("owner").post(PAGE, {"token": "user:7-sandboxerror"}, follow=True))
    assert "Needs a new sign-in" in page
    assert "Nothing can run here until it is connected again" in page
    assert "/flow-accounts/studio@sandbox.example/connect/" in page


def test_an_account_without_credits_says_so(people: People, remote: Remote) -> None:
    page = html(people.client("owner").post(PAGE, {"token": "user:7-sandboxpoor"}, follow=True))
    assert "Out of credits" in page
    assert "nothing is really spent" in page
    assert "flowmusic.app" not in page  # nobody is sent to pay for a pretended account


def test_checking_again(people: People, remote: Remote, kept: ApiToken) -> None:
    client, url = people.client("owner"), f"{PAGE}{kept.pk}/check/"
    remote.set_account("studio@sandbox.example", credits=1234)
    assert client.post(url).headers["Location"] == PAGE
    part = client.post(url, headers={"HX-Request": "true"})
    assert "1,234" in html(part)
    assert f'data-token="{kept.pk}"' in html(part)
    assert "<html" not in html(part)


def test_a_check_that_goes_wrong_says_so_and_keeps_what_was_known(
    people: People, remote: Remote, kept: ApiToken
) -> None:
    client, url = people.client("owner"), f"{PAGE}{kept.pk}/check/"
    remote.schedule("accounts", "401", times=1)
    assert "no longer accepts this token" in html(client.post(url, headers={"HX-Request": "true"}))
    assert ApiToken.objects.get().refused_at is not None
    remote.schedule("accounts", "502")
    assert "no usable response" in html(client.post(url, follow=True))
    assert FlowAccount.objects.count() == 2


def test_a_token_that_cannot_be_read_says_how_to_mend_it(
    people: People, remote: Remote, kept: ApiToken
) -> None:
    client, account = people.client("owner"), FlowAccount.objects.first()
    ApiToken.objects.update(ciphertext=kept.ciphertext[:-4] + "AAAA")
    for url in (f"{PAGE}{kept.pk}/check/", f"/flow-accounts/{account.email}/check/"):
        assert "be read here any more. Enter it again" in unescape(html(client.post(url, follow=True)))
    part = client.post(f"{PAGE}{kept.pk}/check/", headers={"HX-Request": "true"})
    assert "Enter it again" in html(part)
    assert ApiToken.objects.get().refused_at is not None
    ApiToken.objects.update(ciphertext=kept.ciphertext)  # the key is back
    client.post(f"{PAGE}{kept.pk}/check/")
    assert ApiToken.objects.get().refused_at is None


def test_a_check_that_goes_well_clears_the_refusal(people: People, remote: Remote, kept: ApiToken) -> None:
    kept.refuse(at=timezone.now(), reason="refused")
    Subscription.objects.update(blocked_reason="ended", blocked_until=timezone.now())
    people.client("owner").post(f"{PAGE}{kept.pk}/check/")
    assert ApiToken.objects.get().refused_at is None
    assert Subscription.objects.get().blocked_until is None


def test_the_number_of_queries_does_not_grow(
    people: People, remote: Remote, django_assert_num_queries
) -> None:
    client = people.client("owner")
    post(client)
    few = queries(client)
    for number in range(2000, 2004):
        post(client, f"user:{number}-sandboxmore")
    assert queries(client) == few


def queries(client: Client) -> int:
    client.get(PAGE)
    with CaptureQueriesContext(connection) as counted:
        assert client.get(PAGE).status_code == 200
    return len(counted)


@contextmanager
def silent_server() -> Iterator[str]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken: list[socket.socket] = []

        def take() -> None:
            try:
                while True:
                    taken.append(listener.accept()[0])
            except OSError:
                return

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        for one in taken:
            one.close()


def test_who_tries_the_sandbox_first_ends_in_the_song_form_with_an_example(
    people: People, remote: Remote
) -> None:
    client = people.client("owner")
    first = client.post("/settings/tokens/sandbox/")
    page = html(client.get(first.headers["Location"]))
    assert "Slow disco with a brushed snare" in page.partition('name="prompt"')[2].partition("</textarea>")[0]
    assert "Create song" in page
    again = client.post("/settings/tokens/sandbox/")
    assert again.headers["Location"] == "/settings/tokens/"
