"""What opens the door to others, or can't be undone, asks for the password again; then it is done as it was pressed."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from apps.accounts.models import ApiToken, FlowAccount, User
from apps.library.models import Clip
from tests.accounts.conftest import People, Remote
from tests.page import Page
from tests.sample_team import take

PASSWORD, NEXT = "last ferry home", "copper rain 9"
OWN, OTHER = "mara@nightbus.example", "mara@home.example"
AGAIN = "/auth/reauthenticate/?next="


@pytest.fixture
def mara(people: People) -> User:
    people.owner.set_password(PASSWORD)
    people.owner.save()
    EmailAddress.objects.create(user=people.owner, email=OWN, verified=True, primary=True)
    return people.owner


@pytest.fixture
def client(mara: User) -> Client:
    client = Client()
    client.post("/auth/login/", {"login": OWN, "password": PASSWORD})
    return client


def confirm(client: Client, page: str, password: str = PASSWORD) -> str:
    """Types the password into the page that was come to; gives where that leads."""
    asked = client.get(page).content.decode()
    back = re.search(r'name="next" value="([^"]+)"', asked)
    answer = client.post("/auth/reauthenticate/", {"password": password, "next": back[1] if back else ""})
    return answer.headers.get("Location", "")


def addresses(mara: User) -> dict[str, bool]:
    return dict(EmailAddress.objects.filter(user=mara).values_list("email", "primary"))


def test_a_token_is_removed_after_the_password(client: Client, kept: ApiToken) -> None:
    asked = client.post(f"/settings/tokens/{kept.pk}/remove/")
    assert asked.headers["Location"].startswith(AGAIN)
    assert confirm(client, asked.headers["Location"], "not this one") == ""
    assert ApiToken.objects.filter(pk=kept.pk).exists()
    assert confirm(client, asked.headers["Location"]) == "/settings/tokens/"
    assert not ApiToken.objects.filter(pk=kept.pk).exists()


def test_another_token_is_added_after_the_password(client: Client, kept: ApiToken, mara: User) -> None:
    """It is asked for before the form is shown: what holds a secret is not kept in the session meanwhile."""
    page = client.get("/settings/tokens/")
    assert 'name="token"' not in page.content.decode()
    (way,) = (each["href"] for each in Page(page).one("main").all("a") if each.text.strip() == "Confirm…")
    refused = client.post("/settings/tokens/", {"token": "user:1000-sandboxmara7Q4X"})
    assert refused.headers["Location"] == way == AGAIN + "%2Fsettings%2Ftokens%2F"
    assert "sandboxmara7Q4X" not in str(dict(client.session))
    assert ApiToken.objects.get().last4 == kept.last4
    assert "Nothing was saved" in client.get(str(way)).content.decode()
    assert confirm(client, str(way)) == "/settings/tokens/"
    assert client.post("/settings/tokens/", {"token": "user:1000-sandboxmara7Q4X"}).status_code == 302
    assert ApiToken.objects.get().last4 == "7Q4X"
    ApiToken.objects.all().delete()
    fresh = Client()
    fresh.force_login(mara)
    assert 'name="token"' in fresh.get("/settings/tokens/").content.decode(), "the first one of somebody new"
    User.objects.update(date_joined=timezone.now() - timedelta(days=2))
    assert 'name="token"' not in fresh.get("/settings/tokens/").content.decode()


def test_an_account_is_removed_after_the_password(client: Client, kept: ApiToken) -> None:
    page = "/flow-accounts/studio@sandbox.example/remove/"
    asked = client.post(page)
    assert asked.headers["Location"].startswith(AGAIN)
    assert not FlowAccount.objects.filter(block="gone").exists()
    assert confirm(client, asked.headers["Location"]) == "/flow-accounts/"
    assert FlowAccount.objects.get(email="studio@sandbox.example").block == "gone"


def test_with_a_query_the_page_with_the_button_comes_back(client: Client, kept: ApiToken) -> None:
    page = f"/flow-accounts/studio@sandbox.example/remove/?on={kept.subscription_id}"
    asked = client.post(page)
    assert confirm(client, asked.headers["Location"]) == page
    assert client.post(page).headers["Location"] == "/flow-accounts/", "and there it is one press"


def test_the_bin_is_emptied_after_the_password(
    client: Client, kept: ApiToken, mara: User, settings, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    settings.MEDIA_ROOT = tmp_path
    account = FlowAccount.objects.first()
    assert account
    clip = take(kept.team, mara, account)
    Clip.objects.update(deleted_at=timezone.now())
    page = client.get("/library/trash/empty/").content.decode()
    until = re.search(r'name="until" value="([^"]+)"', page)
    assert until
    asked = client.post("/library/trash/empty/", {"until": until[1]})
    assert not Clip.objects.get().erased_at
    assert confirm(client, asked.headers["Location"]) == "/library/trash/"
    assert Clip.objects.get(pk=clip.pk).erased_at


def test_one_take_is_erased_after_the_password(
    client: Client, kept: ApiToken, mara: User, settings, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    settings.MEDIA_ROOT = tmp_path
    account = FlowAccount.objects.first()
    assert account
    clip = take(kept.team, mara, account)
    Clip.objects.update(deleted_at=timezone.now())
    asked = client.post(f"/library/clips/{clip.pk}/erase/")
    assert asked.headers["Location"].startswith(AGAIN)
    assert confirm(client, asked.headers["Location"]) == "/library/trash/"
    assert Clip.objects.get(pk=clip.pk).erased_at


def test_addresses_change_after_the_password_and_the_old_one_is_told(client: Client, mara: User) -> None:
    asked = client.post("/auth/email/", {"email": OTHER, "action_add": ""})
    assert addresses(mara) == {OWN: True}
    assert confirm(client, asked.headers["Location"]) == "/auth/email/"
    assert addresses(mara) == {OWN: True, OTHER: False}, "what was typed was not lost"
    told = {(letter.to[0], letter.subject.split("] ")[-1]) for letter in mail.outbox}
    assert (OWN, "An email address was added") in told
    EmailAddress.objects.filter(email=OTHER).update(verified=True)
    mail.outbox.clear()
    client.post("/auth/email/", {"email": OTHER, "action_primary": ""})
    assert addresses(mara) == {OWN: False, OTHER: True}
    assert [letter.to for letter in mail.outbox] == [[OWN]], "the old one is told"
    assert OTHER in str(mail.outbox[0].body)


@pytest.mark.parametrize("action", ["action_add", "action_primary", "action_remove"])
def test_no_change_of_an_address_without_the_password(client: Client, mara: User, action: str) -> None:
    EmailAddress.objects.create(user=mara, email=OTHER, verified=True)
    before = addresses(mara)
    email = "new@home.example" if action == "action_add" else OTHER
    assert client.post("/auth/email/", {"email": email, action: ""}).headers["Location"].startswith(AGAIN)
    assert addresses(mara) == before


def test_the_password_is_asked_for_once_in_ten_minutes(
    client: Client, kept: ApiToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(client, "/auth/reauthenticate/")
    remove = f"/settings/tokens/{kept.pk}/remove/"
    flows = "allauth.account.internal.flows.reauthentication.time.time"
    now = timezone.now().timestamp()
    with monkeypatch.context() as patch:
        patch.setattr(flows, lambda: now + 601)
        assert client.post(remove).headers["Location"].startswith(AGAIN)
    assert client.post(remove).headers["Location"] == "/settings/tokens/"


def test_htmx_is_told_to_leave_the_page_and_comes_back_to_it(client: Client, kept: ApiToken) -> None:
    part = {"HX-Request": "true", "HX-Current-URL": "http://testserver/settings/tokens/?a=b"}
    answer = client.post(f"/settings/tokens/{kept.pk}/remove/", headers=part)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/auth/reauthenticate/?next=%2Fsettings%2Ftokens%2F%3Fa%3Db"
    assert confirm(client, answer.headers["HX-Redirect"]) == "/settings/tokens/?a=b"
    assert ApiToken.objects.filter(pk=kept.pk).exists()


def test_a_boosted_visit_is_a_visit(client: Client, kept: ApiToken) -> None:
    visit = {"HX-Request": "true", "HX-Boosted": "true"}
    asked = client.post(f"/settings/tokens/{kept.pk}/remove/", headers=visit)
    assert asked.headers["Location"].startswith(AGAIN)
    assert confirm(client, asked.headers["Location"]) == "/settings/tokens/"


def test_the_page_has_a_way_out_and_it_leads_nowhere_else(client: Client) -> None:
    for address, way_out in (
        ("/library/trash/empty/", "/library/trash/empty/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
    ):
        page = client.get("/auth/reauthenticate/", {"next": address}).content.decode()
        assert f'href="{way_out}">Cancel</a>' in page, address


def test_a_stranger_is_not_asked_but_told_that_there_is_nothing(people: People, kept: ApiToken) -> None:
    people.stranger.set_password(PASSWORD)
    people.stranger.save()
    assert people.client("stranger").post(f"/settings/tokens/{kept.pk}/remove/").status_code == 404


@pytest.mark.parametrize("way", ["change", "reset"])
def test_a_new_password_ends_every_other_session(
    mara: User, client: Client, way: str, remote: Remote
) -> None:
    elsewhere = Client()
    elsewhere.post("/auth/login/", {"login": OWN, "password": PASSWORD})
    assert elsewhere.get("/settings/tokens/").status_code == 200
    if way == "change":
        client.post("/auth/password/change/", {"oldpassword": PASSWORD, "password1": NEXT, "password2": NEXT})
        assert client.get("/settings/tokens/").status_code == 200, "the own one goes on"
    else:
        client.post("/auth/password/reset/", {"email": OWN})
        link = next(word for word in str(mail.outbox[-1].body).split() if "/password/reset/key/" in word)
        form = Client().get(link.removeprefix("http://testserver"), follow=True)
        fresh = form.client  # type: ignore[attr-defined]
        fresh.post(form.redirect_chain[-1][0], {"password1": NEXT, "password2": NEXT})
        assert client.get("/settings/tokens/").status_code == 302
    assert elsewhere.get("/settings/tokens/").status_code == 302
    assert [letter.to for letter in mail.outbox][-1] == [OWN], "and its owner is told"


def test_mails_are_in_the_words_of_the_house(client: Client, mara: User) -> None:
    """allauth's own greet, plead and thank."""
    confirm(client, "/auth/reauthenticate/")
    EmailAddress.objects.create(user=mara, email="third@home.example", verified=True)
    for form in (
        {"email": OTHER, "action_add": ""},
        {"email": "third@home.example", "action_primary": ""},
        {"email": OWN, "action_remove": ""},
    ):
        client.post("/auth/email/", form)
    client.post("/auth/password/change/", {"oldpassword": PASSWORD, "password1": NEXT, "password2": NEXT})
    Client().post("/auth/password/reset/", {"email": "third@home.example"})
    subjects = [letter.subject.partition("] ")[2] for letter in mail.outbox]
    assert subjects == [
        "Confirm your email address",
        "An email address was added",
        "Your email address was changed",
        "An email address was removed",
        "Your password was changed",
        "A link to set a new password",
    ]
    for letter in mail.outbox:
        assert not re.search(r"(?i)please|hello|thank|!|{{|{%", letter.subject + str(letter.body)), (
            letter.body
        )


def test_a_change_stands_while_the_mail_server_is_away(
    client: Client, mara: User, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 2
    form = {"oldpassword": PASSWORD, "password1": NEXT, "password2": NEXT}
    assert client.post("/auth/password/change/", form).status_code == 302
    assert User.objects.get(pk=mara.pk).check_password(NEXT)
