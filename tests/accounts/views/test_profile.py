"""/settings/account/: name and time zone, the list of sessions, how they end, and the mail about a new one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from apps.accounts import own_sessions
from apps.accounts.models import AuditEntry, User
from flowweb import sign_in_settings
from tests.accounts.conftest import People

PASSWORD = "last ferry home"
PAGE = "/settings/account/"
AGENTS = {
    "Firefox on Linux": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Safari on iPhone": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1",
}


@pytest.fixture
def jonas(people: People) -> User:
    """Somebody who has been here for a while."""
    people.member.set_password(PASSWORD)
    people.member.date_joined -= timedelta(days=30)
    people.member.save()
    EmailAddress.objects.create(user=people.member, email=people.member.email, verified=True, primary=True)
    return people.member


def sign_in(user: User, agent: str = "Firefox on Linux", address: str = "203.0.113.9") -> Client:
    client = Client(REMOTE_ADDR=address, headers={"user-agent": AGENTS[agent]})
    client.post("/auth/login/", {"login": user.email, "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get(PAGE).status_code == 200


def test_name_and_time_zone(people: People) -> None:
    client = people.client("member")
    client.cookies["zone"] = "Europe/Berlin"
    assert client.post(PAGE, {"name": "Jonas", "time_zone": "Asia/Tokyo"}).status_code == 302
    page = client.get("/settings/tokens/")
    assert client.get(PAGE).content.decode().count('value="Asia/Tokyo" selected') == 1
    people.member.refresh_from_db()
    assert (page.wsgi_request.user.short_name, people.member.time_zone) == ("Jonas", "Asia/Tokyo")
    wrong = client.post(PAGE, {"name": "J", "time_zone": "Mars/Base"})
    assert (wrong.status_code, wrong.wsgi_request.user.name) == (422, "Jonas")


def test_times_are_in_the_zone_that_was_chosen(people: People) -> None:
    client = people.client("owner")
    client.cookies["zone"] = "Europe/Berlin"
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC)):
        client.post("/settings/account/sessions/end/")
        assert "1 Mar 2026, 13:00" in client.get("/team/audit/").content.decode()
        client.post(PAGE, {"time_zone": "Asia/Tokyo"})
        assert "1 Mar 2026, 21:00" in client.get("/team/audit/").content.decode()


def test_each_sign_in_is_listed_and_one_of_them_ends(jonas: User, people: People) -> None:
    here, there = sign_in(jonas), sign_in(jonas, "Safari on iPhone")
    others = sign_in(jonas, address="2001:db8::7")
    page = here.get(PAGE).content.decode()
    for words in (*AGENTS, "203.0.113.9", "2001:db8::7", "This browser"):
        assert words in page
    row = UserSession.objects.get(session_key=there.session.session_key)
    stranger = people.client("stranger")
    assert stranger.post(f"{PAGE}sessions/end/", {"session": row.pk}).status_code == 404
    assert is_in(there)
    here.post(f"{PAGE}sessions/end/", {"session": row.pk})
    assert [is_in(each) for each in (here, there, others)] == [True, False, True]
    assert AuditEntry.objects.first().action == "session ended"


def test_all_others_end_even_those_that_are_in_no_list(jonas: User, people: People) -> None:
    here, there, unlisted = sign_in(jonas), sign_in(jonas, "Safari on iPhone"), people.client("member")
    assert is_in(unlisted)
    here.post(f"{PAGE}sessions/end/")
    assert [is_in(each) for each in (here, there, unlisted)] == [True, False, False]
    assert [each.is_this for each in here.get(PAGE).context["sessions"]] == [True]


def test_a_new_browser_or_network_is_told_by_mail(jonas: User) -> None:
    for agent, address, count in (
        ("Firefox on Linux", "203.0.113.9", 1),
        ("Firefox on Linux", "203.0.113.9", 1),
        ("Safari on iPhone", "203.0.113.9", 2),
        ("Firefox on Linux", "203.0.113.10", 3),
    ):
        sign_in(jonas, agent, address)
        assert len(mail.outbox) == count
    assert mail.outbox[-1].subject == "[testserver] A new sign-in"
    assert mail.outbox[-1].to == [jonas.email]
    assert "203.0.113.10" in str(mail.outbox[-1].body)


def test_sessions_that_are_over_are_forgotten(jonas: User) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(days=20)):
        sign_in(jonas)
    here, _ = sign_in(jonas), sign_in(jonas).logout()
    own_sessions.purge_expired()
    keys = [here.session.session_key]
    assert list(UserSession.objects.values_list("session_key", flat=True)) == keys
    assert list(Session.objects.values_list("session_key", flat=True)) == keys


def test_argon2_hashes_and_what_was_hashed_before_is_hashed_anew(jonas: User, settings: Any) -> None:
    settings.PASSWORD_HASHERS = sign_in_settings.PASSWORD_HASHERS
    assert jonas.password.startswith("pbkdf2_sha256$")
    assert is_in(sign_in(jonas))
    jonas.refresh_from_db()
    assert jonas.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_in(sign_in(jonas))
